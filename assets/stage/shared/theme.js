/** The theme: colours and font of the page, and the colours that Python sends for everything drawn. */

const parsed = new Map(); // channels by colour

/**
 * Reads the theme of the page at `host`; call it again on each render, the reader may have switched.
 * @param {Element} host an element whose style sheet sets --ink, --paper and --accent
 */
export function readTheme(host) {
  const style = getComputedStyle(host);
  const [ink, background, accent] = ["--ink", "--paper", "--accent"].map((name) => style.getPropertyValue(name).trim());
  const dark = lightness(background) < 0.4;
  return {
    background,
    ink,
    accent,
    dark,
    soft: mix(ink, background, dark ? 0.74 : 0.7),
    line: mix(ink, background, 0.16),
    font: style.fontFamily,
  };
}

/**
 * The theme of the page with the colours of pages/live/style.py: data, model, witness, truth, walkers.
 * @param {Object} page as `readTheme` returns it
 * @param {{both: Object, light: Object, dark: Object}} [colors] none before the first picture
 */
export function withColors(page, { both, light, dark } = {}) {
  return { ...page, ...both, ...(page.dark ? dark : light) };
}

/** The colour of a method's curves and its dash. */
export function methodStyle(theme, { light, dark, dash }) {
  return { color: theme.dark ? dark : light, dash };
}

/** A colour with an opacity. */
export function faded(color, opacity) {
  return `rgba(${channels(color).join(",")},${opacity})`;
}

/** Red, green and blue of a CSS colour, 0 to 255. */
export function channels(color) {
  if (!parsed.has(color)) parsed.set(color, parse(color));
  return parsed.get(color);
}

function parse(color) {
  const context = document.createElement("canvas").getContext("2d");
  context.fillStyle = color;
  const text = context.fillStyle;
  if (text.startsWith("#")) return [1, 3, 5].map((i) => parseInt(text.slice(i, i + 2), 16));
  return text.match(/[\d.]+/g).slice(0, 3).map(Number);
}

function lightness(color) {
  const [r, g, b] = channels(color);
  return (0.2126 * r + 0.7152 * g + 0.0722 * b) / 255;
}

function mix(over, under, share) {
  const [a, b] = [channels(over), channels(under)];
  return `rgb(${a.map((v, i) => Math.round(share * v + (1 - share) * b[i])).join(",")})`;
}
