/** Colours and fonts: Streamlit's theme variables, and our palette with one meaning everywhere. */

const PALETTE = {
  data: "#0072B2",
  model: "#D55E00",
  witness: "#56B4E9",
};

/** Per method its colour on light and on dark, and its dash; no two methods share either. */
const METHODS = {
  "weighted-ula": ["#0B5FA5", "#5C93FF", []],
  pcd: ["#7B3294", "#C48BDB", [6, 4]],
  cd: ["#B37400", "#E0A030", [2, 3]],
  "improved-cd": ["#00796B", "#35C4A8", [7, 3, 2, 3]],
  "short-run": ["#B0306A", "#F07AAE", [9, 3]],
  unweighted: ["#4A7A1E", "#9CCB5A", [12, 3, 2, 3, 2, 3]],
  "score-matching": ["#8C4A2F", "#D79A7C", [3, 7]],
  "denoising-score-matching": ["#5A5FB0", "#A9AEF5", [3, 3, 3, 7]],
  exact: ["#3F4650", "#D5DAE2", [14, 5]],
};
const OTHER = ["#5F6673", "#A3ABB9", [10, 10]];

/**
 * Reads the theme at `host`; call again on each render, the reader may have switched.
 * @param {Element} host
 */
export function readTheme(host) {
  const style = getComputedStyle(host);
  const value = (name, fallback) => style.getPropertyValue(name).trim() || fallback;
  const background = value("--st-background-color", "#ffffff");
  const ink = value("--st-text-color", "#1a1d23");
  const dark = lightness(background) < 0.4;
  return {
    ...PALETTE,
    background,
    ink,
    dark,
    truth: dark ? "#ffffff" : "#000000",
    walkers: dark ? "#EEEEEE" : "#222222",
    soft: mix(ink, background, dark ? 0.74 : 0.7),
    line: mix(ink, background, 0.16),
    accent: value("--st-primary-color", dark ? "#6CB2F0" : "#0B5FA5"),
    font: value("--st-font", "system-ui, sans-serif"),
  };
}

/** The colour of a method's curves and its dash pattern. */
export function methodStyle(theme, method) {
  const [onLight, onDark, dash] = METHODS[method] ?? OTHER;
  return { color: theme.dark ? onDark : onLight, dash };
}

function channels(color) {
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
