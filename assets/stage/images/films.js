/** Film strips: the last positions of a few chains as images, oldest left. */

import { paintTitle, TITLE_HEIGHT } from "../shared/chart.js";
import { element, picture, setAttribute } from "../shared/dom.js";
import { Atlas } from "./tiles.js";
import { Surface } from "../shared/surface.js";

const CHAINS = 4;
const FRAMES = 12; // images of a strip, at most
const GAP = 3;

/** Height of the strips for a width, title included. */
export function filmsHeight(width, chains = CHAINS) {
  return TITLE_HEIGHT + chains * (width / FRAMES);
}

export class Films {
  constructor() {
    this.surface = new Surface(picture());
    this.node = element("div", { class: "films" }, this.surface.canvas);
    this.atlas = new Atlas();
  }

  /** Draws the strips of a scene. */
  paint({ films }, theme) {
    const context = this.surface.clear();
    const { width } = this.surface;
    if (!films?.chains || !films.length || width < 40) return;
    const { chains, length, height, width: columns, pixels } = films;
    paintTitle(context, theme, width, "Four chains", "older ← → now");
    this.atlas.fill(pixels, chains * length, height, columns);
    context.imageSmoothingEnabled = false;
    const side = width / FRAMES;
    for (let chain = 0; chain < chains; chain++) {
      for (let k = 0; k < length; k++) {
        const x = (FRAMES - length + k) * side;
        this.atlas.draw(context, chain * length + k, x, TITLE_HEIGHT + chain * side, side - GAP);
      }
    }
    setAttribute(
      this.surface.canvas,
      "aria-label",
      `Film strips of ${chains} chains, their last ${length} positions as images`,
    );
  }
}
