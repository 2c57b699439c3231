/** The arrangement of the full layout: all of it fits the screen, the plane stays square. */

import { zoomOf } from "./shared/surface.js";

const AXES = { left: 30, bottom: 20 };
const GAP = 8;
const SHARES = [0.5, 0.58]; // least and largest part of the width for the plane's column
const FOOT = 24; // free below the stage, as in stage.css
const SHORT = 630; // below this height the strips do not all fit; below the next only three do
const SHORTER = 540;

/**
 * Gives the stage the place where it starts on the page, so that it ends with the screen, and marks
 * it where that leaves too little height for everything.
 * @param {HTMLElement} host
 */
export function measureTop(host) {
  const scroller = host.getRootNode().host?.closest(".stMain") ?? document.scrollingElement;
  const zoom = zoomOf(host);
  const top = Math.max(0, Math.round(host.getBoundingClientRect().top / zoom + (scroller?.scrollTop ?? 0)));
  const free = innerHeight / zoom - top - FOOT;
  host.style.setProperty("--stage-top", `${top}px`);
  host.classList.toggle("short", free < SHORT);
  host.classList.toggle("shorter", free < SHORTER);
}

/**
 * Divides the width; on a high screen the strips that may do so go below the plane.
 * @param {{body: HTMLElement, left: HTMLElement, place: HTMLElement, caption: HTMLElement}} parts
 * @param {import("./strips/strips.js").Strips} strips
 */
export function arrange({ body, left, place, caption }, strips) {
  body.style.gridTemplateColumns = "";
  place.style.flex = "";
  if (getComputedStyle(body).display !== "grid") {
    strips.moveToPlane(null);
    return;
  }
  const { clientWidth: width, clientHeight: height } = body;
  const [least, largest] = SHARES.map((share) => share * width);
  const free = height - caption.offsetHeight - GAP - AXES.bottom + AXES.left;
  const room = free - GAP - strips.heightWithPlane; // for the plane with those strips below it
  const below = strips.heightWithPlane > 0 && room >= least;
  const column = Math.round(Math.max(least, Math.min(largest, below ? room : free)));
  body.style.gridTemplateColumns = `${column}px minmax(0, 1fr)`;
  const tall = Math.min(column - AXES.left + AXES.bottom, height - caption.offsetHeight - GAP);
  place.style.flex = `0 0 ${tall}px`;
  strips.moveToPlane(below ? left : null);
}
