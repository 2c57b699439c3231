/** Colours and fonts: Streamlit's theme variables, and our palette with one meaning everywhere. */

const PALETTE = {
  data: "#0072B2",
  model: "#D55E00",
  weighted: "#0B5FA5",
  pcd: "#7B3294",
  cd: "#B37400",
  witness: "#56B4E9",
};
const ON_DARK = { weighted: "#5C93FF", pcd: "#C48BDB", cd: "#E0A030" };

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
  const palette = dark ? { ...PALETTE, ...ON_DARK } : PALETTE;
  return {
    ...palette,
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
  if (method === "cd") return { color: theme.cd, dash: [2, 3] };
  if (method === "pcd") return { color: theme.pcd, dash: [6, 4] };
  return { color: theme.weighted, dash: [] };
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
