/** The effective sample size with its threshold and resamplings, and the ancestors that survive. */

import * as chart from "../shared/chart.js";
import { formatCount, formatShare } from "../shared/dom.js";
import { linear } from "../shared/scale.js";
import { methodStyle } from "../shared/theme.js";
import { finish, open } from "./curves.js";

/** @type {import("./strips.js").Strip} */
export const ess = {
  name: "ess",
  layouts: ["full", "images"],
  grow: 1.3,
  least: 92,
  leastIn: { images: 72 },
  weightless: 72,
  curve: true,
  paint: (surface, scene, theme, { pointer }) => {
    if (scene.header.weighted) paint(surface, scene, theme, pointer);
    else paintWeightless(surface, theme, scene.header);
  },
  label: ({ header }) => `Effective sample size: ${formatShare(header.ess)} of the walkers`,
};

function paint(surface, scene, theme, pointer) {
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
    const text = `with this step size ESS/N is at most ${header.ceiling.toFixed(2)}`;
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

/** Says why walkers without weights have no effective sample size. */
function paintWeightless(surface, theme, { readsWalkers, methodLabel, methodHelp }) {
  const context = surface.clear();
  chart.paintTitle(context, theme, surface.width, "Effective sample size");
  const role = readsWalkers ? "carry no weights" : "only show the model";
  const sentence = `These walkers ${role}: ${methodLabel} ${methodHelp}.`;
  chart.paintSentence(context, theme, sentence, 26, surface.width);
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
