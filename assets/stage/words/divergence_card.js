/** The card over the plane when a run has stopped by itself: what happened and two ways on. */

import { element, formatCount } from "../shared/dom.js";

export class DivergenceCard {
  /** @param {{send: function(Object), act: function(string)}} link */
  constructor(link) {
    this.title = element("h3");
    this.message = element("p");
    this.cause = element("p", { class: "cause" });
    const rewind = () => link.send({ do: "rewind", count: 50 });
    const halve = () => link.act("halve-step");
    this.node = element(
      "div",
      { class: "card", role: "alert", hidden: true },
      this.title,
      this.message,
      this.cause,
      element("button", { type: "button", class: "primary", onclick: rewind }, "Rewind 50 updates"),
      element("button", { type: "button", onclick: halve }, "Halve the step size"),
    );
  }

  /** Shows a divergence, or hides the card when it is null. */
  update(divergence) {
    const text = JSON.stringify(divergence ?? null);
    if (text === this.shown) return;
    this.shown = text;
    this.node.hidden = !divergence;
    if (!divergence) return;
    this.title.textContent = `Stopped at update ${formatCount(divergence.step)}: ${divergence.quantity}`;
    this.message.textContent = divergence.message;
    this.cause.textContent = `Likely cause: ${divergence.knob}`;
  }
}
