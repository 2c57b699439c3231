/** Animation: the interpolation between two frames, and how long painting takes. */

const SHORTEST_MS = 16;
const LONGEST_MS = 250;
const BUDGET_MS = 12; // a paint that takes longer on average is too slow
const SETTLED = 60; // paints before that is judged

/** How far the walkers are on their way from one frame to the next. */
export class Interpolation {
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

/** How often and how long a stage paints. */
export class PaintTimes {
  constructor() {
    this.stats = { frames: 0, paints: 0, worstGapMs: 0, paintMs: 0 };
  }

  /**
   * Notes a paint at `now` that took `took` milliseconds.
   * @param {boolean} moving whether the picture moved since the paint before
   * @returns {boolean} whether paints are too slow for the finer pixels
   */
  note(now, took, moving) {
    const { stats } = this;
    if (stats.paints > 0 && moving) {
      stats.worstGapMs = Math.max(stats.worstGapMs, now - this.paintedAt);
    }
    this.paintedAt = now;
    stats.paints += 1;
    stats.paintMs += 0.05 * (took - stats.paintMs);
    return stats.paints > SETTLED && stats.paintMs > BUDGET_MS;
  }
}
