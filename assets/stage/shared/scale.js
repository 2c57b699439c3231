/** Scales and ticks of the strips. */

/** Round numbers between two ends, about `count` of them. */
export function niceTicks(low, high, count) {
  const raw = (high - low) / Math.max(1, count);
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = [1, 2, 5, 10].map((m) => m * power).find((s) => s >= raw) ?? 10 * power;
  const ticks = [];
  for (let k = Math.ceil(low / step); k * step <= high + 1e-9 * step; k++) ticks.push(k * step);
  return ticks;
}

/** The number at a tick, with a true minus sign. */
export function tickText(value, digits = 6) {
  return String(Number(value.toPrecision(digits))).replace("-", "−");
}

/** A linear map from [d0, d1] to [r0, r1]. */
export function linear(d0, d1, r0, r1) {
  const slope = (r1 - r0) / (d1 - d0 || 1);
  return (value) => r0 + (value - d0) * slope;
}

/** A map that is linear below `knee` and logarithmic above it, for both signs. */
export function logFromZero(d0, d1, r0, r1, knee) {
  const bend = (v) => Math.asinh(v / knee);
  const inner = linear(bend(d0), bend(d1), r0, r1);
  return (value) => inner(bend(value));
}

/** The smallest and largest finite numbers of several arrays, or the fallback. */
export function extent(arrays, fallback) {
  let low = Infinity;
  let high = -Infinity;
  for (const values of arrays) {
    for (let i = 0; i < values.length; i++) {
      if (!Number.isFinite(values[i])) continue;
      if (values[i] < low) low = values[i];
      if (values[i] > high) high = values[i];
    }
  }
  return low <= high ? [low, high] : fallback;
}

/** Positions moved apart so that neighbours keep `gap`, within [low, high]; order is kept. */
export function spread(positions, gap, low, high) {
  const order = positions.map((_, i) => i).sort((a, b) => positions[a] - positions[b]);
  const out = [...positions];
  let floor = low;
  for (const i of order) {
    out[i] = Math.max(out[i], floor);
    floor = out[i] + gap;
  }
  let ceiling = high;
  for (const i of order.reverse()) {
    out[i] = Math.min(out[i], ceiling);
    ceiling = out[i] - gap;
  }
  return out;
}
