/**
 * Discs: translucent marks stamped straight into pixels.
 *
 * Thousands of `drawImage` calls cost more than a frame's time without a GPU; adding small masks to
 * a pixel buffer costs a tenth. Marks are grey, so one mask serves the three colour channels:
 * pixel ← pixel · keep / 256 + add.
 */

import { channels } from "../shared/theme.js";

const SIZES = 24;
const SMALLEST = 0.4; // radius relative to that of weight 1/N
const PHASES = 4; // positions between two pixels, in each direction
const HOLLOW = SIZES; // the ring that stands for a negligible weight
const OVERSAMPLING = 4;

const INK_ALPHA = 0.5;
const HALO = { alpha: 0.5, width: 0.9 };
const RING = { alpha: 0.9, width: 1.1 };

/**
 * The index of the disc of a walker.
 * @param {number} logW log(N·w)
 * @param {number} middle the median of log(N·w)
 * @param {{hollowBelow: number, largestArea: number}} scales as in pages/live/style.py
 */
export function discOf(logW, middle, { hollowBelow, largestArea }) {
  if (!(logW >= Math.log(hollowBelow))) return HOLLOW;
  const largest = Math.sqrt(largestArea);
  const radius = Math.min(Math.exp(logW / 2), largest * Math.exp(middle / 2), largest);
  const index = Math.round(((radius - SMALLEST) / (largest - SMALLEST)) * (SIZES - 1));
  return Math.min(Math.max(index, 0), SIZES - 1);
}

/**
 * The masks of all discs at a base radius in device pixels: `masks[index][phase]`.
 * @param {number} radius that of weight 1/N
 * @param {number} ratio device pixels per CSS pixel
 * @param {number} largestArea in areas of weight 1/N
 * @param {{walkers: string, ground: string, hollow: string}} colors greys of disc, halo and ring
 */
export function makeDiscs(radius, ratio, largestArea, { walkers, ground, hollow }) {
  const grey = (color) => channels(color)[0];
  const [ink, halo, ring] = [
    { grey: grey(walkers), alpha: INK_ALPHA },
    { ...HALO, grey: grey(ground) },
    { ...RING, grey: grey(hollow) },
  ];
  const reach = Math.sqrt(largestArea) - SMALLEST;
  const discs = Array.from({ length: SIZES }, (_, i) => {
    const size = (SMALLEST + (reach * i) / (SIZES - 1)) * radius;
    return phases(size, halo.width * ratio, ink, halo);
  });
  const clear = { grey: 0, alpha: 0 };
  discs.push(phases(Math.max(1.8 * ratio, 0.9 * radius), ring.width * ratio, clear, ring));
  return discs;
}

/**
 * Stamps walkers into a buffer of opaque pixels.
 * @param {Uint8ClampedArray} pixels RGBA of width × height
 * @param {Float32Array} points x, y, x, y, … of the world
 * @param {Uint8Array} sizes the disc of each walker
 * @param {{x0: number, y1: number, scale: number}} view world at the top left corner and device
 *   pixels per unit
 */
export function stampDiscs(pixels, width, height, points, sizes, discs, { x0, y1, scale }) {
  for (let i = 0; i < sizes.length; i++) {
    const x = (points[2 * i] - x0) * scale;
    const y = (y1 - points[2 * i + 1]) * scale;
    if (!(x > -64 && y > -64 && x < width + 64 && y < height + 64)) continue;
    const column = Math.floor(x);
    const row = Math.floor(y);
    const phase = PHASES * ((PHASES * (y - row)) | 0) + ((PHASES * (x - column)) | 0);
    const { half, side, keep, add } = discs[sizes[i]][phase];
    const left = column - half;
    const top = row - half;
    const firstRow = Math.max(0, -top);
    const lastRow = Math.min(side, height - top);
    const firstColumn = Math.max(0, -left);
    const lastColumn = Math.min(side, width - left);
    for (let r = firstRow; r < lastRow; r++) {
      let mask = r * side + firstColumn;
      let at = 4 * ((top + r) * width + left + firstColumn);
      for (let c = firstColumn; c < lastColumn; c++, mask++, at += 4) {
        const k = keep[mask];
        if (k === 256) continue;
        const a = add[mask];
        pixels[at] = ((pixels[at] * k) >> 8) + a;
        pixels[at + 1] = ((pixels[at + 1] * k) >> 8) + a;
        pixels[at + 2] = ((pixels[at + 2] * k) >> 8) + a;
      }
    }
  }
}

function phases(radius, edge, inside, rim) {
  return Array.from({ length: PHASES * PHASES }, (_, p) => {
    const dx = ((p % PHASES) + 0.5) / PHASES;
    const dy = (Math.floor(p / PHASES) + 0.5) / PHASES;
    return mask(radius, edge, inside, rim, dx, dy);
  });
}

function mask(radius, edge, inside, rim, dx, dy) {
  const half = Math.ceil(radius + edge);
  const side = 2 * half + 1;
  const keep = new Uint16Array(side * side);
  const add = new Uint8Array(side * side);
  for (let r = 0; r < side; r++) {
    for (let c = 0; c < side; c++) {
      const [core, border] = coverage(c - half - dx, r - half - dy, radius, edge);
      const alpha = core * inside.alpha + border * rim.alpha;
      const light = core * inside.alpha * inside.grey + border * rim.alpha * rim.grey;
      keep[r * side + c] = Math.round(256 * (1 - alpha));
      add[r * side + c] = Math.floor(light);
    }
  }
  return { half, side, keep, add };
}

/** How much of the pixel at (x, y) from the centre lies in the disc and in its rim. */
function coverage(x, y, radius, edge) {
  let core = 0;
  let border = 0;
  for (let k = 0; k < OVERSAMPLING ** 2; k++) {
    const u = x + ((k % OVERSAMPLING) + 0.5) / OVERSAMPLING;
    const v = y + (Math.floor(k / OVERSAMPLING) + 0.5) / OVERSAMPLING;
    const distance = Math.hypot(u, v);
    if (distance <= radius) core += 1;
    else if (distance <= radius + edge) border += 1;
  }
  return [core / OVERSAMPLING ** 2, border / OVERSAMPLING ** 2];
}
