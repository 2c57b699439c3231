/** Entry: the editor of a target. Its drawing goes to the page as the component's state. */

import { element, loadStyle, plural, setAttribute, setText } from "./shared/dom.js";
import { Drawing, LEAST_MASS, WIDTHS } from "./editor/drawing.js";
import { DrawingCanvas } from "./editor/canvas.js";
import { readTheme, withColors } from "./shared/theme.js";

const REACH = 8; // half the side of the plane, wider when the present modes need it
const FEWEST_POINTS = 50;
const HINTS = {
  modes: "Click to place a mode and drag it to move it; drag its ring or turn the wheel to resize it.",
  points: "Hold and move to spray points. Their density is unknown, so there is no exact KL(target ‖ model).",
};
const editors = new WeakMap();
let draft = null; // a drawing outlives a dialog that was closed by accident

/**
 * Renders the component; Streamlit calls it at each run of the script and on a change of theme.
 * @param {{parentElement: ParentNode, data: Object, setStateValue: Function}} component
 * @returns {function()} the clean-up
 */
export function render(component) {
  const root = component.parentElement;
  loadStyle(root, "editor.css", import.meta.url).then(() => {
    const host = root.querySelector(".editor");
    if (!host?.isConnected) return;
    if (!editors.has(host)) editors.set(host, new Editor(host, component.data));
    editors.get(host).render(component);
  });
  return () => {};
}

class Editor {
  constructor(host, { modes, mostModes, mostPoints }) {
    this.host = host;
    const start = JSON.stringify(modes);
    const far = Math.max(0, ...modes.map(([x, y, , std]) => Math.max(Math.abs(x), Math.abs(y)) + 2 * std));
    const limits = { mostModes, mostPoints, reach: Math.max(REACH, Math.ceil(far)) };
    if (draft?.start !== start) draft = { start, drawing: new Drawing(modes, limits) };
    this.drawing = draft.drawing;
    this.plane = new DrawingCanvas(this.drawing, () => this.show());
    this.#build();
    this.observer = new ResizeObserver(() => this.show());
    this.observer.observe(host);
  }

  render(component) {
    this.component = component;
    this.theme = withColors(readTheme(this.host), component.data.colors);
    this.show();
  }

  /** Shows the drawing as it is now. */
  show() {
    if (!this.theme || !this.host.clientWidth) return;
    const { drawing, host, plane } = this;
    const narrow = host.clientWidth < 560;
    plane.resize(Math.max(200, Math.min(host.clientWidth - (narrow ? 0 : 250), innerHeight - 300, 480)));
    plane.paint(this.theme);
    const { tool, count } = drawing;
    for (const [name, button] of Object.entries(this.tools)) setAttribute(button, "aria-pressed", String(name === tool));
    setText(this.hint, HINTS[tool]);
    const few = tool === "points" ? FEWEST_POINTS : 1;
    this.use.disabled = count < few;
    this.undo.disabled = drawing.past.length === 0;
    this.fields.hidden = tool === "points" || drawing.selected < 0;
    this.brush.hidden = tool === "modes";
    setText(this.summary, this.#summary(tool, count, few));
    const mode = drawing.modes[drawing.selected];
    if (mode) for (const [name, input] of Object.entries(this.inputs)) this.#fill(input, mode[name]);
    setText(this.name, `Mode ${drawing.selected + 1} of ${drawing.modes.length}`);
  }

  #summary(tool, count, few) {
    const { mostModes, mostPoints } = this.drawing.limits;
    if (tool === "points") {
      const need = count < few ? `, at least ${few} are needed` : count >= mostPoints ? ", the most there can be" : "";
      return plural(count, "point") + need;
    }
    if (count === 0) return "No modes yet: click on the plane.";
    return plural(count, "mode") + (count >= mostModes ? ", the most there can be" : "");
  }

  #fill(input, value) {
    if (input.getRootNode().activeElement !== input) input.value = String(Number(value.toFixed(3)));
  }

  #build() {
    const tool = (name, text) =>
      element("button", { type: "button", onclick: () => this.#choose(name) }, text);
    this.tools = { modes: tool("modes", "Gaussian modes"), points: tool("points", "Brush points") };
    const act = (text, work, kind = "") => element("button", { type: "button", class: kind, onclick: work }, text);
    this.undo = act("Undo", () => this.#change(() => this.drawing.undo(), false));
    const clear = act("Clear", () => this.#change(() => this.drawing.clear()));
    this.use = act("Use this target", () => this.#use(), "primary");
    this.hint = element("p", { class: "hint" });
    this.summary = element("p", { class: "summary", role: "status" });
    this.panel = element(
      "div",
      { class: "panel" },
      element("div", { class: "group", role: "group", "aria-label": "Tool" }, this.tools.modes, this.tools.points),
      this.hint,
      this.#modeFields(),
      this.#brushField(),
      element("div", { class: "row" }, this.undo, clear),
      this.summary,
      this.use,
    );
    this.host.replaceChildren(this.plane.canvas, this.panel);
  }

  #modeFields() {
    const { drawing } = this;
    const field = (text, set, least, most, step) => {
      const input = element("input", { type: "number", min: least, max: most, step, "aria-label": text });
      input.addEventListener("change", () => {
        if (Number.isFinite(input.valueAsNumber)) this.#change(() => set(input.valueAsNumber));
      });
      return input;
    };
    const mode = () => drawing.modes[drawing.selected];
    const { reach } = drawing.limits;
    this.inputs = {
      x: field("x", (x) => drawing.moveTo(x, mode().y), -reach, reach, 0.1),
      y: field("y", (y) => drawing.moveTo(mode().x, y), -reach, reach, 0.1),
      std: field("Width", (std) => drawing.resize(std), ...WIDTHS, 0.05),
      mass: field("Mass", (mass) => drawing.weigh(mass), LEAST_MASS, 1, 0.05),
    };
    this.name = element("b");
    const remove = element(
      "button",
      { type: "button", onclick: () => this.#change(() => drawing.remove()) },
      "Delete mode",
    );
    const labelled = Object.values(this.inputs).map((input) =>
      element("label", {}, input.getAttribute("aria-label"), input),
    );
    this.fields = element("div", { class: "fields" }, this.name, ...labelled, remove);
    return this.fields;
  }

  #brushField() {
    const input = element("input", { type: "range", min: 0.1, max: 1.5, step: 0.05, value: this.plane.brush });
    input.addEventListener("input", () => {
      this.plane.brush = input.valueAsNumber;
      this.show();
    });
    this.brush = element("label", { class: "brush" }, "Brush width", input);
    return this.brush;
  }

  #choose(tool) {
    this.drawing.tool = tool;
    this.show();
  }

  #change(work, remember = true) {
    if (remember) this.drawing.remember();
    work();
    this.show();
  }

  #use() {
    const id = Math.max(Date.now(), (this.lastId ?? 0) + 1);
    this.lastId = id;
    this.component.setStateValue("used", { id, ...this.drawing.result() });
  }
}
