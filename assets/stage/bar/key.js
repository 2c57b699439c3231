/** The key of the mass bars: one for all runs side by side, in their shared bar. */

import { element } from "../shared/dom.js";

export class Key {
  constructor() {
    this.node = element("span", { class: "key", role: "note", "aria-label": "Colours of the mass bars" });
  }

  /**
   * Shows these readings.
   * @param {{name: string, color: string, hollow?: boolean, dashed?: boolean}[]} entries
   */
  show(entries) {
    const text = JSON.stringify(entries);
    if (text === this.shown) return;
    this.shown = text;
    this.node.replaceChildren("Masses, 0 to 1:", ...entries.map(sample));
  }
}

function sample({ name, color, hollow, dashed }) {
  const swatch = element("i", { class: ["swatch", hollow && "hollow", dashed && "dashed"].filter(Boolean).join(" ") });
  swatch.style.color = color;
  return element("span", {}, swatch, name);
}
