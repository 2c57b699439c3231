/** KL(target ‖ model), or cross-entropy where the target is unknown: exact, and as it is estimated. */

import * as chart from "../shared/chart.js";
import { formatNumber } from "../shared/dom.js";
import { extent, linear, logFromZero, niceTicks, tickText } from "../shared/scale.js";
import { methodStyle } from "../shared/theme.js";
import { finish, open } from "./curves.js";

const KNEE = 0.01; // nats: the KL axis is linear below and logarithmic above
const LOST = 3; // an estimate further off than this runs out of the picture
const KL_TICKS = [0, 0.01, 0.1, 1, 10, 100, 1000, -0.01, -0.1, -1, -10];

/** @type {import("./strips.js").Strip} */
export const kl = {
  name: "kl",
  layouts: ["full", "images"],
  grow: 2.1,
  least: 130,
  leastIn: { images: 96 },
  narrow: 190,
  curve: true,
  paint,
  label: ({ header }) =>
    `${labelOf(header)}: ${formatNumber(header.images ? header.kl_estimate : header.kl_exact)} nats`,
};

/** Curves in nats: exact, on the training data, and as the walkers and the witness estimate it. */
function paint(surface, scene, theme, { pointer }) {
  const { context, area, toX, at, steps } = open(surface, scene, theme, pointer, {
    title: scene.header.known ? "KL(target ‖ model), nats" : "Cross-entropy, nats",
    axis: false,
  });
  const c = scene.curves;
  const measured = scene.measured?.step <= scene.header.step ? scene.measured : null;
  const { toY, ticks } = scene.header.known ? scaleKl(c, area) : scaleCrossEntropy(c, area, measured);
  const silent = scene.header.images && !c.kl_estimate.some(Number.isFinite);
  chart.paintYAxis(context, theme, area, silent && !measured ? [] : ticks, toY, tickText);
  chart.paintMarks(context, theme, area, scene.header.marks, toX);
  const estimate = methodStyle(theme, scene.header.methodLine);
  const sampled = c.kl_exact_se.some((error) => error > 0); // no quadrature in many dimensions
  const truth = { values: c.kl_exact, color: theme.truth, width: 2.2 };
  const lines = [
    { name: "on data", values: c.kl_data, color: theme.soft, width: 1 },
    { name: "witness", values: c.kl_witness, errors: c.kl_witness_se, color: theme.witness, dash: [9, 3] },
    { name: "walkers", values: c.kl_estimate, errors: c.kl_estimate_se, ...estimate },
    sampled ? { ...truth, name: "truth", errors: c.kl_exact_se } : { ...truth, name: "exact" },
  ];
  clip(context, area, () => {
    for (const { values, errors, color } of lines) {
      if (errors) chart.paintBand(context, steps, values, errors, toX, toY, color);
    }
    for (const line of lines) chart.paintLine(context, steps, line.values, toX, toY, line);
    if (measured) paintMeasured(context, theme, measured, toX, toY);
  });
  if (silent) {
    const sentence = `${scene.header.methodLabel} does not estimate log Z as it trains: only AIS can.`;
    chart.paintSentence(context, theme, sentence, area.top + 2, area.right, { left: area.left + 6 });
  }
  finish(context, theme, area, { lines, toX, toY, at, steps, pointer });
}

/** What AIS measured: a dot with its whisker of ±2 standard errors at its update. */
function paintMeasured(context, theme, { step, cross_entropy: value, cross_entropy_se: error }, toX, toY) {
  if (!Number.isFinite(value)) return;
  context.strokeStyle = context.fillStyle = theme.model;
  context.lineWidth = 1.8;
  context.beginPath();
  context.moveTo(toX(step), toY(value - 2 * error));
  context.lineTo(toX(step), toY(value + 2 * error));
  context.stroke();
  context.beginPath();
  context.arc(toX(step), toY(value), 4, 0, 2 * Math.PI);
  context.fill();
}

/** KL is at least 0, and its last hundredths matter as much as its first nats. */
function scaleKl(c, area) {
  const exact = extent([c.kl_exact, c.kl_data], [0, 1]);
  const [low, high] = extent([exact, c.kl_estimate, c.kl_witness], exact);
  const bottom = Math.min(-0.002, Math.max(low, -LOST));
  const top = Math.max(0.02, Math.min(high, LOST * exact[1]));
  return { toY: logFromZero(bottom, top, area.bottom, area.top, KNEE), ticks: KL_TICKS };
}

/** The least possible cross-entropy is unknown: the range is that of the curves, a little wider. */
function scaleCrossEntropy(c, area, measured) {
  const exact = extent([c.kl_exact, c.kl_data], null);
  const found = [-1, 1].map((side) => [measured?.cross_entropy + side * 2 * measured?.cross_entropy_se]);
  const [low, high] = exact ?? extent([c.kl_estimate, c.kl_witness, ...found], [0, 1]);
  const spare = 0.15 * Math.max(high - low, 0.1);
  const [bottom, top] = [low - spare, high + spare];
  return { toY: linear(bottom, top, area.bottom, area.top), ticks: niceTicks(bottom, top, 4) };
}

function labelOf({ known, images, kl_exact_se: error }) {
  if (images) return "Cross-entropy of the model on the training images, estimated by the walkers";
  if (!known) return "Cross-entropy of the model on your own points";
  return `KL(target ‖ model), ${error > 0 ? "sampled" : "exact"}`;
}

function clip(context, area, draw) {
  context.save();
  context.beginPath();
  context.rect(area.left, area.top - 2, area.right - area.left, area.bottom - area.top + 4);
  context.clip();
  draw();
  context.restore();
}
