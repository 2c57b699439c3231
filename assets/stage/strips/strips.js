/** The strips: live plots beside the plane, each defined in a module of its own. */

import { element, picture, setAttribute } from "../shared/dom.js";
import { Surface } from "../shared/surface.js";
import { contrast } from "./contrast.js";
import { ess } from "./ess.js";
import { kl } from "./kl.js";
import { masses } from "./masses.js";
import { weights } from "./weights.js";

/**
 * @typedef {Object} Strip
 * @property {string} name as in PANELS of pages/common/tab/display.py, which can hide it
 * @property {string[]} layouts in which it stands
 * @property {number} grow its share of the height that is left
 * @property {number} least height in pixels
 * @property {Object<string, number>} [leastIn] the least height in layouts where it differs
 * @property {number} [narrow] height where everything stands below each other, if not the usual one
 * @property {number} [withPlane] height at which it may leave its column and stand by the plane
 * @property {number} [weightless] height while the walkers carry no weights, 0 to hide it
 * @property {"first"|"second"} [givesWay] on a low screen
 * @property {boolean} [curve] whether it shares the pointer with the other curves
 * @property {function(Surface, Scene, Object, {pointer: number|null, layers: Object, together: Scene[]})} paint
 *   draws a scene in a theme; `pointer` is in pixels from the left, `together` are the scenes of all
 *   runs side by side, none for a run alone
 * @property {function(Scene): string} label what a screen reader says
 */

/** All strips, in order. */
const STRIPS = [kl, contrast, ess, weights, masses];

export class Strips {
  /** @param {string} layout whose strips are shown */
  constructor(layout) {
    this.node = element("div", { class: "strips" });
    this.pointers = {}; // pixels from the left, by strip; the curves share theirs
    this.strips = STRIPS.filter((strip) => strip.layouts.includes(layout)).map((strip) => this.#make(strip, layout));
  }

  /** Fits the canvases to their places; true when something changed. */
  resize() {
    const sizes = this.strips.map(({ place }) => [place.clientWidth, place.clientHeight]);
    return this.strips.map((s, i) => s.surface.resize(...sizes[i])).some(Boolean);
  }

  /** The height that the strips need which are shown and may stand by the plane; 0 for none. */
  get heightWithPlane() {
    return this.strips.reduce((sum, { withPlane = 0, place }) => sum + (place.hidden ? 0 : withPlane), 0);
  }

  /** Puts the strips that may stand by the plane into its column; null brings them home. */
  moveToPlane(column) {
    const goal = column ?? this.node;
    for (const { withPlane, place } of this.strips) {
      if (withPlane && place.parentNode !== goal) goal.append(place);
    }
  }

  /** Hides the strips of these names and shows the others. */
  hide(names) {
    for (const { name, place } of this.strips) place.hidden = names.has(name);
  }

  /** Draws all strips of a scene; `together`: those of all runs side by side. */
  paint(scene, layers, theme, together) {
    const weightless = !scene.header.weighted;
    if (this.node.classList.toggle("weightless", weightless) !== this.weightless) {
      this.weightless = weightless;
      this.resize();
    }
    for (const { surface, paint, group } of this.strips) {
      if (surface.width < 40 || surface.height < 20) continue;
      paint(surface, scene, theme, { pointer: this.pointers[group] ?? null, layers, together });
    }
  }

  /** Renews what a screen reader says about each strip. */
  describe(scene) {
    for (const { label, surface } of this.strips) setAttribute(surface.canvas, "aria-label", label(scene));
  }

  #make(strip, layout) {
    const { name, grow, least, leastIn = {}, narrow, weightless, givesWay = null, curve } = strip;
    const canvas = picture();
    const place = element("div", { class: "strip", "data-strip": name, "data-gives-way": givesWay }, canvas);
    place.style.setProperty("--grow", grow);
    place.style.setProperty("--least", `${leastIn[layout] ?? least}px`);
    if (narrow) place.style.setProperty("--narrow", `${narrow}px`);
    if (weightless !== undefined) {
      place.dataset.weightless = weightless;
      place.style.setProperty("--weightless", `${weightless}px`);
    }
    this.node.append(place);
    const group = curve ? "curve" : name;
    canvas.addEventListener("pointermove", (event) => this.#point(group, event.offsetX));
    canvas.addEventListener("pointerleave", () => this.#point(group, null));
    return { ...strip, place, group, surface: new Surface(canvas) };
  }

  #point(group, x) {
    this.pointers[group] = x;
    this.onpoint?.();
  }
}
