/** The walkers: where they are between two frames, and how large each one is drawn. */

import { discOf } from "./discs.js";

const JUMP = 0.4; // of the box: a walker that moves further in one frame is moved at once

export class Walkers {
  constructor() {
    this.count = 0;
    this.from = new Float32Array(0);
    this.to = new Float32Array(0);
    this.now = new Float32Array(0); // x, y, x, y, …
    this.sizes = new Uint8Array(0);
    this.sorted = new Float32Array(0);
    this.still = true;
  }

  /**
   * Takes the walkers of a new frame; they move there step by step unless `jump`.
   * @param {import("../frame.js").Scene} scene
   */
  update(scene, { weighted, jump }) {
    const { count, positions, header } = scene;
    if (count !== this.count) {
      this.count = count;
      for (const name of ["from", "to", "now"]) this[name] = new Float32Array(2 * count);
      this.sizes = new Uint8Array(count);
      this.sorted = new Float32Array(count);
      jump = true;
    }
    this.to.set(positions);
    if (jump) this.now.set(positions);
    this.from.set(this.now);
    if (!jump) this.#dropJumps(header.box);
    this.still = jump;
    this.weigh(scene, weighted);
  }

  /** Chooses the disc of each walker by its weight, or the same for all. */
  weigh({ logW, header }, weighted) {
    if (!weighted) {
      this.sizes.fill(discOf(0, 0, header));
      return;
    }
    this.sorted.set(logW);
    const middle = this.sorted.sort()[this.count >> 1];
    for (let i = 0; i < this.count; i++) this.sizes[i] = discOf(logW[i], middle, header);
  }

  /** Moves to `share` (0 to 1) of the way to the newest frame. */
  interpolate(share) {
    const { from, to, now } = this;
    if (this.still) return;
    if (share >= 1) {
      now.set(to);
      this.still = true;
      return;
    }
    for (let i = 0; i < now.length; i++) now[i] = from[i] + share * (to[i] - from[i]);
  }

  /** The walker within `reach` of a point of the world, or −1. */
  nearest(x, y, reach) {
    let best = -1;
    let least = reach * reach;
    for (let i = 0; i < this.count; i++) {
      const dx = this.now[2 * i] - x;
      const dy = this.now[2 * i + 1] - y;
      const distance = dx * dx + dy * dy;
      if (distance < least) {
        least = distance;
        best = i;
      }
    }
    return best;
  }

  #dropJumps(box) {
    const limit = JUMP * Math.max(box[1] - box[0], box[3] - box[2]);
    const { from, to } = this;
    for (let i = 0; i < to.length; i += 2) {
      const far = Math.abs(to[i] - from[i]) + Math.abs(to[i + 1] - from[i + 1]);
      if (far < limit) continue;
      from[i] = to[i];
      from[i + 1] = to[i + 1];
    }
  }
}
