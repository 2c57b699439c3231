/** The plane: energy field, data, walkers, chains and means in three stacked canvases. */

import { makeDiscs, stampDiscs } from "./discs.js";
import { element, picture, plural, setAttribute, setText } from "../shared/dom.js";
import { FieldPainter, gradient, traceLevel } from "./field.js";
import { halfToNumber } from "../frame.js";
import { paintChains, paintFocus, paintMeans } from "./marks.js";
import { niceTicks, tickText } from "../shared/scale.js";
import { Surface } from "../shared/surface.js";
import { faded } from "../shared/theme.js";
import { TruthPainter } from "./truth.js";
import { Walkers } from "./walkers.js";

const MARGIN = { left: 30, bottom: 20 }; // for the numbers of the axes
const REACH = 12; // pixels around the pointer

export class Plane {
  constructor() {
    const canvas = (name) => element("canvas", { class: `layer ${name}` });
    this.base = new Surface(picture({ class: "layer base" }), { willReadFrequently: true });
    this.moving = new Surface(canvas("moving"), { alpha: false, willReadFrequently: true });
    this.top = new Surface(canvas("top"));
    this.ramp = element("i");
    this.highest = element("span");
    this.legend = element(
      "div",
      { class: "legend", "aria-hidden": "true" },
      element("span", {}, "U − min U"),
      element("span", {}, "0"),
      this.ramp,
      this.highest,
    );
    this.crossings = element("div", { class: "legend crossings" });
    this.area = element("div", { class: "plane-area" });
    this.area.append(this.moving.canvas, this.top.canvas, this.legend, this.crossings);
    this.node = element("div", { class: "plane" }, this.base.canvas, this.area);
    this.walkers = new Walkers();
    this.field = new FieldPainter();
    this.truth = new TruthPainter();
    this.focus = -1; // the walker under the pointer
  }

  /** Fits the plane to its place; the caller repaints everything when this is true. */
  resize(width, height, compact, ratio) {
    const left = compact ? 0 : MARGIN.left;
    const bottom = compact ? 0 : MARGIN.bottom;
    if (!this.base.resize(width, height, ratio)) return false;
    this.inset = { left, bottom };
    const side = Math.max(1, Math.min(width - left, height - bottom));
    this.area.style.cssText = `left:${left}px;width:${side}px;height:${side}px`;
    this.moving.resize(side, side, ratio);
    this.top.resize(side, side, ratio);
    const { canvas, context } = this.moving;
    this.frame = context.createImageData(canvas.width, canvas.height);
    this.view = null;
    return true;
  }

  /** Chooses the view: the whole box at equal scale, centred. */
  fit(scene) {
    const { box, colors, largestArea } = scene.header;
    this.marks = { ...colors.both, ...colors.onField };
    const { width, height, ratio } = this.top;
    const scale = Math.min(width / (box[1] - box[0]), height / (box[3] - box[2]));
    const x0 = (box[0] + box[1]) / 2 - width / 2 / scale;
    const y1 = (box[2] + box[3]) / 2 + height / 2 / scale;
    const key = [x0, y1, scale, scene.count].join();
    if (this.view?.key === key) return;
    this.view = { x0, y1, scale, key };
    const crowd = Math.min(1.25, Math.max(0.55, Math.sqrt(1000 / scene.count)));
    this.discs = makeDiscs((Math.min(width, height) / 210) * crowd * ratio, ratio, largestArea, this.marks);
  }

  /** Takes the walkers of a new frame. */
  update(scene, layers, jump) {
    this.fit(scene);
    this.walkers.update(scene, { weighted: layers.weighted, jump });
  }

  /** Draws what changes slowly: field, iso-lines, data, axes. */
  paintBase(scene, layers, theme) {
    if (!this.view) this.fit(scene);
    this.#showLegend(scene);
    const context = this.base.clear();
    const { ratio } = this.base;
    const { width, height } = this.top;
    context.fillStyle = theme.background;
    context.fillRect(0, 0, this.base.width, this.base.height);
    if (layers.energy) {
      const left = Math.round(this.inset.left * ratio);
      const area = { left, top: 0, width: this.frame.width, height: this.frame.height };
      const { x0, y1, scale } = this.view;
      this.field.paint(context, scene.field, scene.header.colors.field, area, { x0, y1, scale: scale * ratio });
    }
    context.save();
    context.translate(this.inset.left, 0);
    context.beginPath();
    context.rect(0, 0, width, height);
    context.clip();
    if (layers.isolines) this.#paintIsolines(context, scene, layers.energy, theme);
    if (layers.data && scene.data) this.#paintData(context, scene.data, theme);
    if (layers.truth && scene.truth) this.truth.paint(context, scene.truth, this.view, this.marks);
    context.restore();
    this.#keepGround(context);
    if (this.inset.left) this.#paintAxes(context, theme);
  }

