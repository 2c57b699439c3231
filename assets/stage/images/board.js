/**
 * The image board: the tiles above the film strips. A cursor follows the pointer
 * or the arrow keys; the tooltip at its tile also shows the nearest training image.
 */

import { element, setText } from "../shared/dom.js";
import { Films, filmsHeight } from "./films.js";
import { Tiles } from "./tiles.js";
import { Pair } from "./pair.js";
import { Tooltip } from "../shared/tooltip.js";

const TITLE = 24; // pixels above the tiles
const GAP = 8;
const MOST = 0.5; // of the body's width
const LEAST = 200; // pixels
const UPPER = 0.34; // part of the body's height for the plane
const BESIDE = 0.45; // of the right column's width, at most
const KEYS = ". Arrow keys move from tile to tile and show the nearest training image of each.";

export class Board {
  /** @param {function()} changed called when the cursor has moved to another tile */
  constructor(changed) {
    this.tiles = new Tiles();
    this.films = new Films();
    this.pair = new Pair();
    this.tooltip = new Tooltip(this.pair.node);
    this.spoken = element("div", { class: "spoken", "aria-live": "polite" });
    this.tiles.node.append(this.tooltip.node, this.spoken);
    this.node = element("div", { class: "board" }, this.tiles.node, this.films.node);
    this.changed = changed;
    const { canvas } = this.tiles.surface;
    canvas.setAttribute("role", "application"); // leaves the arrow keys to the tiles
    canvas.tabIndex = 0;
    canvas.addEventListener("pointermove", (event) => this.#point(event));
    canvas.addEventListener("pointerleave", () => this.#point(null));
    canvas.addEventListener("keydown", (event) => this.#key(event));
    canvas.addEventListener("blur", () => this.#point(null));
  }

  /**
   * Divides the body: the board as wide as its tiles are high, the plane a square beside the shares.
   * @param {{body: HTMLElement, upper: HTMLElement, place: HTMLElement}} parts
   * @returns {boolean} whether a canvas has another size now
   */
  arrange({ body, upper, place }) {
    const { clientWidth: width, clientHeight: height } = body;
    const wide = getComputedStyle(body).display === "grid";
    const fitting = (height - 2 * TITLE - GAP) / (1 + filmsHeight(1) - filmsHeight(0));
    const side = Math.floor(wide ? Math.max(LEAST, Math.min(MOST * width, fitting)) : width);
    body.style.gridTemplateColumns = wide ? `${side}px minmax(0, 1fr)` : "";
    const square = Math.floor(wide ? Math.min(UPPER * height, BESIDE * (width - side)) : 0.5 * width);
    upper.style.height = place.style.width = place.style.height = `${square}px`;
    this.tiles.node.style.height = `${side + TITLE}px`;
    this.films.node.style.height = `${filmsHeight(side)}px`;
    const resized = this.tiles.surface.resize(side, side + TITLE);
    return this.films.surface.resize(side, Math.ceil(filmsHeight(side))) || resized;
  }

  /** Draws tiles and film strips, and the tooltip of the tile under the cursor. */
  paint(scene, theme) {
    this.scene = scene;
    this.tiles.paint(scene, theme);
    this.films.paint(scene, theme);
    if (this.tiles.focus < 0 || !scene.tiles) this.tooltip.hide();
    else {
      this.tiles.compare(scene, this.pair);
      this.tooltip.show(this.tiles.facts(scene), this.tiles.place(), this.tiles.surface.width);
    }
  }

  /** Renews what a screen reader says. */
  describe(scene) {
    if (scene.tiles) this.tiles.describe(scene, KEYS);
  }

  #point(event) {
    const before = this.tiles.focus;
    if (event && this.scene?.tiles) this.tiles.pick(event.offsetX, event.offsetY, this.scene.tiles.count);
    else this.tiles.focus = -1;
    if (this.tiles.focus !== before) this.changed();
  }

  #key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || !this.scene?.tiles) return;
    if (!this.tiles.move(event.key, this.scene.tiles.count)) return;
    event.preventDefault();
    const { tiles, scene } = this;
    const [difference, ...rest] = tiles.focus < 0 ? [] : tiles.facts(scene);
    const words = difference && [`walker ${scene.tiles.rows[tiles.focus]}`, ...rest, `nearest training image: ${difference}`];
    setText(this.spoken, words?.join(", ") ?? "");
    this.changed();
  }
}
