/** The histogram of the log-weights log(N·w), read by walkers or by mass. */

import * as chart from "../shared/chart.js";
import { formatNumber, formatShare } from "../shared/dom.js";
import { extent, linear, niceTicks } from "../shared/scale.js";

const LOWEST = -10; // smaller log-weights are counted in the first bin
const BINS = 48;

/** @type {import("./strips.js").Strip} */
export const weights = {
  name: "weights",
  layouts: ["full", "images"],
  grow: 1,
  least: 84,
  leastIn: { images: 64 },
  weightless: 0,
  givesWay: "second",
  paint,
  label: () => "Histogram of the walkers' log-weights",
};

/**
 * The log-weights in bins, as shares of the walkers or of the mass.
 * @param {Float32Array} logW log(N·w)
 * @returns {{low: number, high: number, shares: Float64Array, half: number, carriers: number}}
 *   `half`: the log-weight above which half of the mass sits; `carriers`: the share of walkers there
 */
function binWeights(logW, weighted) {
  const [least, most] = extent([logW], [0, 0]);
  const low = Math.max(LOWEST, Math.min(-2, Math.floor(least)));
  const high = Math.max(2, Math.ceil(most + 0.01));
  const shares = new Float64Array(BINS);
  const weights = Float64Array.from(logW, (v) => (Number.isFinite(v) ? Math.exp(v) : 0));
  const total = weights.reduce((a, b) => a + b, 0) || 1;
  for (let i = 0; i < logW.length; i++) {
    const at = Math.floor(((Math.max(logW[i], low) - low) / (high - low)) * BINS);
    if (at >= 0) shares[Math.min(at, BINS - 1)] += weighted ? weights[i] / total : 1 / logW.length;
  }
  const sorted = weights.sort();
  let carriers = 0;
  let mass = 0;
  while (carriers < sorted.length && mass < total / 2) {
    carriers += 1;
    mass += sorted[sorted.length - carriers];
  }
  const half = Math.log(sorted[sorted.length - carriers] || 1);
  return { low, high, shares, half, carriers: carriers / sorted.length };
}

/** Draws the histogram; the bins of the walkers that carry half of the mass are filled. */
function paint(surface, scene, theme, { pointer, layers }) {
  const { weighted } = layers;
  const context = surface.clear();
  const { width, height } = surface;
  const { low, high, shares, half, carriers } = binWeights(scene.logW, weighted);
  const title = weighted ? "Mass by log-weight log(N·w)" : "Walkers by log-weight log(N·w)";
  const area = { left: 0, right: width, top: chart.TITLE_HEIGHT + 4, bottom: height - 20 };
  const toX = linear(low, high, area.left + 8, area.right - 8);
  const tallest = Math.max(...shares, 1e-9);
  const step = (high - low) / BINS;
  const under = pointer === null ? -1 : Math.floor(((pointer - toX(low)) / (toX(high) - toX(low))) * BINS);
  const note =
    under in shares
      ? `${formatNumber(low + (under + 0.5) * step)}: ${formatShare(shares[under])}`
      : `${formatShare(carriers)} carry half the mass`;
  chart.paintTitle(context, theme, width, title, note);
  context.lineWidth = 1;
  for (let k = 0; k < BINS; k++) {
    if (shares[k] === 0) continue;
    const [x0, x1] = [toX(low + k * step), toX(low + (k + 1) * step)];
    const tall = Math.max(1, (shares[k] / tallest) * (area.bottom - area.top));
    const filled = low + (k + 1) * step > half;
    context.globalAlpha = filled ? 0.85 : 0.25;
    context.fillStyle = theme.walkers;
    context.fillRect(x0 + 0.5, area.bottom - tall, Math.max(1, x1 - x0 - 1), tall);
  }
  context.globalAlpha = 1;
  context.strokeStyle = theme.soft;
  context.beginPath();
  context.moveTo(area.left, area.bottom + 0.5);
  context.lineTo(area.right, area.bottom + 0.5);
  context.stroke();
  const zero = Math.round(toX(0)) + 0.5;
  context.strokeStyle = theme.accent;
  context.beginPath();
  context.moveTo(zero, area.top);
  context.lineTo(zero, area.bottom);
  context.stroke();
  paintTicks(context, theme, area, low, high, toX);
}

function paintTicks(context, theme, area, low, high, toX) {
  context.font = `${chart.TEXT}px ${theme.font}`;
  context.textAlign = "center";
  context.textBaseline = "alphabetic";
  for (const tick of niceTicks(low, high, 6)) {
    if (!Number.isInteger(tick)) continue;
    const text = tick === 0 ? "0 = equal" : String(tick).replace("-", "−");
    context.fillStyle = tick === 0 ? theme.ink : theme.soft;
    context.fillText(text, toX(tick), area.bottom + 16);
  }
}
