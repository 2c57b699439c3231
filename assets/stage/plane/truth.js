/** The true density as dashed iso-lines; they never change, so they are traced once per view. */

import { faded } from "../shared/theme.js";
import { traceLevel } from "./field.js";

export const TRUTH_LEVELS = [1, 3]; // kT below the highest density
const DASH = 7; // pixels

export class TruthPainter {
  /**
   * Draws the lines.
   * @param {{values: Uint16Array, size: number, box: number[]}} truth −log of the density
   * @param {{x0: number, y1: number, scale: number, key: string}} view world at the top left
   *   corner and pixels per unit
   * @param {{ink: string, ground: string}} colors of marks on the field
   */
  paint(context, truth, view, { ink, ground }) {
    if (this.truth !== truth || this.key !== view.key) {
      this.path = trace(truth, view);
      this.truth = truth;
      this.key = view.key;
    }
    for (const [color, width] of [[faded(ground, 0.75), 3], [ink, 1.4]]) {
      context.strokeStyle = color;
      context.lineWidth = width;
      context.stroke(this.path);
    }
  }
}

/** The lines come cell by cell in no order, so dashes are cut by a chequered pattern of the plane. */
function trace(truth, { x0, y1, scale }) {
  const { box, size } = truth;
  const toX = (c) => (box[0] + (c * (box[1] - box[0])) / (size - 1) - x0) * scale;
  const toY = (r) => (y1 - box[2] - (r * (box[3] - box[2])) / (size - 1)) * scale;
  const path = new Path2D();
  let from = [0, 0];
  const dashes = {
    moveTo(x, y) {
      from = [x, y];
    },
    lineTo(x, y) {
      const cell = (v, w) => Math.floor((v + w) / 2 / DASH);
      if ((cell(from[0], x) + cell(from[1], y)) % 2) return;
      path.moveTo(...from);
      path.lineTo(x, y);
    },
  };
  for (const level of TRUTH_LEVELS) traceLevel(dashes, truth, level, toX, toY);
  return path;
}
