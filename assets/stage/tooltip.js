/** The tooltip of a walker: its number, position, energy and weight. */

import { element, formatNumber } from "./dom.js";

const WIDE = 150; // pixels that a tooltip may take

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
  constructor() {
    this.node = element("div", { class: "tooltip", hidden: true });
  }

  /**
   * Shows lines beside a point of a place that is `width` pixels wide.
   * @param {string[]} lines
   * @param {{x: number, y: number, reach?: number}} at `reach` is how wide the marked thing is
   */
  show(lines, at, width) {
    this.node.hidden = false;
    this.node.textContent = lines.join("\n");
    const reach = at.reach ?? 0;
    const side = at.x > width - WIDE - 20 ? -WIDE - reach : 16 + reach;
    this.node.style.transform = `translate(${at.x + side}px, ${Math.max(4, at.y - 44)}px)`;
  }

  hide() {
    this.node.hidden = true;
  }
}
