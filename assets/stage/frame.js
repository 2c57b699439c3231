/** Frames: the bytes of pages/live/frame.py as a header and typed arrays, merged into a scene. */

const MAGIC = 0x464d4245; // "EBMF", little endian
const BUNDLE = 0x474d4245; // "EBMG"
const VERSION = 1;
const MISSING = 65535;
export const LEVELS = 65534; // of a quantised number
const TYPES = {
  uint8: Uint8Array,
  uint16: Uint16Array,
  uint32: Uint32Array,
  float16: Uint16Array, // as bits, see halfToNumber
  float32: Float32Array,
};

/**
 * Reads one frame; throws on anything that is not a frame of this version.
 * @param {Uint8Array} bytes any view; it is copied when it is not aligned
 * @returns {{header: Object, arrays: Object<string, {values: ArrayLike, shape: number[]}>}}
 */
export function parse(bytes) {
  const aligned = bytes.byteOffset % 8 === 0 ? bytes : bytes.slice();
  const { buffer, byteOffset } = aligned;
  const start = new DataView(buffer, byteOffset, 16);
  if (start.getUint32(0, true) !== MAGIC || start.getUint16(4, true) !== VERSION) {
    throw new Error("not a frame of this version");
  }
  const length = start.getUint32(8, true);
  const header = JSON.parse(new TextDecoder().decode(aligned.subarray(16, 16 + length)));
  const arrays = {};
  for (const { name, dtype, shape, offset, low, high } of header.arrays) {
    const count = shape.reduce((a, b) => a * b, 1);
    const values = new TYPES[dtype](buffer, byteOffset + 16 + length + offset, count);
    arrays[name] = { values, shape, low, high };
  }
  return { header, arrays };
}

/**
 * Reads a message: one frame, or those of several runs in their order, null where there is none.
 * @param {Uint8Array} bytes
 * @returns {{frames: (Object|null)[], together: boolean}}
 */
export function parseMessage(bytes) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (view.getUint32(0, true) !== BUNDLE) return { frames: [parse(bytes)], together: false };
  const count = view.getUint32(4, true);
  let start = 8 * Math.ceil((8 + 4 * count) / 8);
  const frames = [];
  for (let i = 0; i < count; i++) {
    const length = view.getUint32(8 + 4 * i, true);
    frames.push(length ? parse(bytes.subarray(start, start + length)) : null);
    start += length;
  }
  return { frames, together: true };
}

/**
 * Decodes quantised values into `out`.
 * @param {{values: Uint16Array, low: number, high: number}} array
 * @param {Float32Array} out at least as long as the values
 */
function decode({ values, low, high }, out) {
  const scale = (high - low) / LEVELS;
  for (let i = 0; i < values.length; i++) {
    out[i] = values[i] === MISSING ? NaN : low + scale * values[i];
  }
  return out;
}

/** Decodes quantised points (x, y, x, y, …) over a box into `out`. */
function decodePoints({ values }, box, out) {
  const sx = (box[1] - box[0]) / LEVELS;
  const sy = (box[3] - box[2]) / LEVELS;
  for (let i = 0; i < values.length; i += 2) {
    const missing = values[i] === MISSING || values[i + 1] === MISSING;
    out[i] = missing ? NaN : box[0] + sx * values[i];
    out[i + 1] = missing ? NaN : box[2] + sy * values[i + 1];
  }
  return out;
}

/** The number of an IEEE half-precision bit pattern. */
export function halfToNumber(bits) {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  if (exponent === 31) return fraction ? NaN : sign * Infinity;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

/** The present picture: the newest frame over what earlier frames have brought. */
export class Scene {
  constructor() {
    this.header = {};
    this.count = 0; // walkers shown
    this.positions = new Float32Array(0); // x, y, x, y, …
    this.logW = new Float32Array(0); // log(N·w)
    this.energies = new Uint16Array(0); // half precision
    this.trails = null; // {points, chains, length}
    this.data = null;
    this.truth = null; // −log of the true density, like the field; null where it is unknown
    this.field = null; // {values, size, box, high}: `high` is the energy in kT of the top level
    this.curves = null; // {step: Float32Array, kl_exact: …}
    this.resampledAt = new Uint32Array(0);
    this.tiles = null; // of images, see #takeImages
    this.films = null; // of images: {pixels, chains, length, height, width}
    this.measured = null; // of images: what AIS last found of the model, see pages/live/stage.py
  }

  /** Whether the picture of a run is here, not only its status. */
  get ready() {
    return this.header.box !== undefined && this.field !== null;
  }

  /**
   * Takes in a parsed frame.
   * @returns {{slow: boolean, fixed: boolean, moved: boolean, jumped: boolean}} what changed:
   *   field and curves, training data, walkers, and whether the run went back or changed in size
   */
  merge({ header, arrays }) {
    const before = this.header;
    this.header = { ...before, ...header };
    if (!arrays.positions) return { slow: false, fixed: false, moved: false, jumped: false };
    const count = arrays.log_w.values.length;
    const jumped = header.step < (before.step ?? 0) || count !== this.count;
    if (count !== this.count) {
      this.count = count;
      this.positions = new Float32Array(2 * count);
      this.logW = new Float32Array(count);
    }
    decodePoints(arrays.positions, header.box, this.positions);
    decode(arrays.log_w, this.logW);
    this.energies = arrays.energies.values;
    this.#takeTrails(arrays.trails);
    if (arrays.data) this.#takeFixed(arrays);
    if (arrays.field) this.#takeSlow(arrays);
    if (arrays.tiles) this.#takeImages(arrays);
    const moved = header.step !== before.step;
    return { slow: Boolean(arrays.field), fixed: Boolean(arrays.data), moved, jumped };
  }

  #takeTrails(trails) {
    const size = trails.values.length;
    if (this.trails?.points.length !== size) this.trails = { points: new Float32Array(size) };
    decodePoints(trails, this.header.box, this.trails.points);
    [this.trails.chains, this.trails.length] = trails.shape;
  }

  #takeFixed({ data, truth }) {
    const { box } = this.header;
    this.data = decodePoints(data, box, new Float32Array(data.values.length));
    this.truth = truth ? { values: truth.values, size: truth.shape[0], box, high: truth.high } : null;
  }

  #takeSlow({ field, curves, resampled_at: resampledAt }) {
    this.field = { values: field.values, size: field.shape[0], box: this.header.box, high: field.high };
    const length = curves.shape[1];
    this.curves = Object.fromEntries(
      this.header.curves.map((name, i) => [name, curves.values.subarray(i * length, (i + 1) * length)]),
    );
    this.resampledAt = resampledAt.values;
  }

  /** Tiles: grey pixels and, of each, its walker, weight, energy, class and nearest training image. */
  #takeImages({ tiles, films, ...about }) {
    const [count, height, width] = tiles.shape;
    this.tiles = {
      pixels: tiles.values, count, height, width,
      rows: about.tile_rows.values, logW: about.tile_log_w.values,
      energies: about.tile_energies.values, labels: about.tile_labels.values,
      nearest: about.tile_nearest.values, distances: about.tile_distance.values,
    };
    const [chains, length] = films.shape;
    this.films = { pixels: films.values, chains, length, height, width };
  }
}