  /** Draws the walkers, `share` of the way from the frame before to the newest. */
  paintWalkers(layers, share) {
    this.walkers.interpolate(share);
    const { frame, walkers, moving, view } = this;
    const { x0, y1, scale } = view;
    const pixels = frame.data;
    pixels.set(this.ground);
    if (layers.walkers) {
      const inPixels = { x0, y1, scale: scale * moving.ratio };
      stampDiscs(pixels, frame.width, frame.height, walkers.now, walkers.sizes, this.discs, inPixels);
    }
    moving.context.putImageData(frame, 0, 0);
    if (this.focus >= 0) paintFocus(this.moving, this.marks, this.place(this.focus));
  }

  /** Draws what changes with each frame and is not interpolated: chains and means. */
  paintTop(scene, layers) {
    const context = this.top.clear();
    const { x0, y1, scale } = this.view;
    const toX = (x) => (x - x0) * scale;
    const toY = (y) => (y1 - y) * scale;
    const { chains } = scene.trails;
    this.crossings.hidden = !layers.chains;
    setText(this.crossings, `${chains} chains: ${plural(scene.header.crossings, "crossing")}`);
    if (layers.chains) paintChains(context, this.marks, scene.trails, toX, toY);
    if (layers.means) paintMeans(context, this.marks, scene.header, toX, toY, scale);
  }

  /** Finds the walker under a point of the plane (CSS pixels); −1 for none. */
  pick(x, y) {
    const { x0, y1, scale } = this.view;
    this.focus = this.walkers.nearest(x0 + x / scale, y1 - y / scale, REACH / scale);
    return this.focus;
  }

  /** Where a walker is now, in CSS pixels of the plane. */
  place(index) {
    const { x0, y1, scale } = this.view;
    const { now } = this.walkers;
    return { x: (now[2 * index] - x0) * scale, y: (y1 - now[2 * index + 1]) * scale };
  }

  /** What is known about a walker: its number, position, energy and weight N·w. */
  facts(scene, index) {
    const { now } = this.walkers;
    return {
      id: index * (scene.header.every ?? 1),
      x: now[2 * index],
      y: now[2 * index + 1],
      energy: halfToNumber(scene.energies[index]),
      weight: Math.exp(scene.logW[index]),
    };
  }

  /** Keeps the painted pixels below the walkers, on the page's colour where there is no field. */
  #keepGround(context) {
    const left = Math.round(this.inset.left * this.base.ratio);
    const { width, height } = this.frame;
    this.ground = context.getImageData(left, 0, width, height).data;
  }

  #showLegend({ header, field }) {
    setAttribute(this.ramp, "style", `background:${gradient(header.colors.field)}`);
    setText(this.highest, `${field.high}+ kT`);
  }

  #paintIsolines(context, { field, header }, onColor, theme) {
    const { x0, y1, scale } = this.view;
    const { box, size } = field;
    const toX = (c) => (box[0] + (c * (box[1] - box[0])) / (size - 1) - x0) * scale;
    const toY = (r) => (y1 - box[2] - (r * (box[3] - box[2])) / (size - 1)) * scale;
    context.font = `500 13px ${theme.font}`;
    context.textAlign = "center";
    context.textBaseline = "middle";
    const labels = [];
    context.beginPath();
    for (const level of header.isoLevels) {
      labels.push([level, traceLevel(context, field, level, toX, toY)]);
    }
    context.lineWidth = 1;
    context.strokeStyle = onColor ? faded(this.marks.ground, 0.5) : theme.soft;
    context.stroke();
    for (const [level, at] of labels) {
      if (at === null || this.inset.left === 0) continue;
      const y = Math.min(Math.max(at.y, 10), this.top.height - 10);
      context.lineWidth = 3;
      context.strokeStyle = onColor ? faded(this.marks.shade, 0.75) : theme.background;
      context.strokeText(String(level), at.x, y);
      context.fillStyle = onColor ? this.marks.ground : theme.ink;
      context.fillText(String(level), at.x, y);
    }
  }

  #paintData(context, data, theme) {
    const { x0, y1, scale } = this.view;
    context.fillStyle = theme.data;
    context.globalAlpha = 0.75;
    context.beginPath();
    for (let i = 0; i < data.length; i += 2) {
      const [x, y] = [(data[i] - x0) * scale, (y1 - data[i + 1]) * scale];
      context.moveTo(x + 1.3, y);
      context.arc(x, y, 1.3, 0, 2 * Math.PI);
    }
    context.fill();
    context.globalAlpha = 1;
  }

  #paintAxes(context, theme) {
    const { x0, y1, scale } = this.view;
    const { width, height } = this.top;
    const { left } = this.inset;
    context.font = `13px ${theme.font}`;
    context.fillStyle = theme.soft;
    context.textAlign = "center";
    context.textBaseline = "top";
    for (const x of niceTicks(x0, x0 + width / scale, 7)) {
      const at = left + (x - x0) * scale;
      if (at > left + 6 && at < left + width - 6) context.fillText(tickText(x), at, height + 5);
    }
    context.textAlign = "right";
    context.textBaseline = "middle";
    for (const y of niceTicks(y1 - height / scale, y1, 7)) {
      const at = (y1 - y) * scale;
      if (at > 6 && at < height - 6) context.fillText(tickText(y), left - 6, at);
    }
  }
}
