/** The tooltip of a walker: its number, position, energy and weight. */

import { element, formatNumber } from "./dom.js";

export class Tooltip {
  constructor() {
    this.node = element("div", { class: "tooltip", hidden: true });
  }

  /** Shows the facts beside a point of the plane. */
  show({ id, x, y, energy, weight }, at, width) {
    this.node.hidden = false;
    const lines = [
      `walker ${id}`,
      `x = (${formatNumber(x)}, ${formatNumber(y)})`,
      `U = ${formatNumber(energy)}`,
      `N·w = ${formatNumber(weight)}`,
    ];
    this.node.textContent = lines.join("\n");
    const side = at.x > width - 170 ? -150 : 16;
    this.node.style.transform = `translate(${at.x + side}px, ${Math.max(4, at.y - 44)}px)`;
  }

  hide() {
    this.node.hidden = true;
  }
}
