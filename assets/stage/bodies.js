/** The bodies of the layouts: how the plane, the strips and the board stand together. */

import { element } from "./dom.js";

/**
 * The plane with its caption left, the strips right.
 * @param {HTMLElement} place of the plane
 * @param {import("./strips.js").Strips} strips
 * @param {import("./caption.js").Caption} [caption]
 */
export function planeBody(place, strips, caption) {
  const left = element("div", { class: "left" }, place);
  const body = element("div", { class: "body" }, left, strips.node);
  if (caption) left.append(caption.node);
  return { nodes: [body], body, left, place, caption: caption?.node };
}

/**
 * The board left; plane, class shares and the other strips right; the caption below.
 * @param {HTMLElement} place of the plane
 * @param {import("./strips.js").Strips} strips
 * @param {import("./caption.js").Caption} caption
 * @param {import("./board.js").Board} board
 */
export function imagesBody(place, strips, caption, board) {
  const upper = element("div", { class: "upper" }, place);
  const side = element("div", { class: "side" }, upper, strips.node);
  const body = element("div", { class: "body" }, board.node, side);
  strips.move("masses", upper);
  return { nodes: [body, caption.node], body, upper, place };
}
