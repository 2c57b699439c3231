/** What a screen reader says about the run, renewed every few seconds, and the words of its state. */

import { formatNumber, formatShare, setAttribute } from "../shared/dom.js";

const EVERY_MS = 8000;

/** Tells when to speak again. */
export class Timer {
  constructor() {
    this.last = -EVERY_MS;
  }

  /** Whether it is time; if so, the next wait begins. */
  due(now) {
    if (now - this.last < EVERY_MS) return false;
    this.last = now;
    return true;
  }
}

/** Renews every text of a stage that is heard but not seen. */
export function speak({ scene, spoken, strips, board, plane, hidden }) {
  const { header } = scene;
  spoken.textContent = describeRun(header, hidden);
  strips.describe(scene);
  board?.describe(scene);
  if (plane) setAttribute(plane.base.canvas, "aria-label", describePlane(header));
}

/** The run in one sentence, without what the page hides. */
function describeRun({ step, kl_exact: exact, kl_estimate: estimate, images, known, ess, weighted }, hidden) {
  const kl = images ? estimate : exact;
  const numbers = [`Update ${step}`];
  if (!hidden.has("kl")) numbers.push(`${known ? "KL(target ‖ model)" : "cross-entropy"} ${formatNumber(kl)} nats`);
  if (weighted && !hidden.has("ess")) numbers.push(`effective sample size ${formatShare(ess)}`);
  return `${numbers.join(", ")}.`;
}

/** The plane in up to three sentences. */
function describePlane({ walkers, means, targetMeans }) {
  const place = ([x, y]) => `(${formatNumber(x)}, ${formatNumber(y)})`;
  const all = (name, points) => (points.length ? ` ${name} at ${points.map(place).join(", ")}.` : "");
  const modes = all("Model means", means) + all("True modes", targetMeans);
  return `Energy landscape with ${walkers} walkers.${modes}`;
}

/** The state of the link or of the run when it needs a word, else "". */
export function describeState(header, link) {
  if (link === "expired") return "expired: reload the page";
  if (link === "reconnecting") return "reconnecting";
  if (header.queue > 0) return `queued: ${ordinal(header.queue)}`;
  if (header.notice || header.snapshotNotice) return header.notice || header.snapshotNotice;
  if (header.step === undefined) return "starting";
  if (header.recorded) return "looking back";
  return link === "compatibility" ? "compatibility mode" : "";
}

/** Warnings that belong to the run. */
export function describeWarnings({ temperature, correction }) {
  const warnings = [];
  if (temperature !== undefined && temperature !== 1) {
    warnings.push(`T = ${temperature}: chains sample exp(−U/T)`);
  }
  if (correction === false) warnings.push("weights without correction: biased on purpose");
  return warnings;
}

function ordinal(n) {
  const ending = n % 100 > 10 && n % 100 < 14 ? "th" : (["th", "st", "nd", "rd"][n % 10] ?? "th");
  return `${n}${ending}`;
}
