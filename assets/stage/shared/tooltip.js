/** The tooltip of a walker: its number, position, energy and weight, below what pictures it. */

import { element, formatNumber, setText } from "./dom.js";

const APART = 16; // pixels between the marked thing and the tooltip
const EDGE = 4;

/** The lines about a walker of the plane. */
export function walkerLines({ id, x, y, energy, weight }) {
  return [
    `walker ${id}`,
    `x = (${formatNumber(x)}, ${formatNumber(y)})`,
    `U = ${formatNumber(energy)}`,
    `N·w = ${formatNumber(weight)}`,
  ];
}

export class Tooltip {
  /** @param {...Node} pictures what stands above the lines */
  constructor(...pictures) {
    this.lines = element("div");
    this.node = element("div", { class: "tooltip", hidden: true }, ...pictures, this.lines);
  }

  /**
   * Shows lines beside a point of a place that is `width` pixels wide.
   * @param {string[]} lines
   * @param {{x: number, y: number, reach?: number}} at `reach` is how wide the marked thing is
   */
  show(lines, at, width) {
    this.node.hidden = false;
    setText(this.lines, lines.join("\n"));
    const apart = APART + (at.reach ?? 0);
    const wide = this.node.offsetWidth;
    const fits = at.x + apart + wide <= width;
    const left = Math.max(EDGE, fits || at.x < apart + wide ? at.x + apart : at.x - apart - wide);
    const top = Math.max(EDGE, at.y - 44);
    this.node.style.transform = `translate(${left}px, ${top}px)`;
  }

  hide() {
    this.node.hidden = true;
  }
}
