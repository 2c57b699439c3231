/** A drawing: Gaussian modes or painted points, with undo. Knows no page and no pixels. */

export const WIDTHS = [0.1, 3]; // standard deviations that can be drawn
export const LEAST_MASS = 0.001;
const REMEMBERED = 100; // states that undo can go back to

export class Drawing {
  /**
   * @param {number[][]} modes rows x, y, mass, std
   * @param {{mostModes: number, mostPoints: number, reach: number}} limits `reach`: half the side
   *   of the square that can be drawn on
   */
  constructor(modes, limits) {
    this.limits = limits;
    this.modes = modes.map(([x, y, mass, std]) => ({ x, y, mass, std }));
    this.points = []; // [x, y]
    this.tool = "modes"; // or "points"
    this.selected = this.modes.length ? 0 : -1;
    this.past = [];
  }

  /** What is used and counted: modes or points. */
  get count() {
    return this[this.tool].length;
  }

  /** Remembers the present state; call it before a change that undo takes back as one. */
  remember() {
    const { modes, points, tool, selected } = this;
    this.past.push({ modes: modes.map((m) => ({ ...m })), points: [...points], tool, selected });
    if (this.past.length > REMEMBERED) this.past.shift();
  }

  /** Goes back to the state remembered last; false when there is none. */
  undo() {
    const state = this.past.pop();
    if (state) Object.assign(this, state);
    return Boolean(state);
  }

  /** Places a mode that takes an equal share of the mass, and selects it; false when full. */
  add(x, y) {
    const count = this.modes.length;
    if (count >= this.limits.mostModes) return false;
    const share = 1 / (count + 1);
    for (const mode of this.modes) mode.mass *= 1 - share;
    const std = this.modes[this.selected]?.std ?? 0.7;
    this.modes.push({ ...this.#inside(x, y), mass: share, std });
    this.selected = count;
    return true;
  }

  /** Moves the selected mode to a point. */
  moveTo(x, y) {
    Object.assign(this.modes[this.selected], this.#inside(x, y));
  }

  /** Gives the selected mode a standard deviation, within the limits. */
  resize(std) {
    const [least, most] = WIDTHS;
    this.modes[this.selected].std = Math.min(Math.max(std, least), most);
  }

  /** Gives the selected mode a mass; the others share the rest as before. */
  weigh(mass) {
    const { modes, selected } = this;
    if (modes.length < 2) return;
    const room = 1 - LEAST_MASS * (modes.length - 1);
    const wanted = Math.min(Math.max(mass, LEAST_MASS), room);
    const rest = 1 - modes[selected].mass;
    for (const mode of modes) mode.mass *= (1 - wanted) / rest;
    modes[selected].mass = wanted;
  }

  /** Removes the selected mode; the others take over its mass. */
  remove() {
    const [gone] = this.modes.splice(this.selected, 1);
    for (const mode of this.modes) mode.mass /= 1 - gone.mass;
    this.selected = Math.min(this.selected, this.modes.length - 1);
  }

  /** Sprays points around a place; `random` gives normal numbers. */
  spray(x, y, { radius, count, random }) {
    const room = this.limits.mostPoints - this.points.length;
    for (let i = 0; i < Math.min(count, room); i++) {
      const at = this.#inside(x + radius * random(), y + radius * random());
      this.points.push([at.x, at.y]);
    }
  }

  /** Takes everything of the present tool away. */
  clear() {
    this[this.tool] = [];
    this.selected = -1;
  }

  /** What goes to the server. */
  result() {
    if (this.tool === "points") return { kind: "points", points: this.points };
    return { kind: "modes", modes: this.modes.map(({ x, y, mass, std }) => [x, y, mass, std]) };
  }

  #inside(x, y) {
    const { reach } = this.limits;
    const cut = (v) => Math.round(100 * Math.min(Math.max(v, -reach), reach)) / 100;
    return { x: cut(x), y: cut(y) };
  }
}
