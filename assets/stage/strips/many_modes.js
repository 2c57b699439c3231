/**
 * Many modes: one narrow column each. The bar is the model's exact mass, the dot with its whisker of
 * ±2 standard errors the walkers, the black tick the truth and the blue tick the data.
 */

import * as chart from "../shared/chart.js";
import { linear } from "../shared/scale.js";

export const FEW = 12; // up to here every reading has a bar of its own
const NAMED = 30; // pixels that a mode's number needs

/**
 * Draws the columns of all modes.
 * @param {{bars: Object[], masses: Object, ceiling: number, under: number}} picture `bars` name the
 *   walkers' reading, `under` is the mode below the pointer or −1
 */
export function paintManyModes(context, theme, area, { bars, masses, ceiling, under }) {
  const modes = masses.truth.length;
  const group = (area.right - area.left) / modes;
  const inner = Math.max(2, group - Math.max(2, group * 0.25));
  const toY = linear(0, ceiling, area.bottom, area.top);
  const walkers = bars.find((bar) => bar.errors);
  chart.paintYAxis(context, theme, { ...area, left: area.left }, [0, ceiling], toY, () => "");
  paintTop(context, theme, area, ceiling);
  for (let j = 0; j < modes; j++) {
    const left = area.left + j * group + (group - inner) / 2;
    if (j === under) {
      context.fillStyle = theme.line;
      context.fillRect(left - 1, area.top, inner + 2, area.bottom - area.top);
    }
    if (masses.model[j] !== null) {
      context.fillStyle = theme.model;
      const y = toY(masses.model[j]);
      context.fillRect(left, y, inner, area.bottom - y);
    }
    tick(context, theme.data, left, inner, toY(masses.data[j]));
    tick(context, theme.background, left - 2, inner + 4, toY(masses.truth[j]), 4);
    tick(context, theme.truth, left - 1, inner + 2, toY(masses.truth[j]));
    const values = [masses[walkers.key][j], masses[walkers.errors][j] ?? 0];
    if (values[0] !== null) paintDot(context, theme, left + inner / 2, values, toY, group);
  }
  paintNumbers(context, theme, area, modes, group);
}

function tick(context, color, left, width, y, thick = 2) {
  context.fillStyle = color;
  context.fillRect(left, Math.round(y) - thick / 2, width, thick);
}

function paintDot(context, theme, x, [value, error], toY, group) {
  const radius = Math.min(3.5, Math.max(1.8, group / 5));
  for (const [color, extra] of [[theme.background, 1.2], [theme.walkers, 0]]) {
    context.strokeStyle = context.fillStyle = color;
    context.lineWidth = 1.2 + 2 * extra;
    context.beginPath();
    context.moveTo(x, toY(value - 2 * error));
    context.lineTo(x, toY(value + 2 * error));
    context.stroke();
    context.beginPath();
    context.arc(x, toY(value), radius + extra, 0, 2 * Math.PI);
    context.fill();
  }
}

function paintTop(context, theme, area, ceiling) {
  context.font = `${chart.TEXT}px ${theme.font}`;
  context.textAlign = "left";
  context.textBaseline = "top";
  context.fillStyle = theme.soft;
  context.fillText(String(ceiling), area.left, area.top + 2);
}

function paintNumbers(context, theme, area, modes, group) {
  const every = [1, 2, 5, 10].find((n) => n * group >= NAMED) ?? 20;
  context.font = `${chart.TEXT}px ${theme.font}`;
  context.textAlign = "center";
  context.textBaseline = "alphabetic";
  context.fillStyle = theme.soft;
  for (let j = 0; j < modes; j++) {
    const named = j === 0 || (j + 1) % every === 0;
    if (named) context.fillText(String(j + 1), area.left + (j + 0.5) * group, area.bottom + 16);
  }
}
