/** The live strips beside the plane: curves, log-weights and mode masses. */

import { paintSentence, paintTitle } from "../shared/chart.js";
import { paintContrast, paintEss, paintKl } from "./curves.js";
import { element, formatNumber, formatShare, picture, setAttribute } from "../shared/dom.js";
import { describeMasses, paintMasses } from "./masses.js";
import { Surface } from "../shared/surface.js";
import { paintWeights } from "./weights.js";

const STRIPS = {
  kl: { grow: 2.1, least: 130, paint: paintKl, curve: true },
  contrast: { grow: 0.8, least: 72, paint: paintContrast, curve: true },
  ess: { grow: 1.3, least: 92, paint: paintEss, curve: true },
  weights: { grow: 1, least: 84, paint: paintWeights },
  masses: { grow: 1.5, least: 112, paint: paintMasses },
};

export class Strips {
  /** @param {string[]} names which strips to show, in order */
  constructor(names) {
    this.node = element("div", { class: "strips" });
    this.pointers = {}; // pixels from the left, by strip; the curves share theirs
    this.strips = names.map((name) => this.#make(name));
  }

  /** Fits the canvases to their places; true when something changed. */
  resize() {
    const sizes = this.strips.map(({ place }) => [place.clientWidth, place.clientHeight]);
    return this.strips.map((s, i) => s.surface.resize(...sizes[i])).some(Boolean);
  }

  /** Puts a strip into another column; null brings it home. */
  move(name, column) {
    const { place } = this.strips.find((strip) => strip.name === name);
    if (place.parentNode !== (column ?? this.node)) (column ?? this.node).append(place);
  }

  /** Hides the strips of these names and shows the others. */
  hide(names) {
    for (const { name, place } of this.strips) place.hidden = names.has(name);
  }

  /** Whether a strip is shown. */
  shows(name) {
    return !this.strips.find((strip) => strip.name === name).place.hidden;
  }

  /** Draws all strips of a scene. */
  paint(scene, layers, theme) {
    const weightless = !scene.header.weighted;
    if (this.node.classList.toggle("weightless", weightless) !== this.weightless) {
      this.weightless = weightless;
      this.resize();
    }
    for (const { name, surface, paint, curve } of this.strips) {
      if (surface.width < 40 || surface.height < 20) continue;
      if (name === "ess" && weightless) paintWeightless(surface, theme, scene.header);
      else paint(surface, scene, theme, this.pointers[curve ? "curve" : name] ?? null, layers);
    }
  }

  /** Renews what a screen reader says about each strip. */
  describe(scene) {
    const { header } = scene;
    const what = header.images ? "Class" : "Mode";
    const words = {
      kl: `${describeKl(header)}: ${formatNumber(header.images ? header.kl_estimate : header.kl_exact)} nats`,
      contrast: "CD contrast: energy of the data minus energy of the walkers; not a loss",
      ess: `Effective sample size: ${formatShare(header.ess)} of the walkers`,
      weights: "Histogram of the walkers' log-weights",
      masses: header.masses ? `${what} masses. ${describeMasses(scene)}` : `${what} masses`,
    };
    for (const { name, surface } of this.strips) {
      setAttribute(surface.canvas, "aria-label", words[name]);
    }
  }

  #make(name) {
    const { grow, least, paint, curve } = STRIPS[name];
    const canvas = picture();
    const style = `flex:${grow} 1 ${least}px;min-height:${least}px`;
    const place = element("div", { class: `strip ${name}`, style }, canvas);
    this.node.append(place);
    const group = curve ? "curve" : name;
    canvas.addEventListener("pointermove", (event) => this.#point(group, event.offsetX));
    canvas.addEventListener("pointerleave", () => this.#point(group, null));
    return { name, place, paint, curve, surface: new Surface(canvas) };
  }

  #point(group, x) {
    this.pointers[group] = x;
    this.onpoint?.();
  }
}

function paintWeightless(surface, theme, { readsWalkers, methodLabel, methodHelp }) {
  const context = surface.clear();
  paintTitle(context, theme, surface.width, "Effective sample size");
  const role = readsWalkers ? "carry no weights" : "only show the model";
  const sentence = `These walkers ${role}: ${methodLabel} ${methodHelp}.`;
  paintSentence(context, theme, sentence, 26, surface.width);
}

function describeKl({ known, images, kl_exact_se: error }) {
  if (images) return "Cross-entropy of the model on the training images, estimated by the walkers";
  if (!known) return "Cross-entropy of the model on own points";
  return `KL divergence to the truth, ${error > 0 ? "sampled" : "exact"}`;
}
