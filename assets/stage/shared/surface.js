/** Canvases: sized to their box at a capped pixel ratio, drawn in CSS pixels. */

const MAX_RATIO = 2;

/** How much larger CSS shows an element than its own pixels say: the presenter mode does. */
export function zoomOf(element) {
  return element.currentCSSZoom ?? 1;
}

export class Surface {
  /**
   * @param {HTMLCanvasElement} canvas
   * @param {CanvasRenderingContext2DSettings} [settings]
   */
  constructor(canvas, settings) {
    this.canvas = canvas;
    this.context = canvas.getContext("2d", settings);
    this.width = 0;
    this.height = 0;
    this.ratio = 1;
  }

  /**
   * Fits the canvas to a size in CSS pixels.
   * @returns {boolean} whether anything changed (the canvas is empty then)
   */
  resize(width, height, ratio = Math.min((devicePixelRatio || 1) * zoomOf(this.canvas), MAX_RATIO)) {
    if (width === this.width && height === this.height && ratio === this.ratio) return false;
    Object.assign(this, { width, height, ratio });
    this.canvas.width = Math.max(1, Math.round(width * ratio));
    this.canvas.height = Math.max(1, Math.round(height * ratio));
    this.canvas.style.width = `${width}px`;
    this.canvas.style.height = `${height}px`;
    return true;
  }

  /** The empty canvas, in CSS pixels. */
  clear() {
    this.context.setTransform(this.ratio, 0, 0, this.ratio, 0, 0);
    this.context.clearRect(0, 0, this.width, this.height);
    return this.context;
  }
}
