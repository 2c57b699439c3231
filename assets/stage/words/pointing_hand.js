/** A hand on the part of a stage that a lesson speaks of: an outline, and an icon with two words. */

import { element } from "../shared/dom.js";

const PLACES = {
  plane: ".plane-area",
  images: ".tiles",
  transport: ".transport",
};
const HAND =
  '<svg viewBox="0 0 24 24" width="16" height="16" fill="none" stroke="currentColor" stroke-width="2" ' +
  'stroke-linecap="round" stroke-linejoin="round" aria-hidden="true"><path d="M9 13V4.5a1.5 1.5 0 0 1 3 0V11' +
  "l5.6 1.1A3 3 0 0 1 20 15.1l-.4 2.6A5 5 0 0 1 14.7 22h-1.9a5 5 0 0 1-3.9-1.9L4.6 15.2a1.6 1.6 0 0 1 2.3-2.2z" +
  '"/></svg>';

/**
 * Marks one part and no other.
 * @param {HTMLElement} host the stage
 * @param {string} [name] "plane", "images", "transport" or the name of a strip; none takes it away
 */
export function pointAt(host, name) {
  const place = name ? host.querySelector(PLACES[name] ?? `[data-strip="${name}"]`) : null;
  for (const old of host.querySelectorAll(".pointed")) {
    if (old === place) return;
    old.classList.remove("pointed");
    old.querySelector(":scope > .hand")?.remove();
  }
  if (!place) return;
  const hand = element("span", { class: "hand" });
  hand.innerHTML = HAND;
  hand.append("look here");
  place.classList.add("pointed");
  place.append(hand);
}
