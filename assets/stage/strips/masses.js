/**
 * Mode masses: per mode the data, the exact model and two readings of the walkers. With images the
 * modes are classes, and only a measurement by AIS knows those of the model.
 *
 * Runs side by side share one scale and one legend, see bar/key.js; each says in words how far its
 * model is off.
 */

import * as chart from "../shared/chart.js";
import { FEW, paintManyModes } from "./many_modes.js";
import { linear } from "../shared/scale.js";
import { isFarOff, verdict } from "../words/verdict.js";

const ROW = 18; // pixels between rows of the legend
const NUMBER_WIDTH = 30; // a number such as 0.25 needs this much room,
const NARROW_NUMBER = 23; // and one such as .25 this much

/** @type {import("./strips.js").Strip} */
export const masses = {
  name: "masses",
  layouts: ["full", "images", "mini", "cell", "tile"],
  grow: 1.5,
  least: 112,
  withPlane: 132,
  paint,
  label: (scene) => {
    const what = scene.header.images ? "Class masses" : "Mode masses";
    if (!scene.header.masses) return what;
    return [what, verdict(scene.header, massesOf(scene)), describe(scene)].filter(Boolean).join(". ");
  },
};

/** What the bars of these runs are called and how they are drawn; the truth comes last. */
export function legendOf(scenes, theme) {
  const weighted = scenes.some(({ header }) => header.weighted);
  const images = scenes.some(({ header }) => header.images);
  const known = scenes.some((scene) => isKnown(massesOf(scene)));
  const names = weighted ? { raw: "walkers without weights", weighted: "walkers" } : {};
  const bars = readings({ weighted, images }, theme, true, known).map((bar) => ({ ...bar, name: names[bar.key] ?? bar.name }));
  return [...bars, { name: "truth", color: theme.truth, dashed: true }];
}

function isKnown({ model }) {
  return model.some((mass) => mass !== null);
}

/** The masses of a scene, with the model's classes by AIS where they have been measured. */
function massesOf({ header, measured }) {
  const { masses } = header;
  const fits = header.images && measured?.step <= header.step && measured.masses.length === masses?.truth.length;
  return fits ? { ...masses, model: measured.masses, model_se: measured.masses_se } : masses;
}

/**
 * The bars of a mode: what each is called and how it is drawn.
 * @param {{weighted: boolean, images: boolean}} header
 * @param {boolean} known whether anything is known of the model's masses
 */
function readings(header, theme, weighted, known = true) {
  const model = { key: "model", name: "model", color: theme.model };
  const measured = { ...model, name: "model by AIS", errors: "model_se" };
  const bars = [{ key: "data", name: "data", color: theme.data }];
  if (known) bars.push(header.images ? measured : model);
  const walkers = { key: "raw", name: "walkers", color: theme.walkers, errors: "raw_se" };
  if (!header.weighted) return [...bars, walkers];
  return [
    ...bars,
    { ...walkers, key: "raw", name: "walkers raw", errors: "raw_se", hollow: true, faint: weighted },
    { ...walkers, key: "weighted", name: "weighted", errors: "weighted_se", faint: !weighted },
  ];
}

