/** The caption under the plane: one sentence whose words switch the layers. */

import { TRUTH_LEVELS } from "../plane/truth.js";
import { element, setAttribute, setText } from "../shared/dom.js";

const WORDS = {
  energy: "energy",
  isolines: "iso-lines",
  data: "data",
  walkers: "walkers",
  chains: "chains",
  means: "means",
  truth: "true density",
};
const HINTS = {
  energy: ({ field }) => `The energy U above its minimum, up to ${field.high} kT; bright is low`,
  isolines: ({ header }) => `Lines at ${list(header.isoLevels)} kT above the minimum`,
  data: () => "Training points",
  walkers: ({ header }) => `Langevin walkers; hollow grey rings are those that weigh less than ${header.hollowBelow}/N`,
  chains: ({ trails }) => `The last ${trails.length} positions of ${trails.chains} walkers`,
  means: () => "Model means as crosses, true modes as dashed rings of one standard deviation",
  truth: () => `Dashed lines of the true density at ${list(TRUTH_LEVELS)} kT below its highest value`,
};
const OUTSIDE = 0.001; // share of the model's mass that is worth a word when the quadrature misses it

/** The layers at the start. */
export function firstLayers() {
  const layers = Object.fromEntries(Object.keys(WORDS).map((name) => [name, true]));
  return { ...layers, truth: false, weighted: true };
}

/** The layers that are on, as one word list: what a link carries. */
export function writeLayers(layers) {
  const on = Object.keys(WORDS).filter((name) => layers[name]);
  return [...on, ...(layers.weighted ? ["weighted"] : [])].join(",") || "none";
}

/** Takes a list written by `writeLayers` into `layers`. */
export function readLayers(layers, names) {
  const on = new Set(names.split(","));
  for (const name of Object.keys(layers)) layers[name] = on.has(name);
}

export class Caption {
  /**
   * @param {Object<string, boolean>} layers changed in place by the buttons
   * @param {function(string)} changed called with the name of the layer
   */
  constructor(layers, changed) {
    this.layers = layers;
    this.buttons = {};
    const word = (name) => this.#button(name, WORDS[name], "", () => {
      layers[name] = !layers[name];
      changed(name);
    }, "word layer");
    const size = (weighted, text, hint) =>
      this.#button(text, text, hint, () => {
        layers.weighted = weighted;
        changed("weighted");
      });
    this.node = element("p", { class: "caption" });
    this.means = element("span", {}, ", ", word("means"));
    this.truth = element("span", {}, " and the ", word("truth"));
    this.node.append(
      "Showing ", word("energy"), " with ", word("isolines"), ", ", word("data"), ", ",
      word("walkers"), " sized ",
      size(true, "by weight", "Disc area ∝ N·w: the walkers as their weights count them"), " | ",
      size(false, "equally", "All discs the same size: the walkers without their weights"), ", ",
      word("chains"), this.means, this.truth, ".",
    );
    this.plane = element("span");
    this.node.append(this.plane);
    this.show();
  }

  /** Says what the plane is, where exact numbers come from, and what the walkers are for. */
  explain(scene) {
    const { header } = scene;
    for (const [name, hint] of Object.entries(HINTS)) setAttribute(this.buttons[name], "title", hint(scene));
    this.means.hidden = !header.means.length && !header.targetMeans?.length;
    this.truth.hidden = !header.known;
    setText(this.plane, [ofPlane(header), ofNumbers(header), ofWalkers(header)].join(""));
  }

  /** Shows which layers are on. */
  show() {
    for (const name of Object.keys(WORDS)) this.#press(name, this.layers[name]);
    this.#press("by weight", this.layers.weighted);
    this.#press("equally", !this.layers.weighted);
  }

  #button(name, text, hint, act, kind = "word") {
    const onclick = () => {
      act();
      this.show();
    };
    this.buttons[name] = element("button", { type: "button", class: kind, title: hint, onclick }, text);
    return this.buttons[name];
  }

  #press(name, on) {
    setAttribute(this.buttons[name], "aria-pressed", String(on));
  }
}

function ofPlane({ dim, images, whitened }) {
  if (images) {
    if (whitened) return ` The plane shows the first two of ${dim} principal directions, with the others at 0.`;
    return ` The plane shows the first two principal directions of ${dim} pixels, through the mean image.`;
  }
  if (dim === 1) return " One dimension: the height of a point has no meaning.";
  if (dim === 2) return "";
  return ` The plane shows the first two of ${dim} coordinates, with the others integrated out.`;
}

function ofNumbers({ quadrature, known, outside, images, whitened }) {
  if (images) {
    const where = whitened ? "in whitened coordinates" : "over the pixels";
    return ` Here log Z cannot be computed exactly: cross-entropies are estimates, ${where}.`;
  }
  if (!quadrature) return "";
  const missed = outside > OUTSIDE ? `, which misses ${formatPercent(outside)} of the model` : "";
  const unknown = known ? "" : " The density of your own points is unknown, so cross-entropy takes the place of KL(target ‖ model).";
  return ` Exact numbers come from quadrature${missed}.${unknown}`;
}

function ofWalkers({ readsWalkers, methodLabel }) {
  return readsWalkers ? "" : ` The walkers only show the model: ${methodLabel} learns without them.`;
}

/** Numbers as a list in words. */
function list(numbers) {
  return `${numbers.slice(0, -1).join(", ")} and ${numbers.at(-1)}`;
}

function formatPercent(share) {
  return `${(100 * share).toPrecision(2)}\u2009%`;
}
