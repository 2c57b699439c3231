/** The transport bar: play, step, reset, seed and speed, with the numbers of the run. */

import { element, formatCount, formatNumber, formatShare, icon, setAttribute, setText } from "../shared/dom.js";
import { Key } from "./key.js";

const HOLD_MS = 400; // the button shows the click this long, then what the server says
const SPEEDS = [
  [1, "1/s", "One update per second"],
  [10, "10/s", "Ten updates per second"],
  [60, "60/s", "Sixty updates per second"],
  [null, "max", "As many updates per second as the machine allows"],
];
const ROLES = (...names) => names.map((name) => `[role='${name}']`).join();
const IGNORED = `input, textarea, select, [contenteditable='true'], ${ROLES("slider", "textbox")}`;
const ELSEWHERE = ROLES("dialog", "application"); // keys pressed there are not for the run
const COMPARED = ["cell", "tile"]; // one of several runs, which share a bar of their own
const PRESSABLE = `button, a[href], summary, ${ROLES("button", "tab", "radio", "option")}`;

export class Transport {
  /**
   * @param {{send: function(Object), act: function(string)}} link `send` takes a message for the
   *   run, `act` the name of a change of the spec
   * @param {"full"|"images"|"bar"|"mini"|"cell"|"tile"} layout
   */
  constructor(link, layout) {
    this.link = link;
    this.playing = false; // as the button shows it
    this.served = false; // as the server says
    this.heldUntil = 0;
    this.node = element("div", { class: "transport", role: "toolbar", "aria-label": "Run" });
    this.toggle = element("button", { type: "button", class: "play primary", onclick: () => this.flip() });
    this.toggleText = element("span");
    this.small = !["full", "images", "bar"].includes(layout);
    if (!COMPARED.includes(layout)) this.node.append(this.toggle);
    this.pill = element("span", { class: "pill", role: "status" });
    this.badges = element("span", { class: "badges" });
    if (!this.small) this.node.append(...this.#buttons(), this.#speeds());
    if (layout === "bar") this.key = new Key();
    this.node.append(this.badges, this.pill, this.key?.node ?? "", element("span", { class: "gap" }), this.#numbers(layout));
    this.#showPlaying(false);
    if (!this.small) {
      this.onkey = (event) => this.#key(event);
      window.addEventListener("keydown", this.onkey, true);
    }
  }

  /** Play or pause, shown at once. */
  flip() {
    const playing = !this.playing;
    this.heldUntil = performance.now() + HOLD_MS;
    setTimeout(() => this.#showPlaying(this.served), HOLD_MS);
    this.#showPlaying(playing);
    this.link.send({ do: playing ? "play" : "pause" });
  }

  /** Shows the numbers and the state of a frame. */
  update(header) {
    this.served = header.playing;
    if (performance.now() > this.heldUntil) {
      this.#showPlaying(header.playing);
      this.#showSpeed(header.cap ?? null);
    }
    const { values } = this;
    if (header.step === undefined) return;
    setText(values.kl, formatNumber(header.images ? header.kl_estimate : header.kl_exact));
    setText(this.klLabel, klLabel(header, this.small));
    if (values.ess) setText(values.ess, header.weighted ? formatShare(header.ess) : "–");
    if (values.step) setText(values.step, formatCount(header.step));
    if (!values.speed) return;
    setText(values.speed, header.playing ? formatCount(header.speed ?? 0) : "0");
    setText(this.device, `updates/s, ${header.device}`);
  }

  /** Shows a state that needs a word, such as "reconnecting"; empty hides it. */
  say(text) {
    setText(this.pill, text);
  }

  /** Shows warnings that belong to the run. */
  warn(badges) {
    const text = badges.join("\n");
    if (text === this.warned) return;
    this.warned = text;
    this.badges.replaceChildren(...badges.map((b) => element("span", { class: "badge" }, b)));
  }

  /** Hides the numbers of these names and shows the others. */
  hide(names) {
    for (const [name, value] of Object.entries(this.values)) value.parentNode.hidden = names.has(name);
  }

  /** Stops listening to the keyboard. */
  close() {
    if (this.onkey) window.removeEventListener("keydown", this.onkey, true);
  }

  #step(count) {
    this.link.send({ do: "step", count });
  }

  #buttons() {
    const { link } = this;
    const button = (content, hint, onclick) =>
      element("button", { type: "button", title: hint, "aria-label": hint, onclick }, content);
    return [
      element(
        "span",
        { class: "group" },
        button(icon("step"), "One update (→)", () => this.#step(1)),
        button("×10", "Ten updates", () => this.#step(10)),
        button("×100", "A hundred updates", () => this.#step(100)),
      ),
      element(
        "span",
        { class: "group" },
        button(icon("reset"), "Start again with the same seed (R)", () => link.send({ do: "reset" })),
        button(icon("die"), "Start again with a new seed", () => link.act("new-seed")),
      ),
    ];
  }

  #speeds() {
    const group = element("span", { class: "group speeds", role: "group", "aria-label": "Speed" });
    this.speeds = SPEEDS.map(([value, text, hint]) => {
      const onclick = () => {
        this.heldUntil = performance.now() + HOLD_MS;
        this.#showSpeed(value);
        this.link.send({ do: "speed", value });
      };
      const button = element("button", { type: "button", title: hint, onclick }, text);
      group.append(button);
      return { value, button };
    });
    this.#showSpeed(null);
    return group;
  }

  #showSpeed(cap) {
    for (const { value, button } of this.speeds ?? []) {
      setAttribute(button, "aria-pressed", String(value === cap));
    }
  }

  #numbers(layout) {
    this.values = {};
    const number = (name, unit) => {
      this.values[name] = element("b", {}, "–");
      const label = element("span", {}, unit);
      if (name === "speed") this.device = label;
      if (name === "kl") this.klLabel = label;
      return element("div", { class: `number ${name}` }, this.values[name], label);
    };
    const shown = element("div", { class: "numbers" });
    const kl = number("kl", "KL(target ‖ model), nats");
    if (layout === "mini") shown.append(kl);
    else shown.append(number("step", "update"), kl, number("ess", "ESS/N"));
    if (!this.small) shown.append(number("speed", "updates/s"));
    return shown;
  }

  #showPlaying(playing) {
    if (playing === this.playing && this.toggle.childNodes.length) return;
    this.playing = playing;
    const text = playing ? "Pause" : "Play";
    setText(this.toggleText, text);
    this.toggle.replaceChildren(icon(playing ? "pause" : "play"), this.toggleText);
    setAttribute(this.toggle, "title", `${text} (space)`);
    setAttribute(this.toggle, "aria-label", text);
  }

  #key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || !this.node.isConnected) return;
    const path = event.composedPath();
    const [target] = path;
    if (target.matches?.(IGNORED) || path.some((node) => node.matches?.(ELSEWHERE))) return;
    const own = this.node.contains(target);
    const pressable = target.closest?.(PRESSABLE);
    const once = (act) => event.repeat || act(); // a key held down repeats only what costs little
    if (event.key === " " && !pressable) once(() => this.flip());
    else if (event.key === "ArrowRight" && (own || !pressable)) this.#step(1);
    else if (event.key.toLowerCase() === "r" && !event.shiftKey) once(() => this.link.send({ do: "reset" }));
    else if (!(event.key === "Enter" && own && event.repeat)) return;
    event.preventDefault();
    event.stopImmediatePropagation();
  }
}

function klLabel({ known, images, kl_estimate: estimate, kl_exact_se: error }, small) {
  if (images) return estimate === null ? "cross-entropy: by AIS" : "cross-entropy ≈, nats";
  const name = known ? "KL(target ‖ model)" : "cross-entropy";
  if (error > 0) return `${name} ± ${formatNumber(2 * error)}, nats`;
  return known && !small ? `${name} exact, nats` : `${name}, nats`;
}