/** Draws the groups of bars with whiskers of ±2 standard errors and the truth dashed. */
function paint(surface, scene, theme, { pointer, layers, together }) {
  const { weighted } = layers;
  const context = surface.clear();
  const { width, height } = surface;
  const masses = massesOf(scene);
  const bars = readings(scene.header, theme, weighted, isKnown(masses));
  const names = scene.header.images ? scene.header.classNames : null;
  const modes = masses.truth.length;
  const group = width / modes;
  const under = pointer === null ? -1 : Math.min(Math.floor(pointer / group), modes - 1);
  const many = modes > FEW;
  const shown = many ? bars.filter((bar) => !bar.faint) : bars;
  const numbers = numbersOf(shown, masses, under, { many, names });
  const top = together.length
    ? paintVerdict(context, theme, width, under < 0 ? verdict(scene.header, masses) : inWords(numbers), isFarOff(masses))
    : paintLegend(context, theme, width, numbers);
  const area = { left: 0, right: width, top: top + (many ? 10 : 18), bottom: height - 20 };
  const ceiling = ceilingOf(together.length ? together.map(massesOf) : [masses], together.length > 0 && !many);
  if (many) {
    paintManyModes(context, theme, area, { bars: shown, masses, ceiling, under });
    return;
  }
  const slot = Math.min(52, (group - Math.min(16, group * 0.2)) / bars.length);
  const toY = linear(0, ceiling, area.bottom, area.top);
  for (let j = 0; j < modes; j++) {
    const left = j * group + (group - slot * bars.length) / 2;
    bars.forEach((bar, k) => {
      paintBar(context, theme, area, { bar, masses, j, x: left + k * slot, slot, toY });
    });
    paintTruth(context, theme, left - 4, left + slot * bars.length + 4, toY(masses.truth[j]));
    context.font = `${chart.TEXT}px ${theme.font}`;
    context.textAlign = "center";
    context.textBaseline = "alphabetic";
    context.fillStyle = theme.soft;
    context.fillText(modeName(j, group, masses.truth[j], names), (j + 0.5) * group, height - 4);
  }
  context.strokeStyle = theme.soft;
  context.lineWidth = 1;
  context.beginPath();
  context.moveTo(0, area.bottom + 0.5);
  context.lineTo(width, area.bottom + 0.5);
  context.stroke();
}

/** The mass of each mode in words: truth, model, and walkers weighted or raw. */
function describe(scene) {
  const { weighted, images, classNames } = scene.header;
  const masses = massesOf(scene);
  const key = weighted ? "weighted" : "raw";
  const text = (v) => (v === null ? "unknown" : v.toFixed(2));
  const mode = (truth, j) =>
    `${images ? `class ${classNames[j]}` : `mode ${j + 1}`}: truth ${text(truth)}, model ${text(masses.model[j])}, ` +
    `walkers ${text(masses[key][j])}`;
  return masses.truth.map(mode).join("; ");
}

function paintBar(context, theme, area, { bar, masses, j, x, slot, toY }) {
  const value = masses[bar.key][j];
  if (value === null) return;
  const inner = Math.max(2, slot - Math.min(4, slot * 0.25));
  const y = toY(value);
  context.globalAlpha = bar.faint ? 0.4 : 1;
  if (bar.hollow) {
    context.strokeStyle = bar.color;
    context.lineWidth = 1.4;
    context.strokeRect(x + 1, y + 0.7, inner - 1.4, Math.max(0, area.bottom - y - 0.7));
  } else {
    context.fillStyle = bar.color;
    context.fillRect(x, y, inner, area.bottom - y);
  }
  const error = bar.errors ? masses[bar.errors][j] : null;
  const ends = error ? [toY(value - 2 * error), toY(value + 2 * error)] : [y, y];
  if (error) paintWhisker(context, theme, x + inner / 2, ends, inner);
  context.globalAlpha = bar.faint ? 0.7 : 1;
  if (slot >= NARROW_NUMBER) {
    context.font = `${chart.TEXT}px ${theme.font}`;
    context.textAlign = "center";
    context.textBaseline = "alphabetic";
    context.fillStyle = theme.ink;
    const above = Math.min(ends[1], y);
    const truth = toY(masses.truth[j]);
    const clear = truth < above + 3 && truth > above - 18 ? truth : above;
    const text = value.toFixed(2);
    context.fillText(slot >= NUMBER_WIDTH ? text : text.replace(/^0/, ""), x + inner / 2, clear - 5);
  }
  context.globalAlpha = 1;
}

function paintWhisker(context, theme, x, [low, high], width) {
  const cap = Math.min(4, width / 4);
  for (const [color, thick] of [[theme.background, 3.4], [theme.soft, 1.4]]) {
    context.strokeStyle = color;
    context.lineWidth = thick;
    context.beginPath();
    context.moveTo(x, low);
    context.lineTo(x, high);
    for (const y of [low, high]) {
      context.moveTo(x - cap, y);
      context.lineTo(x + cap, y);
    }
    context.stroke();
  }
}

