/** How far the masses of a model are off, in words: what the bars of several runs are compared for. */

import { formatShare } from "../shared/dom.js";

const FAR = 0.05; // a mode that is further off is named
const EQUAL = 1e-3; // of two that are as far off the one that the model lacks is named

/**
 * The mode of which the model is furthest off, or that none is far off; "" while that is not known.
 * @param {{weighted: boolean, images: boolean, classNames: string[]}} header
 * @param {Object<string, number[]>} masses truth, model, raw and weighted by mode
 */
export function verdict({ weighted, images, classNames }, masses) {
  const worst = furthest(masses);
  if (!worst) return "";
  const { mode, lack } = worst;
  if (!isFarOff(masses)) return `The model has every mass right to within ${formatShare(Math.max(0.01, Math.abs(lack)))}.`;
  const name = images ? `Class ${classNames[mode]}` : `Mode ${mode + 1}`;
  const walkers = masses[weighted ? "weighted" : "raw"][mode];
  const verb = lack > 0 ? "keeps" : "has";
  const kept = `${name}, truth ${formatShare(masses.truth[mode])}: the model ${verb} ${formatShare(masses.model[mode])}`;
  return walkers === null ? `${kept}.` : `${kept}, its walkers ${formatShare(walkers)}.`;
}

/** Whether the masses of the model are known to be wrong. */
export function isFarOff(masses) {
  return Math.abs(furthest(masses)?.lack ?? 0) > FAR;
}

function furthest({ truth, model }) {
  let worst = null;
  truth.forEach((mass, mode) => {
    if (mass === null || model[mode] === null) return;
    const lack = mass - model[mode];
    const further = Math.abs(lack) - Math.abs(worst?.lack ?? 0);
    if (!worst || further > EQUAL || (further > -EQUAL && lack > worst.lack)) worst = { mode, lack };
  });
  return worst;
}
