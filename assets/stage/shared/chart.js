/** Pieces of a strip: titles, axes, lines with gaps, bands, labels at line ends, rules. */

import { formatCount } from "./dom.js";
import { niceTicks, spread } from "./scale.js";

export const TEXT = 13; // pixels; a lecture room still reads it
export const TITLE_HEIGHT = 24;
const LABEL_GAP = 15;

/** Writes the title and, at the right, a note. */
export function paintTitle(context, theme, width, title, note = "") {
  context.textBaseline = "alphabetic";
  context.textAlign = "left";
  context.font = `600 ${TEXT}px ${theme.font}`;
  context.fillStyle = theme.ink;
  context.fillText(title, 0, 15);
  if (!note) return;
  const room = width - context.measureText(title).width - 16;
  context.font = `${TEXT}px ${theme.font}`;
  context.textAlign = "right";
  context.fillStyle = theme.soft;
  if (context.measureText(note).width <= room) context.fillText(note, width, 15);
}

/** Draws horizontal hairlines with their numbers left of the plot. */
export function paintYAxis(context, theme, area, ticks, toY, text) {
  context.font = `${TEXT}px ${theme.font}`;
  context.textAlign = "right";
  context.textBaseline = "middle";
  context.lineWidth = 1;
  const written = [];
  for (const tick of ticks) {
    const y = Math.round(toY(tick)) + 0.5;
    if (y < area.top - 1 || y > area.bottom + 1) continue;
    context.strokeStyle = theme.line;
    context.beginPath();
    context.moveTo(area.left, y);
    context.lineTo(area.right, y);
    context.stroke();
    if (written.some((other) => Math.abs(other - y) < 14)) continue;
    written.push(y);
    context.fillStyle = theme.soft;
    context.fillText(text(tick), area.left - 6, y);
  }
}

/** Writes the update numbers below the plot. */
export function paintUpdates(context, theme, area, domain, toX) {
  context.font = `${TEXT}px ${theme.font}`;
  context.fillStyle = theme.soft;
  context.textBaseline = "alphabetic";
  context.textAlign = "center";
  for (const tick of niceTicks(domain[0], domain[1], Math.max(2, (area.right - area.left) / 90))) {
    if (!Number.isInteger(tick)) continue;
    const text = tick === 0 ? "update 0" : formatCount(tick);
    const half = context.measureText(text).width / 2;
    const x = Math.max(area.left - 6 + half, toX(tick));
    if (x + half <= area.right + 60) context.fillText(text, x, area.bottom + 16);
  }
}

/** Strokes a line; it breaks where a number is missing. */
export function paintLine(context, xs, ys, toX, toY, { color, width = 1.8, dash = [] }) {
  context.beginPath();
  let drawing = false;
  for (let i = 0; i < xs.length; i++) {
    if (!Number.isFinite(ys[i])) {
      drawing = false;
      continue;
    }
    if (drawing) context.lineTo(toX(xs[i]), toY(ys[i]));
    else context.moveTo(toX(xs[i]), toY(ys[i]));
    drawing = true;
  }
  context.strokeStyle = color;
  context.lineWidth = width;
  context.lineJoin = "round";
  context.setLineDash(dash);
  context.stroke();
  context.setLineDash([]);
}

/** Fills the band ys ± 2 errors, in one piece per run of finite numbers. */
export function paintBand(context, xs, ys, errors, toX, toY, color) {
  context.fillStyle = color;
  context.globalAlpha = 0.16;
  const known = (i) => Number.isFinite(ys[i]) && Number.isFinite(errors[i]);
  for (let i = 0; i < xs.length; i++) {
    if (!known(i)) continue;
    const first = i;
    while (i + 1 < xs.length && known(i + 1)) i++;
    context.beginPath();
    for (let k = first; k <= i; k++) context.lineTo(toX(xs[k]), toY(ys[k] + 2 * errors[k]));
    for (let k = i; k >= first; k--) context.lineTo(toX(xs[k]), toY(ys[k] - 2 * errors[k]));
    context.fill();
  }
  context.globalAlpha = 1;
}

/**
 * Writes labels beside the line ends, moved apart where they would touch.
 * @param {{y: number, text: string, color: string, dash?: number[]}[]} labels
 */
export function paintEndLabels(context, theme, area, labels) {
  const shown = labels.filter((label) => Number.isFinite(label.y));
  const places = spread(shown.map((l) => l.y), LABEL_GAP, area.top + 2, area.bottom - 2);
  context.font = `${TEXT}px ${theme.font}`;
  context.textAlign = "left";
  context.textBaseline = "middle";
  shown.forEach(({ y, text, color, dash = [] }, i) => {
    const at = Math.min(Math.max(y, area.top), area.bottom);
    context.strokeStyle = color;
    context.lineWidth = 1.8;
    context.setLineDash(dash);
    context.beginPath();
    context.moveTo(area.right, at);
    context.lineTo(area.right + 5, places[i]);
    context.lineTo(area.right + 14, places[i]);
    context.stroke();
    context.setLineDash([]);
    context.fillStyle = theme.ink;
    context.fillText(text, area.right + 18, places[i]);
  });
}

/** Draws a vertical rule at each change of a knob. */
export function paintMarks(context, theme, area, marks, toX) {
  context.strokeStyle = theme.accent;
  context.globalAlpha = 0.7;
  context.lineWidth = 1;
  context.setLineDash([4, 3]);
  context.beginPath();
  for (const [step] of marks ?? []) {
    const x = Math.round(toX(step)) + 0.5;
    if (x < area.left || x > area.right) continue;
    context.moveTo(x, area.top);
    context.lineTo(x, area.bottom);
  }
  context.stroke();
  context.setLineDash([]);
  context.globalAlpha = 1;
}

/** Draws the rule under the pointer and a dot on each line there. */
export function paintPointer(context, theme, area, x, dots) {
  context.strokeStyle = theme.soft;
  context.globalAlpha = 0.6;
  context.lineWidth = 1;
  context.beginPath();
  context.moveTo(Math.round(x) + 0.5, area.top);
  context.lineTo(Math.round(x) + 0.5, area.bottom);
  context.stroke();
  context.globalAlpha = 1;
  for (const { y, color } of dots) {
    if (!Number.isFinite(y)) continue;
    context.fillStyle = color;
    context.beginPath();
    context.arc(x, y, 3, 0, 2 * Math.PI);
    context.fill();
  }
}

/** Writes a sentence over several lines; returns the height it takes. */
export function paintSentence(context, theme, text, top, width, { left = 0, color = theme.soft, bold = false } = {}) {
  context.font = `${bold ? "600 " : ""}${TEXT}px ${theme.font}`;
  context.textAlign = "left";
  context.textBaseline = "alphabetic";
  context.fillStyle = color;
  let line = "";
  let y = top + TEXT;
  for (const word of text.split(" ")) {
    const longer = line ? `${line} ${word}` : word;
    if (line && left + context.measureText(longer).width > width) {
      context.fillText(line, left, y);
      line = word;
      y += 18;
    } else line = longer;
  }
  context.fillText(line, left, y);
  return y - top + 6;
}
