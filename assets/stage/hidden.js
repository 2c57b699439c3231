/** Panels that the page does not show, such as what a class has still to predict. */

/**
 * Hides these panels of a stage, with the numbers that they are about, and shows all others.
 * @param {import("./stage.js").Stage} stage
 * @param {string[]} [names] as in pages/common/tab/display.py; none where the page does not say
 * @returns {Set<string>|undefined} the names
 */
export function hide({ strips, transport, timeline }, names) {
  if (!names) return undefined;
  const hidden = new Set(names);
  strips.hide(hidden);
  transport.hide(hidden);
  if (timeline) timeline.node.hidden = hidden.has("timeline");
  return hidden;
}
