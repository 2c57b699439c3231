/** The contrast of CD; small on purpose, it is 0 while KL is not. */

import * as chart from "../shared/chart.js";
import { extent, linear, tickText } from "../shared/scale.js";
import { finish, open } from "./curves.js";

/** @type {import("./strips.js").Strip} */
export const contrast = {
  name: "contrast",
  layouts: ["full", "images"],
  grow: 0.8,
  least: 72,
  leastIn: { images: 64 },
  narrow: 96,
  givesWay: "first",
  curve: true,
  paint,
  label: () => "CD contrast: energy of the data minus energy of the walkers; not a loss",
};

function paint(surface, scene, theme, { pointer }) {
  const title = "CD contrast E(data) − E(walkers): not a loss";
  const { context, area, toX, at, steps } = open(surface, scene, theme, pointer, { title });
  const values = scene.curves.contrast;
  const [low, high] = extent([values], [-1, 1]);
  const reach = roundUp(Math.max(-low, high, 1e-3));
  const toY = linear(-reach, reach, area.bottom, area.top);
  chart.paintYAxis(context, theme, area, [0, reach, -reach], toY, (value) => tickText(value, 2));
  chart.paintMarks(context, theme, area, scene.header.marks, toX);
  const lines = [{ name: "", values, color: theme.soft, width: 1.4 }];
  chart.paintLine(context, steps, values, toX, toY, lines[0]);
  finish(context, theme, area, { lines, toX, toY, at, steps, pointer });
}

function roundUp(value) {
  const power = 10 ** Math.floor(Math.log10(value));
  return [1, 2, 5, 10].map((m) => m * power).find((v) => v >= value);
}
