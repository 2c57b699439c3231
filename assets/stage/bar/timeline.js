/** The timeline under a stage: looks back at recorded pictures, plays them, branches a new run. */

import { element, formatCount, icon, setAttribute, setText } from "../shared/dom.js";

const PACES = [ // recorded pictures per second, as words
  [5, "½×"],
  [10, "1×"],
  [20, "2×"],
  [40, "4×"],
];

export class Timeline {
  /**
   * @param {{send: function(Object), act: function(string, Object)}} link `send` takes a message
   *   for the run, `act` the name of a change that the page makes
   * @param {{branch: boolean}} options whether a new run may start from a recorded picture
   */
  constructor(link, { branch }) {
    this.link = link;
    this.steps = [];
    this.look = null; // the recorded update in sight; null: the run itself
    this.pace = 10;
    this.waiting = false; // for the picture asked for last
    this.playButton = this.#button("", "Play the recorded pictures", () => this.#flip());
    this.slider = element("input", {
      type: "range", min: "0", max: "0", value: "0", "aria-label": "Recorded update", title: "Look back at an earlier update",
      oninput: () => this.#scrub(Number(this.slider.value)),
    });
    this.label = element("span", { class: "when" });
    this.live = this.#button("Live", "Back to the run as it is now", () => this.leave());
    this.branch = this.#button("Branch", "Start a new run from this update", () => {
      this.link.act("branch", { step: this.look });
      this.leave();
    });
    this.branch.hidden = !branch;
    this.node = element(
      "div", { class: "timeline", role: "group", "aria-label": "Timeline" },
      this.playButton, this.slider, this.label, this.#paces(), this.live, this.branch,
    );
    this.#show();
  }

  /** Takes the header of a frame. */
  update(header) {
    this.waiting = false;
    this.running = header.playing;
    if (header.tape) this.steps = header.tape;
    if (!header.recorded) this.last = header.step;
    if (this.look !== null && this.steps.length === 0) this.leave();
    this.#show();
  }

  /** Goes back to the run itself. */
  leave() {
    this.#stop();
    if (this.look === null) return;
    this.look = null;
    this.link.send({ do: "live" });
    this.#show();
  }

  /** Ends the playing of pictures; called when the stage goes. */
  close() {
    this.#stop();
  }

  #button(text, hint, onclick) {
    return element("button", { type: "button", title: hint, "aria-label": hint, onclick }, text);
  }

  #paces() {
    const onchange = (event) => {
      this.pace = Number(event.target.value);
      if (this.timer) {
        this.#stop();
        this.#play();
      }
    };
    const options = PACES.map(([pace, text]) => element("option", { value: pace, selected: pace === this.pace }, text));
    const hint = "Speed of the recorded pictures; 1× shows ten a second";
    return element("select", { title: hint, "aria-label": hint, onchange }, ...options);
  }

  #scrub(index) {
    const { steps } = this;
    if (index >= steps.length - 1 && !this.timer) this.leave();
    else this.#lookAt(index);
  }

  #lookAt(index) {
    if (this.look === null && this.running) this.link.send({ do: "pause" });
    this.look = this.steps[index];
    this.waiting = true;
    this.link.send({ do: "scrub", step: this.look });
    this.#show();
  }

  #flip() {
    if (this.timer) this.#stop();
    else this.#play();
    this.#show();
  }

  #play() {
    if (this.steps.length < 2) return;
    if (this.look === null) this.#lookAt(0);
    this.timer = setInterval(() => {
      if (this.waiting) return; // one picture in flight, as with the live ones
      const next = this.#index() + 1;
      if (next >= this.steps.length) this.leave();
      else this.#lookAt(next);
    }, 1000 / this.pace);
  }

  #stop() {
    clearInterval(this.timer);
    this.timer = null;
    this.#show();
  }

  #index() {
    const found = this.steps.findLastIndex((step) => step <= this.look);
    return Math.max(0, found);
  }

  #show() {
    const { steps, look, slider } = this;
    const live = look === null;
    slider.max = String(Math.max(0, steps.length - 1));
    slider.value = live ? slider.max : String(this.#index());
    const end = formatCount(this.last ?? steps.at(-1) ?? 0);
    const text = live ? `update ${end}, live` : `update ${formatCount(look)} of ${end}`;
    setText(this.label, text);
    setAttribute(slider, "aria-valuetext", text);
    slider.disabled = steps.length < 2;
    this.playButton.disabled = steps.length < 2;
    this.live.disabled = this.branch.disabled = live;
    const shown = this.timer ? "pause" : "play";
    if (this.shown === shown) return;
    this.shown = shown;
    this.playButton.replaceChildren(icon(shown));
    setAttribute(this.playButton, "aria-label", this.timer ? "Stop the recorded pictures" : "Play the recorded pictures");
  }
}