function paintTruth(context, theme, left, right, y) {
  for (const [color, width, dash] of [[theme.background, 3.5, []], [theme.truth, 1.5, [5, 4]]]) {
    context.strokeStyle = color;
    context.lineWidth = width;
    context.setLineDash(dash);
    context.globalAlpha = dash.length ? 1 : 0.6;
    context.beginPath();
    context.moveTo(left, y);
    context.lineTo(right, y);
    context.stroke();
  }
  context.globalAlpha = 1;
  context.setLineDash([]);
}

/** The bars, with their numbers in the names when the pointer is over a mode. */
function numbersOf(bars, masses, mode, { many, names }) {
  const marks = { data: "tick", raw: "dot", weighted: "dot" };
  const drawn = many ? bars.map((bar) => ({ ...bar, hollow: false, mark: marks[bar.key] })) : bars;
  const entries = [...drawn, { key: "truth", name: "truth", dashed: !many, mark: many && "tick" }];
  if (mode < 0) return { title: names ? "Class shares" : "Mode masses", entries };
  const named = entries.map((e) => ({ ...e, name: `${e.name} ${masses[e.key][mode]?.toFixed(2)}` }));
  return { title: names ? `Class ${names[mode]}` : `Mode ${mode + 1}`, entries: named };
}

/** The bars' numbers below the pointer as a sentence. */
function inWords({ title, entries }) {
  return `${title}: ${entries.map(({ name }) => name).join(", ")}`;
}

/** Writes the verdict where a stage alone has its legend; the height is that of two lines. */
function paintVerdict(context, theme, width, text, far) {
  chart.paintSentence(context, theme, text, 0, width, { color: far ? theme.ink : theme.soft, bold: far });
  return 2 * ROW - 5;
}

function paintLegend(context, theme, width, { title, entries }) {
  chart.paintTitle(context, theme, width, title);
  let x = context.measureText(title).width + 20;
  let y = 15;
  context.font = `${chart.TEXT}px ${theme.font}`;
  const needed = entries.reduce((sum, e) => sum + context.measureText(e.name).width + 26, 0);
  if (x + needed > width) [x, y] = [0, y + ROW];
  for (const { name, color = theme.truth, hollow, dashed, mark } of entries) {
    const wide = context.measureText(name).width + 14;
    if (x + wide > width) [x, y] = [0, y + ROW];
    context.fillStyle = context.strokeStyle = color;
    context.lineWidth = 1.5;
    context.setLineDash(dashed ? [4, 3] : []);
    context.beginPath();
    if (dashed) {
      context.moveTo(x, y - 4.5);
      context.lineTo(x + 11, y - 4.5);
      context.stroke();
    } else if (mark === "tick") context.fillRect(x, y - 5.5, 10, 2);
    else if (mark === "dot") {
      context.arc(x + 5, y - 4.5, 3.5, 0, 2 * Math.PI);
      context.fill();
    } else if (hollow) context.strokeRect(x + 0.7, y - 9, 9, 9);
    else context.fillRect(x, y - 9.5, 10, 10);
    context.setLineDash([]);
    context.fillStyle = theme.ink;
    context.fillText(name, x + 14, y);
    x += wide + 12;
  }
  return y;
}

/** The top of the scale: 1 where runs stand side by side, else the least that holds all masses. */
function ceilingOf(all, whole) {
  return whole ? 1 : Math.max(...all.map(leastCeiling));
}

function leastCeiling(masses) {
  const reach = (value, error) => (value === null ? null : value + 2 * (error ?? 0));
  const walkers = ["raw", "weighted"].map((key) => masses[key].map((v, j) => reach(v, masses[`${key}_se`][j])));
  const all = [masses.truth, masses.data, masses.model, ...walkers].flat();
  const most = Math.max(0.02, ...all.filter((v) => v !== null));
  return [0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 1].find((v) => v >= most) ?? 1;
}

function modeName(j, group, truth, names) {
  if (names) return names[j];
  if (group > 130 && truth !== null) return `mode ${j + 1}, truth ${truth.toFixed(2)}`;
  return group > 56 ? `mode ${j + 1}` : String(j + 1);
}
