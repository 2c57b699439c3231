/**
 * The tiles of an image board: some walkers decoded, heaviest first. The frame of a tile is as wide as its
 * weight N·w is large; a tile of negligible weight is faint.
 */

import { paintTitle, TITLE_HEIGHT } from "../shared/chart.js";
import { element, formatNumber, picture, setAttribute, setText } from "../shared/dom.js";
import { opaque } from "./pair.js";
import { Surface } from "../shared/surface.js";

const ACROSS = 8;
const WIDEST = 0.09; // of a tile's side: the frame of the heaviest weights
const UNIT = 0.025; // of a tile's side: the frame of weight 1/N
const FAINT = 0.3;
const STEPS = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -ACROSS, ArrowDown: ACROSS };

/** Width of a tile's frame in pixels: N·w times that of weight 1/N, none for a negligible weight. */
function frameWidth(logW, side, { hollowBelow }) {
  if (!(logW >= Math.log(hollowBelow))) return 0;
  return Math.min(UNIT * Math.exp(logW), WIDEST) * side;
}

/** Grey values as opaque pixels, one tile below the other, so that a tile can be cut out. */
export class Atlas {
  constructor() {
    this.canvas = element("canvas");
    this.context = this.canvas.getContext("2d");
  }

  /** Takes `count` images of height × width grey values. */
  fill(grey, count, height, width) {
    if (this.canvas.width !== width || this.canvas.height !== count * height) {
      this.canvas.width = width;
      this.canvas.height = count * height;
      this.image = this.context.createImageData(width, count * height);
      this.pixels = new Uint32Array(this.image.data.buffer);
    }
    opaque(grey, this.pixels);
    this.context.putImageData(this.image, 0, 0);
    Object.assign(this, { height, width });
  }

  /** The box of a tile in a square: as large as fits, in the middle. */
  box(x, y, side) {
    const scale = side / Math.max(this.width, this.height);
    const [wide, high] = [this.width * scale, this.height * scale];
    return [x + (side - wide) / 2, y + (side - high) / 2, wide, high];
  }

  /** Draws tile `k` into a square. */
  draw(context, k, x, y, side) {
    const { canvas, width, height } = this;
    context.drawImage(canvas, 0, k * height, width, height, ...this.box(x, y, side));
  }
}

export class Tiles {
  constructor() {
    this.surface = new Surface(picture());
    this.node = element("div", { class: "tiles" }, this.surface.canvas);
    this.atlas = new Atlas();
    this.focus = -1; // the tile under the cursor
  }

  /** Draws the tiles of a scene. */
  paint({ tiles, header }, theme) {
    const context = this.surface.clear();
    const { width, height } = this.surface;
    if (!tiles?.count || width < 40) return;
    if (this.focus >= tiles.count) this.focus = -1;
    const order = header.weighted ? "heaviest first" : "lowest energy first";
    const title = `${tiles.count} of ${header.walkers} walkers, ${order}`;
    paintTitle(context, theme, width, title, header.weighted ? "frame ∝ weight" : "");
    const side = Math.min(width, height - TITLE_HEIGHT) / ACROSS;
    this.atlas.fill(tiles.pixels, tiles.count, tiles.height, tiles.width);
    this.side = side;
    context.imageSmoothingEnabled = false;
    for (let k = 0; k < tiles.count; k++) {
      const [x, y] = [(k % ACROSS) * side, TITLE_HEIGHT + Math.floor(k / ACROSS) * side];
      const width = header.weighted ? frameWidth(tiles.logW[k], side, header) : 1;
      this.#paintTile(context, theme, { k, x, y, side, width, color: header.weighted ? theme.accent : theme.line });
    }
  }

  /** Puts the cursor on the tile under a point of the canvas, −1 for none. */
  pick(x, y, count) {
    const column = Math.floor(x / this.side);
    const row = Math.floor((y - TITLE_HEIGHT) / this.side);
    const k = row * ACROSS + column;
    this.focus = column >= 0 && column < ACROSS && row >= 0 && k < count ? k : -1;
    return this.focus;
  }

  /**
   * Moves the cursor by a key: arrows, Home, End; Escape takes it away.
   * @returns {boolean} whether the key is one of these
   */
  move(key, count) {
    const places = { Home: 0, End: count - 1, Escape: -1 };
    if (key in STEPS) {
      const goal = this.focus < 0 ? 0 : this.focus + STEPS[key];
      if (goal >= 0 && goal < count) this.focus = goal;
    } else if (key in places) this.focus = places[key];
    else return false;
    return true;
  }

  /** Where the tile under the cursor is, in pixels of the canvas. */
  place() {
    const { focus, side } = this;
    const row = Math.floor(focus / ACROSS);
    return { x: ((focus % ACROSS) + 0.5) * side, y: TITLE_HEIGHT + (row + 0.5) * side, reach: side / 3 };
  }

  /** What is known about the tile under the cursor. */
  facts({ tiles, header }) {
    const k = this.focus;
    const lines = [
      `RMS difference ${formatNumber(tiles.distances[k])}`,
      `looks like: ${header.classNames[tiles.labels[k]]}`,
    ];
    if (header.weighted) lines.push(`log(N·w) = ${formatNumber(tiles.logW[k])}`);
    return [...lines, `U = ${formatNumber(tiles.energies[k])}`];
  }

  /** Shows the tile under the cursor beside its nearest training image. */
  compare({ tiles }, pair) {
    const size = tiles.height * tiles.width;
    const [start, end] = [this.focus * size, (this.focus + 1) * size];
    const images = [tiles.pixels, tiles.nearest].map((all) => all.subarray(start, end));
    pair.show(images, tiles, [`walker ${tiles.rows[this.focus]}`, "nearest training image"]);
  }

  /** Renews what a screen reader says: how many tiles look like each class, and a `hint`. */
  describe({ tiles, header }, hint = "") {
    const seen = header.classNames.map((name, j) => {
      return `${tiles.labels.filter((label) => label === j).length} look like ${name}`;
    });
    const text = `Images of ${tiles.count} of ${header.walkers} walkers: ${seen.join(", ")}${hint}`;
    setAttribute(this.surface.canvas, "aria-label", text);
  }

  #paintTile(context, theme, { k, x, y, side, width, color }) {
    const inset = WIDEST * side; // room for the widest frame, so that all tiles are alike
    const inner = side - 2 * inset;
    context.globalAlpha = width > 0 ? 1 : FAINT;
    if (width > 0) {
      const [left, top, wide, high] = this.atlas.box(x + inset, y + inset, inner);
      context.fillStyle = color;
      context.fillRect(left - width, top - width, wide + 2 * width, high + 2 * width);
    }
    this.atlas.draw(context, k, x + inset, y + inset, inner);
    context.globalAlpha = 1;
    if (k === this.focus) {
      context.strokeStyle = theme.ink;
      context.lineWidth = 1.5;
      context.strokeRect(x + 1, y + 1, side - 2, side - 2);
    }
  }
}
