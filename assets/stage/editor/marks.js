/** Marks of a drawing: the grid of its plane and its modes. */

import { niceTicks } from "../shared/scale.js";
import { faded } from "../shared/theme.js";

/** Draws hairlines and their numbers; `toX` and `toY` map the plane to pixels. */
export function paintGrid(context, theme, { side, reach, toX, toY }) {
  context.font = `13px ${theme.font}`;
  context.lineWidth = 1;
  for (const tick of niceTicks(-reach, reach, 8)) {
    const [x, y] = [Math.round(toX(tick)) + 0.5, Math.round(toY(tick)) + 0.5];
    context.strokeStyle = theme.line;
    context.beginPath();
    context.moveTo(x, 0);
    context.lineTo(x, side);
    context.moveTo(0, y);
    context.lineTo(side, y);
    context.stroke();
    context.fillStyle = theme.soft;
    const text = String(tick).replace("-", "−");
    if (tick !== 0 && Math.abs(tick) < reach) context.fillText(text, x + 3, side - 4);
  }
}

/** Draws a mode: its density, its ring of one standard deviation and its mass. */
export function paintMode(context, theme, { mass, std }, { x, y, scale, chosen, faint }) {
  const ring = std * scale;
  const shade = context.createRadialGradient(x, y, 0, x, y, 2.5 * ring);
  const strength = Math.min(0.75, 0.1 + 0.25 * mass / std ** 2);
  for (let k = 0; k <= 5; k++) {
    const alpha = strength * (Math.exp(-((k / 2) ** 2) / 2) - Math.exp(-3.125)) * faint;
    shade.addColorStop(k / 5, faded(theme.data, Math.max(0, alpha)));
  }
  context.fillStyle = shade;
  context.fillRect(x - 2.5 * ring, y - 2.5 * ring, 5 * ring, 5 * ring);
  context.beginPath();
  context.arc(x, y, ring, 0, 2 * Math.PI);
  context.setLineDash([5, 4]);
  context.strokeStyle = chosen ? theme.accent : theme.truth;
  context.lineWidth = chosen ? 2.6 : 1.6;
  context.stroke();
  context.setLineDash([]);
  context.font = `600 13px ${theme.font}`;
  context.textAlign = "center";
  context.textBaseline = "middle";
  context.fillStyle = theme.ink;
  context.fillText(mass.toFixed(2), x, y);
  context.textAlign = "left";
  context.textBaseline = "alphabetic";
}
