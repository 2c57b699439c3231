/**
 * Lockstep: stages that are compared show the same update at the same moment.
 *
 * Their runs go in lockstep, but each frame comes by a socket of its own. A frame of a playing run
 * waits here until the frames of the same update have come for the others. None is dropped, since a
 * frame holds only what has changed; one that waits is not acknowledged, so no run gets ahead.
 */

const PATIENCE_MS = 150; // after that a frame no longer waits for one that may never come
const held = new Map(); // stage → {frame, timer}

/**
 * Shows a frame at once, or as soon as the other stages have one of the same update.
 * @param {import("../stage.js").Stage} stage
 * @param {{header: Object, arrays: Object}} frame as `parse` returns it
 */
export function arrive(stage, frame) {
  show(stage);
  if (!stage.group || !frame.header.playing || frame.header.step === undefined) {
    stage.receive(frame);
    return;
  }
  held.set(stage, { frame, timer: setTimeout(() => show(stage), PATIENCE_MS) });
  const waited = waitedFor(stage).map((one) => [one, held.get(one)?.frame.header.step]);
  const newest = Math.max(...waited.map(([, step]) => step ?? 0));
  const complete = waited.every(([, step]) => step === newest);
  for (const [one, step] of waited) {
    if (complete || step < newest) show(one); // one that is behind needs its next frame
  }
}

/** Forgets the frame of a stage that leaves the page. */
export function leave(stage) {
  clearTimeout(held.get(stage)?.timer);
  held.delete(stage);
}

/** The stages whose frames are waited for; a run that has stopped by itself sends no more. */
function waitedFor(stage) {
  const plays = ({ scene }) => scene.header.playing && !scene.header.divergence;
  return [...globalThis.ebmStages].filter((one) => one === stage || (one.group === stage.group && plays(one)));
}

function show(stage) {
  const waiting = held.get(stage);
  if (!waiting) return;
  leave(stage);
  stage.receive(waiting.frame);
}
