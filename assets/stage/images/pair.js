/** A pair of pictures with a caption each: a tile and the training image that it resembles most. */

import { element, setText } from "../shared/dom.js";

const LONGEST = 104; // pixels of the longer side on screen

export class Pair {
  constructor() {
    this.pictures = [0, 1].map(() => element("canvas", { "aria-hidden": "true" }));
    this.captions = [0, 1].map(() => element("figcaption"));
    const figures = [0, 1].map((i) => element("figure", {}, this.pictures[i], this.captions[i]));
    this.node = element("div", { class: "pair" }, ...figures);
  }

  /**
   * Shows two images of one size.
   * @param {Uint8Array[]} images grey values, row by row
   * @param {{height: number, width: number}} size
   * @param {string[]} captions
   */
  show(images, { height, width }, captions) {
    const scale = LONGEST / Math.max(height, width);
    this.pictures.forEach((canvas, i) => {
      if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
      canvas.style.width = `${width * scale}px`;
      canvas.style.height = `${height * scale}px`;
      const context = canvas.getContext("2d");
      const image = context.createImageData(width, height);
      opaque(images[i], new Uint32Array(image.data.buffer));
      context.putImageData(image, 0, 0);
      setText(this.captions[i], captions[i]);
    });
  }
}

/**
 * Grey values as opaque pixels.
 * @param {Uint8Array} grey
 * @param {Uint32Array} pixels of the same length, filled
 */
export function opaque(grey, pixels) {
  for (let i = 0; i < grey.length; i++) pixels[i] = (0xff000000 | (grey[i] * 0x10101)) >>> 0;
}
