/** Marks on the plane: chains with fading trails, means of model and target, the focused walker. */

import { faded } from "../shared/theme.js";

const SMALLEST_RING = 5; // pixels
const FADES = 4; // pieces of a trail, each darker than the one before

/** Draws the trails of the chains, newest positions strongest, over a halo. */
export function paintChains(context, { walkers, ground }, { points, chains, length }, toX, toY) {
  context.lineJoin = context.lineCap = "round";
  for (let piece = 0; piece < FADES; piece++) {
    const first = Math.floor((piece * (length - 1)) / FADES);
    const last = Math.floor(((piece + 1) * (length - 1)) / FADES);
    context.beginPath();
    for (let chain = 0; chain < chains; chain++) {
      let drawing = false;
      for (let k = first; k <= last; k++) {
        const at = 2 * (chain * length + k);
        if (Number.isNaN(points[at])) {
          drawing = false;
          continue;
        }
        if (drawing) context.lineTo(toX(points[at]), toY(points[at + 1]));
        else context.moveTo(toX(points[at]), toY(points[at + 1]));
        drawing = true;
      }
    }
    const strength = (piece + 1) / FADES;
    context.strokeStyle = faded(ground, 0.4 * strength ** 2);
    context.lineWidth = 2.6;
    context.stroke();
    context.strokeStyle = walkers;
    context.globalAlpha = 0.08 + 0.62 * strength ** 3;
    context.lineWidth = 1;
    context.stroke();
    context.globalAlpha = 1;
  }
}

/** Draws the model's means as crosses and the true ones as dashed rings of one standard deviation. */
export function paintMeans(context, { ink, ground, model }, { means, targetMeans, targetStds }, toX, toY, scale) {
  context.lineCap = "butt";
  for (const [j, [x, y]] of (targetMeans ?? []).entries()) {
    context.beginPath();
    context.arc(toX(x), toY(y), Math.max(SMALLEST_RING, scale * targetStds[j]), 0, 2 * Math.PI);
    context.setLineDash([]);
    context.strokeStyle = ground;
    context.lineWidth = 3;
    context.stroke();
    context.setLineDash([5, 4]);
    context.strokeStyle = ink;
    context.lineWidth = 1.6;
    context.stroke();
  }
  context.setLineDash([]);
  context.lineCap = "round";
  for (const [color, width] of [[ground, 5.5], [model, 2.8]]) {
    context.beginPath();
    for (const [x, y] of means) cross(context, toX(x), toY(y), 7);
    context.strokeStyle = color;
    context.lineWidth = width;
    context.stroke();
  }
}

/** Rings the walker under the pointer. */
export function paintFocus({ context, ratio }, { walkers, ground }, { x, y }) {
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  for (const [color, width] of [[ground, 4], [walkers, 1.6]]) {
    context.beginPath();
    context.arc(x, y, 9, 0, 2 * Math.PI);
    context.strokeStyle = color;
    context.lineWidth = width;
    context.stroke();
  }
}

function cross(context, x, y, half) {
  if (!Number.isFinite(x) || !Number.isFinite(y)) return;
  context.moveTo(x - half, y - half);
  context.lineTo(x + half, y + half);
  context.moveTo(x - half, y + half);
  context.lineTo(x + half, y - half);
}
