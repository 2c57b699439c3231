/** Glide: how far the walkers are on their way from one frame to the next. */

const SHORTEST_MS = 16;
const LONGEST_MS = 250;

export class Glide {
  constructor() {
    this.began = 0;
    this.duration = 60;
    this.arrived = true;
    this.lastFrame = 0;
    this.query = matchMedia("(prefers-reduced-motion: reduce)");
  }

  /** Whether the reader asked for less motion. */
  get reduced() {
    return this.query.matches;
  }

  /** Starts towards a new frame; with `jump` the walkers are there already. */
  start(jump) {
    const now = performance.now();
    const between = now - this.lastFrame;
    this.lastFrame = now;
    if (between < 2 * LONGEST_MS) this.duration += 0.25 * (between - this.duration);
    this.duration = Math.min(Math.max(this.duration, SHORTEST_MS), LONGEST_MS);
    this.began = now;
    this.arrived = jump;
  }

  /** The share of the way at a time, 0 to 1. */
  share(now) {
    if (this.arrived) return 1;
    const share = Math.min(1, Math.max(0, (now - this.began) / this.duration));
    this.arrived = share >= 1;
    return share;
  }
}
