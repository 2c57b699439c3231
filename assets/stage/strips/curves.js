/** What the strips with curves over the updates share: axes, the pointer's update, line ends. */

import * as chart from "../shared/chart.js";
import { formatCount, formatNumber } from "../shared/dom.js";
import { linear } from "../shared/scale.js";

const LEFT = 40;
const RIGHT = 120;

/**
 * Clears a strip and draws its title and the axis of updates.
 * @param {number|null} pointer pixels from the left
 * @param {{title: string, note?: string, axis?: boolean}} words `note` stands at the right
 * @returns {{context: CanvasRenderingContext2D, area: Object, toX: function(number): number,
 *   at: number, steps: Float32Array}} `at` is the index of the update under the pointer or the last
 */
export function open(surface, scene, theme, pointer, { title, note = "", axis = true }) {
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

/** Writes the values of the lines beside their ends, and marks them under the pointer. */
export function finish(context, theme, area, { lines, toX, toY, at, steps, pointer }) {
  const labels = lines.map(({ name, values, color, dash }) => {
    const y = toY(values[at]);
    return { y, text: `${name} ${formatNumber(values[at])}`.trim(), color, dash };
  });
  if (pointer !== null) chart.paintPointer(context, theme, area, toX(steps[at]), labels);
  chart.paintEndLabels(context, theme, area, labels.reverse());
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
