/** The energy field: smooth colours at screen resolution, and its iso-lines. */

import { LEVELS } from "../frame.js";

const OUTSIDE = 65535; // stands for a column outside the field
const SHADES = 256;

/**
 * The colour at `share` (0 to 1) of evenly spaced stops.
 * @param {number[][]} stops red, green, blue
 * @returns {number[]} red, green, blue
 */
function colorAt(stops, share) {
  const at = share * (stops.length - 1);
  const left = Math.min(Math.floor(at), stops.length - 2);
  return [0, 1, 2].map((c) => Math.round(stops[left][c] + (at - left) * (stops[left + 1][c] - stops[left][c])));
}

/** The colours of a field as a CSS gradient, low energy first. */
export function gradient(stops) {
  const colors = Array.from({ length: 11 }, (_, i) => `rgb(${colorAt(stops, i / 10).join(",")})`);
  return `linear-gradient(to right, ${colors.join(",")})`;
}

export class FieldPainter {
  constructor() {
    this.image = null;
    this.row = new Float32Array(0);
  }

  /**
   * Fills pixels (left, top) to (left + width, top + height) of the canvas; outside its box the
   * field has the colour of the highest energy.
   * @param {CanvasRenderingContext2D} context
   * @param {{values: Uint16Array, size: number, box: number[]}} field row 0 at the lowest y
   * @param {number[][]} stops the colours of the field, from low energy to high
   * @param {{left: number, top: number, width: number, height: number}} area in device pixels
   * @param {{x0: number, y1: number, scale: number}} view world at its top left corner and device
   *   pixels per unit
   */
  paint(context, field, stops, area, view) {
    this.#chooseColors(stops);
    const { width, height } = area;
    if (this.image?.width !== width || this.image?.height !== height) {
      this.image = new ImageData(width, height);
      this.pixels = new Uint32Array(this.image.data.buffer);
      this.left = new Uint16Array(width);
      this.share = new Float32Array(width);
    }
    const { values, size, box } = field;
    if (this.row.length !== size) this.row = new Float32Array(size);
    const stepX = (size - 1) / (box[1] - box[0]);
    const stepY = (size - 1) / (box[3] - box[2]);
    const { row, left, share, pixels, colors } = this;
    for (let i = 0; i < width; i++) {
      const at = (view.x0 + (i + 0.5) / view.scale - box[0]) * stepX;
      left[i] = at >= 0 && at <= size - 1 ? Math.min(at | 0, size - 2) : OUTSIDE;
      share[i] = at - left[i];
    }
    const last = SHADES - 1;
    const shade = last / LEVELS;
    for (let j = 0; j < height; j++) {
      const at = (view.y1 - (j + 0.5) / view.scale - box[2]) * stepY;
      const inside = at >= 0 && at <= size - 1;
      const below = inside ? Math.min(at | 0, size - 2) : 0;
      const up = at - below;
      const base = below * size;
      for (let k = 0; k < size; k++) {
        const low = values[base + k];
        row[k] = inside ? (low + up * (values[base + size + k] - low)) * shade : last;
      }
      const out = j * width;
      for (let i = 0; i < width; i++) {
        const k = left[i];
        const level = k === OUTSIDE ? last : row[k] + share[i] * (row[k + 1] - row[k]);
        pixels[out + i] = colors[(level + 0.5) | 0];
      }
    }
    context.putImageData(this.image, area.left, area.top);
  }

  #chooseColors(stops) {
    if (this.stops === stops) return;
    this.stops = stops;
    this.colors = Uint32Array.from({ length: SHADES }, (_, i) => {
      const [r, g, b] = colorAt(stops, i / (SHADES - 1));
      return ((255 << 24) | (b << 16) | (g << 8) | r) >>> 0;
    });
  }
}

/**
 * Adds the iso-line of one level (in kT) to the present path by marching squares.
 * @param {(column: number) => number} toX maps a column of the grid to the canvas
 * @param {(row: number) => number} toY maps a row of the grid to the canvas
 * @returns {{x: number, y: number}|null} its topmost point
 */
export function traceLevel(context, field, level, toX, toY) {
  const { values, size, high } = field;
  const q = (level / high) * LEVELS;
  let top = null;
  for (let r = 0; r < size - 1; r++) {
    for (let c = 0; c < size - 1; c++) {
      const i = r * size + c;
      const a = values[i];
      const b = values[i + 1];
      const d = values[i + size + 1];
      const e = values[i + size];
      const kind = (a > q ? 1 : 0) | (b > q ? 2 : 0) | (d > q ? 4 : 0) | (e > q ? 8 : 0);
      if (kind === 0 || kind === 15) continue;
      const south = c + (q - a) / (b - a);
      const north = c + (q - e) / (d - e);
      const west = r + (q - a) / (e - a);
      const east = r + (q - b) / (d - b);
      const line = (x0, y0, x1, y1) => {
        context.moveTo(toX(x0), toY(y0));
        context.lineTo(toX(x1), toY(y1));
        if (top === null || y0 > top.y) top = { x: x0, y: y0 };
      };
      const cut = kind > 7 ? 15 - kind : kind;
      if (cut === 1) line(c, west, south, r);
      else if (cut === 2) line(south, r, c + 1, east);
      else if (cut === 3) line(c, west, c + 1, east);
      else if (cut === 4) line(c + 1, east, north, r + 1);
      else if (cut === 6) line(south, r, north, r + 1);
      else if (cut === 7) line(c, west, north, r + 1);
      else saddle(line, (a + b + d + e) / 4 > q === a > q, { r, c, south, north, west, east });
    }
  }
  return top === null ? null : { x: toX(top.x), y: toY(top.y) };
}

function saddle(line, joined, { r, c, south, north, west, east }) {
  if (joined) {
    line(south, r, c + 1, east);
    line(c, west, north, r + 1);
  } else {
    line(c, west, south, r);
    line(c + 1, east, north, r + 1);
  }
}
