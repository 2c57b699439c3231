/** The meter: how often and how long a stage paints. */

const BUDGET_MS = 12; // a paint that takes longer on average is too dear
const SETTLED = 60; // paints before that is judged

export class Meter {
  constructor() {
    this.stats = { frames: 0, paints: 0, worstGapMs: 0, paintMs: 0 };
  }

  /**
   * Notes a paint at `now` that took `took` milliseconds.
   * @param {boolean} gliding whether the picture moved since the paint before
   * @returns {boolean} whether paints are too dear for the finer pixels
   */
  paint(now, took, gliding) {
    const { stats } = this;
    if (stats.paints > 0 && gliding) {
      stats.worstGapMs = Math.max(stats.worstGapMs, now - this.paintedAt);
    }
    this.paintedAt = now;
    stats.paints += 1;
    stats.paintMs += 0.05 * (took - stats.paintMs);
    return stats.paints > SETTLED && stats.paintMs > BUDGET_MS;
  }
}
