/** The layouts: how the plane, the strips and the image board stand together, and what is hidden. */

import { Board } from "./images/board.js";
import { Tiles } from "./images/tiles.js";
import { Plane } from "./plane/plane.js";
import { element } from "./shared/dom.js";
import { Tooltip } from "./shared/tooltip.js";
import { Caption } from "./words/caption.js";

/** Layouts that end with the screen. */
export const SCREEN = ["full", "images"];

/**
 * The parts of a layout: plane with tooltip, caption and board where it has them.
 * @param {string} layout
 * @param {import("./strips/strips.js").Strips} strips
 * @param {Object<string, boolean>} layers
 * @param {{switched: function(), paintBoard: function()}} on called when a word of the caption was
 *   clicked, and when the board has to be painted
 */
export function bodyOf(layout, strips, layers, on) {
  if (layout === "tile") {
    const board = new TileBoard();
    return { board, parts: tileBody(board, strips) };
  }
  const plane = new Plane();
  const tooltip = new Tooltip();
  plane.area.append(tooltip.node);
  const place = element("div", { class: "plane-place" }, plane.node);
  const caption = SCREEN.includes(layout) ? new Caption(layers, on.switched) : undefined;
  if (layout !== "images") return { plane, tooltip, caption, parts: planeBody(place, strips, caption) };
  const board = new Board(on.paintBoard);
  return { plane, tooltip, caption, board, parts: imagesBody(place, strips, caption, board) };
}

/** A small board for one of several runs side by side: only the tiles. */
class TileBoard {
  constructor() {
    this.tiles = new Tiles();
    this.node = element("div", { class: "board" }, this.tiles.node);
  }

  /** Fits the tiles to their place; true when the canvas has another size now. */
  arrange() {
    const side = this.node.clientWidth;
    this.tiles.node.style.height = `${side}px`;
    return this.tiles.surface.resize(side, side);
  }

  /** Draws the tiles. */
  paint(scene, theme) {
    this.tiles.paint(scene, theme);
  }

  /** Renews what a screen reader says. */
  describe(scene) {
    if (scene.tiles) this.tiles.describe(scene);
  }
}

/** The tiles above the class shares. */
function tileBody(board, strips) {
  const body = element("div", { class: "body" }, board.node, strips.node);
  return { nodes: [body], body, board: board.node };
}

/**
 * The plane with its caption left, the strips right.
 * @param {HTMLElement} place of the plane
 * @param {import("./strips/strips.js").Strips} strips
 * @param {import("./words/caption.js").Caption} [caption]
 */
function planeBody(place, strips, caption) {
  const left = element("div", { class: "left" }, place);
  const body = element("div", { class: "body" }, left, strips.node);
  if (caption) left.append(caption.node);
  return { nodes: [body], body, left, place, caption: caption?.node };
}

/**
 * The board left; plane, class shares and the other strips right; the caption below.
 * @param {HTMLElement} place of the plane
 * @param {import("./strips/strips.js").Strips} strips
 * @param {import("./words/caption.js").Caption} caption
 * @param {import("./images/board.js").Board} board
 */
function imagesBody(place, strips, caption, board) {
  const upper = element("div", { class: "upper" }, place);
  const side = element("div", { class: "side" }, upper, strips.node);
  const body = element("div", { class: "body" }, board.node, side);
  strips.moveToPlane(upper);
  return { nodes: [body, caption.node], body, upper, place };
}

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
