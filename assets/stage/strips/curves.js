/** The curves over the updates: KL, the contrast that is not a loss, and the weights' health. */

import * as chart from "../shared/chart.js";
import { formatCount, formatNumber } from "../shared/dom.js";
import { extent, linear, logFromZero, niceTicks } from "../shared/scale.js";
import { methodStyle } from "../shared/theme.js";

const LEFT = 40;
const RIGHT = 120;
const KNEE = 0.01; // nats: the KL axis is linear below and logarithmic above
const LOST = 3; // an estimate further off than this runs out of the picture
const KL_TICKS = [0, 0.01, 0.1, 1, 10, 100, 1000, -0.01, -0.1, -1, -10];

/** KL in nats: exact, on the training data, and as the walkers and the witness estimate it. */
export function paintKl(surface, scene, theme, pointer) {
  const { context, area, toX, at, steps } = open(surface, scene, theme, pointer, {
    title: scene.header.known ? "KL to the truth, nats" : "Cross-entropy, nats",
    axis: false,
  });
  const c = scene.curves;
  const measured = scene.measured?.step <= scene.header.step ? scene.measured : null;
  const { toY, ticks } = scene.header.known ? scaleKl(c, area) : scaleCrossEntropy(c, area, measured);
  const silent = scene.header.images && !c.kl_estimate.some(Number.isFinite);
  chart.paintYAxis(context, theme, area, silent && !measured ? [] : ticks, toY, formatTick);
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
    const sentence = `${scene.header.methodLabel} estimates no log Z on its way: only AIS can say it.`;
    chart.paintSentence(context, theme, sentence, area.top + 2, area.right, area.left + 6);
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

/** KL has a floor at 0, and its last hundredths matter as much as its first nats. */
function scaleKl(c, area) {
  const exact = extent([c.kl_exact, c.kl_data], [0, 1]);
  const [low, high] = extent([exact, c.kl_estimate, c.kl_witness], exact);
  const bottom = Math.min(-0.002, Math.max(low, -LOST));
  const top = Math.max(0.02, Math.min(high, LOST * exact[1]));
  return { toY: logFromZero(bottom, top, area.bottom, area.top, KNEE), ticks: KL_TICKS };
}

/** A cross-entropy has no known floor: its own range, widened a little. */
function scaleCrossEntropy(c, area, measured) {
  const exact = extent([c.kl_exact, c.kl_data], null);
  const found = [-1, 1].map((side) => [measured?.cross_entropy + side * 2 * measured?.cross_entropy_se]);
  const [low, high] = exact ?? extent([c.kl_estimate, c.kl_witness, ...found], [0, 1]);
  const spare = 0.15 * Math.max(high - low, 0.1);
  const [bottom, top] = [low - spare, high + spare];
  return { toY: linear(bottom, top, area.bottom, area.top), ticks: niceTicks(bottom, top, 4) };
}

/** The contrast of CD; small on purpose, it sits at 0 while KL does not. */
export function paintContrast(surface, scene, theme, pointer) {
  const title = "CD contrast E(data) − E(walkers): not a loss";
  const { context, area, toX, at, steps } = open(surface, scene, theme, pointer, { title });
  const values = scene.curves.contrast;
  const [low, high] = extent([values], [-1, 1]);
  const reach = roundUp(Math.max(-low, high, 1e-3));
  const toY = linear(-reach, reach, area.bottom, area.top);
  chart.paintYAxis(context, theme, area, [0, reach, -reach], toY, formatNumberShort);
  chart.paintMarks(context, theme, area, scene.header.marks, toX);
  const lines = [{ name: "", values, color: theme.soft, width: 1.4 }];
  chart.paintLine(context, steps, values, toX, toY, lines[0]);
  finish(context, theme, area, { lines, toX, toY, at, steps, pointer });
}

/** ESS/N with its threshold and resamplings, and the share of ancestors that survive. */
export function paintEss(surface, scene, theme, pointer) {
  const { header, curves } = scene;
  const count = curves.resamplings[curves.resamplings.length - 1];
  const { context, area, toX, at, steps } = open(surface, scene, theme, pointer, {
    title: "Effective sample size and ancestors",
    note: Number.isFinite(count) ? `resamplings so far: ${formatCount(count)}` : "",
  });
  const toY = linear(0, 1, area.bottom, area.top);
  chart.paintYAxis(context, theme, area, [0, 0.5, 1], toY, String);
  chart.paintMarks(context, theme, area, header.marks, toX);
  paintResamplings(context, theme, area, scene.resampledAt, toX);
  if (header.threshold > 0) rule(context, area, toY(header.threshold), theme.ink, [1, 3]);
  const endless = header.ceiling !== null && header.ceiling < header.threshold;
  if (endless) {
    rule(context, area, toY(header.ceiling), theme.model, [6, 3]);
    context.font = `${chart.TEXT}px ${theme.font}`;
    context.textAlign = "left";
    context.textBaseline = "bottom";
    context.fillStyle = theme.ink;
    const text = `this step size allows ESS/N ${header.ceiling.toFixed(2)} at most`;
    context.fillText(text, area.left + 4, Math.min(toY(header.ceiling), area.bottom - 8) - 2);
  }
  const ancestors = curves.ancestors.map((n) => n / header.walkers);
  const style = methodStyle(theme, header.methodLine);
  const lines = [
    { name: "ancestors/N", values: ancestors, color: theme.soft, dash: [5, 3], width: 1.4 },
    { name: "ESS/N", values: curves.ess, ...style },
  ];
  for (const line of lines) chart.paintLine(context, steps, line.values, toX, toY, line);
  finish(context, theme, area, { lines, toX, toY, at, steps, pointer });
}

function open(surface, scene, theme, pointer, { title, note = "", axis = true }) {
  const context = surface.clear();
  const { width, height } = surface;
  const steps = scene.curves.step;
  const domain = [steps[0], Math.max(steps[0] + 1, steps[steps.length - 1])];
  const area = {
    left: LEFT,
    right: width - RIGHT,
    top: chart.TITLE_HEIGHT + 4,
    bottom: height - (axis ? 20 : 6),
  };
  const toX = linear(domain[0], domain[1], area.left, area.right);
  const at = pointer === null ? steps.length - 1 : nearestIndex(steps, toX, pointer);
  const mark = pointer === null ? null : markNear(scene.header.marks, toX, pointer);
  const shown = pointer === null ? note : (mark ?? `update ${formatCount(steps[at])}`);
  chart.paintTitle(context, theme, width, title, shown);
  if (axis) chart.paintUpdates(context, theme, area, domain, toX);
  return { context, area, toX, at, steps };
}

function finish(context, theme, area, { lines, toX, toY, at, steps, pointer }) {
  const labels = lines.map(({ name, values, color, dash }) => {
    const y = toY(values[at]);
    return { y, text: `${name} ${formatNumber(values[at])}`.trim(), color, dash };
  });
  if (pointer !== null) chart.paintPointer(context, theme, area, toX(steps[at]), labels);
  chart.paintEndLabels(context, theme, area, labels.reverse());
}

function paintResamplings(context, theme, area, updates, toX) {
  context.strokeStyle = theme.soft;
  context.lineWidth = 1;
  context.beginPath();
  let last = -1;
  for (let i = 0; i < updates.length; i++) {
    const x = Math.round(toX(updates[i])) + 0.5;
    if (x === last || x < area.left || x > area.right) continue;
    last = x;
    context.moveTo(x, area.bottom - 6);
    context.lineTo(x, area.bottom);
  }
  context.stroke();
}

function rule(context, area, y, color, dash) {
  context.strokeStyle = color;
  context.lineWidth = 1;
  context.setLineDash(dash);
  context.beginPath();
  context.moveTo(area.left, y);
  context.lineTo(area.right, y);
  context.stroke();
  context.setLineDash([]);
}

function clip(context, area, draw) {
  context.save();
  context.beginPath();
  context.rect(area.left, area.top - 2, area.right - area.left, area.bottom - area.top + 4);
  context.clip();
  draw();
  context.restore();
}

function nearestIndex(steps, toX, x) {
  let best = 0;
  for (let i = 1; i < steps.length; i++) {
    if (Math.abs(toX(steps[i]) - x) < Math.abs(toX(steps[best]) - x)) best = i;
  }
  return best;
}

function markNear(marks, toX, x) {
  const near = (marks ?? []).filter(([step]) => Math.abs(toX(step) - x) < 5);
  return near.length ? near.map(([step, text]) => `${formatCount(step)}: ${text}`).join(" · ") : null;
}

function roundUp(value) {
  const power = 10 ** Math.floor(Math.log10(value));
  return [1, 2, 5, 10].map((m) => m * power).find((v) => v >= value);
}

function formatNumberShort(value) {
  return String(Number(value.toPrecision(2))).replace("-", "−");
}

function formatTick(value) {
  return String(Number(value.toPrecision(4))).replace("-", "−");
}
