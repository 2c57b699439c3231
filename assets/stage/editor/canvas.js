/** The canvas of the editor: the plane of a drawing, and what pointer and keys do on it. */

import { element } from "../shared/dom.js";
import { paintGrid, paintMode } from "./marks.js";
import { Surface } from "../shared/surface.js";

const EDGE = 7; // pixels: so close to its ring a mode is resized
const SPRAY = 14; // points of one dab
const GROWTH = 1.1; // of one turn of the wheel, or one key
const HELP =
  "Drawing plane. N adds a mode at the centre, comma and full stop choose a mode, arrows " +
  "move it, plus and minus resize it, square brackets change its mass, Delete removes it. With " +
  "the brush, arrows move the brush and Enter sprays.";

export class DrawingCanvas {
  /**
   * @param {import("./drawing.js").Drawing} drawing
   * @param {function()} changed called after each change
   */
  constructor(drawing, changed) {
    Object.assign(this, { drawing, changed, brush: 0.4, cursor: { x: 0, y: 0 } });
    this.canvas = element("canvas", { tabindex: "0", role: "application", "aria-label": HELP });
    this.surface = new Surface(this.canvas);
    const listen = (name, act) => this.canvas.addEventListener(name, act);
    listen("pointerdown", (event) => this.#down(event));
    listen("pointermove", (event) => this.#move(event));
    listen("pointerup", () => this.#up());
    listen("pointercancel", () => this.#up());
    listen("wheel", (event) => this.#wheel(event));
    listen("keydown", (event) => this.#key(event));
  }

  /** Fits the canvas to a side in pixels. */
  resize(side) {
    this.surface.resize(side, side);
    this.scale = side / 2 / this.drawing.limits.reach;
  }

  /** Draws everything. */
  paint(theme) {
    const { drawing, surface, scale } = this;
    const context = surface.clear();
    context.fillStyle = theme.background;
    context.fillRect(0, 0, surface.width, surface.height);
    const toX = (x) => this.#toX(x);
    const toY = (y) => this.#toY(y);
    paintGrid(context, theme, { side: surface.width, reach: drawing.limits.reach, toX, toY });
    context.fillStyle = theme.data;
    context.globalAlpha = drawing.tool === "points" ? 0.8 : 0.2;
    for (const [x, y] of drawing.points) {
      context.fillRect(this.#toX(x) - 1.2, this.#toY(y) - 1.2, 2.4, 2.4);
    }
    const faint = drawing.tool === "points" ? 0.25 : 1;
    drawing.modes.forEach((mode, j) => {
      context.globalAlpha = faint;
      const chosen = drawing.tool === "modes" && j === drawing.selected;
      paintMode(context, theme, mode, { x: this.#toX(mode.x), y: this.#toY(mode.y), scale, chosen, faint });
    });
    context.globalAlpha = 1;
    if (drawing.tool === "points") this.#paintBrush(context, theme);
  }

  #toX(x) {
    return (x + this.drawing.limits.reach) * this.scale;
  }

  #toY(y) {
    return (this.drawing.limits.reach - y) * this.scale;
  }

  #at(event) {
    const { reach } = this.drawing.limits;
    return { x: event.offsetX / this.scale - reach, y: reach - event.offsetY / this.scale };
  }

  /** The mode under a point and whether its ring is meant: the smallest that fits. */
  #find({ x, y }) {
    let best = null;
    this.drawing.modes.forEach((mode, j) => {
      const away = Math.hypot(x - mode.x, y - mode.y) * this.scale;
      const ring = mode.std * this.scale;
      const onRing = Math.abs(away - ring) <= EDGE && away > EDGE;
      if (!onRing && away > Math.max(ring, EDGE + 3)) return;
      if (best === null || mode.std < best.std) best = { j, onRing, std: mode.std };
    });
    return best;
  }

  #down(event) {
    if (event.button !== 0) return;
    event.preventDefault();
    this.canvas.focus({ preventScroll: true });
    this.canvas.setPointerCapture(event.pointerId);
    const { drawing } = this;
    const at = this.#at(event);
    drawing.remember();
    if (drawing.tool === "points") {
      this.drag = { spray: true };
      this.#spray(at);
      return;
    }
    const found = this.#find(at);
    if (found === null && !drawing.add(at.x, at.y)) drawing.past.pop();
    if (found !== null) drawing.selected = found.j;
    const mode = drawing.modes[drawing.selected];
    this.drag = { ring: found?.onRing, dx: mode.x - at.x, dy: mode.y - at.y, added: found === null };
    this.changed();
  }

  #move(event) {
    const { drawing, drag } = this;
    const at = this.#at(event);
    this.cursor = at;
    if (drawing.tool === "points") {
      if (drag) this.#spray(at);
      else this.changed();
      return;
    }
    if (!drag) {
      const found = this.#find(at);
      this.canvas.style.cursor = found === null ? "crosshair" : found.onRing ? "nwse-resize" : "grab";
      return;
    }
    drag.moved = true;
    const mode = drawing.modes[drawing.selected];
    if (drag.ring) drawing.resize(Math.hypot(at.x - mode.x, at.y - mode.y));
    else drawing.moveTo(at.x + drag.dx, at.y + drag.dy);
    this.changed();
  }

  #up() {
    const { drag } = this;
    if (drag && !drag.spray && !drag.added && !drag.moved) this.drawing.past.pop(); // only selected
    this.drag = null;
    this.changed();
  }

  #wheel(event) {
    const { drawing } = this;
    event.preventDefault();
    if (drawing.tool === "points" || drawing.selected < 0) return;
    drawing.remember();
    drawing.resize(drawing.modes[drawing.selected].std * GROWTH ** -Math.sign(event.deltaY));
    this.changed();
  }

  #key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || event.key === "Tab") return;
    const { drawing } = this;
    const act = (drawing.tool === "points" ? this.#brushKeys() : this.#modeKeys())[event.key];
    if (!act) return;
    event.preventDefault();
    event.stopPropagation();
    act(event.shiftKey ? 0.5 : 0.1);
    this.changed();
  }

  #modeKeys() {
    const { drawing } = this;
    const add = () => {
      drawing.remember();
      if (!drawing.add(0, 0)) drawing.past.pop();
    };
    const mode = drawing.modes[drawing.selected];
    if (!mode) return { n: add, Enter: add };
    const change = (act) => (step) => {
      drawing.remember();
      act(step);
    };
    const choose = (by) => () => {
      drawing.selected = (drawing.selected + by + drawing.modes.length) % drawing.modes.length;
    };
    const move = (dx, dy) => change((step) => drawing.moveTo(mode.x + dx * step, mode.y + dy * step));
    const grow = change(() => drawing.resize(mode.std * GROWTH));
    const remove = change(() => drawing.remove());
    return {
      n: add, Enter: add, ",": choose(-1), ".": choose(1), Delete: remove, Backspace: remove,
      ArrowLeft: move(-1, 0), ArrowRight: move(1, 0), ArrowUp: move(0, 1), ArrowDown: move(0, -1),
      "+": grow, "=": grow, "-": change(() => drawing.resize(mode.std / GROWTH)),
      "[": change(() => drawing.weigh(mode.mass - 0.05)), "]": change(() => drawing.weigh(mode.mass + 0.05)),
    };
  }

  #brushKeys() {
    const { cursor } = this;
    const move = (dx, dy) => (step) => {
      this.cursor = { x: cursor.x + dx * step, y: cursor.y + dy * step };
    };
    const spray = () => {
      this.drawing.remember();
      this.#spray(cursor);
    };
    return {
      Enter: spray, ArrowLeft: move(-1, 0), ArrowRight: move(1, 0), ArrowUp: move(0, 1), ArrowDown: move(0, -1),
    };
  }

  #spray({ x, y }) {
    this.drawing.spray(x, y, { radius: this.brush, count: SPRAY, random: normal });
    this.changed();
  }

  #paintBrush(context, theme) {
    context.strokeStyle = theme.soft;
    context.lineWidth = 1;
    context.beginPath();
    context.arc(this.#toX(this.cursor.x), this.#toY(this.cursor.y), this.brush * this.scale, 0, 2 * Math.PI);
    context.stroke();
  }
}

/** A normal number (Box and Muller 1958). */
function normal() {
  return Math.sqrt(-2 * Math.log(1 - Math.random())) * Math.cos(2 * Math.PI * Math.random());
}
