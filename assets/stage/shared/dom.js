/** Small helpers to build the page: elements, icons and numbers as text. */

/**
 * A new element with attributes, listeners (`onclick: …`) and children (nodes or text).
 * @param {string} tag
 * @param {Object<string, any>} [attributes] `null` and `false` leave an attribute out
 * @param {...(Node|string)} children
 * @returns {HTMLElement}
 */
export function element(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") node.addEventListener(name.slice(2), value);
    else if (value !== null && value !== false) node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children);
  return node;
}

/** A canvas that a screen reader takes as one picture; until it is drawn, it says so. */
export function picture(attributes = {}) {
  return element("canvas", { role: "img", "aria-label": "Not drawn yet", ...attributes });
}

/** Sets the text of a node, only when it differs (an equal write would still cost a layout). */
export function setText(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

/** Sets an attribute, only when it differs. */
export function setAttribute(node, name, value) {
  if (node.getAttribute(name) !== value) node.setAttribute(name, value);
}

const ICONS = {
  play: '<path d="M7 4.5v15l12-7.5z" fill="currentColor" stroke="none"/>',
  pause: '<path d="M8 5v14M16 5v14" stroke-width="3.5" stroke-linecap="butt"/>',
  step: '<path d="M6 5v14l9-7z" fill="currentColor" stroke="none"/><path d="M18 5v14" stroke-width="2.5"/>',
  reset: '<path d="M5 5v5h5"/><path d="M5.6 10A7.5 7.5 0 1 1 4.5 14"/>',
  die:
    '<rect x="4" y="4" width="16" height="16" rx="3.5"/>' +
    '<g fill="currentColor" stroke="none"><circle cx="8.6" cy="8.6" r="1.5"/>' +
    '<circle cx="15.4" cy="8.6" r="1.5"/><circle cx="12" cy="12" r="1.5"/>' +
    '<circle cx="8.6" cy="15.4" r="1.5"/><circle cx="15.4" cy="15.4" r="1.5"/></g>',
};

/** One of our own line icons, 18 px, in the colour of the text. */
export function icon(name) {
  const holder = document.createElement("span");
  holder.className = "icon";
  holder.innerHTML =
    '<svg viewBox="0 0 24 24" width="18" height="18" fill="none" stroke="currentColor" ' +
    `stroke-width="2" stroke-linecap="round" aria-hidden="true">${ICONS[name]}</svg>`;
  return holder;
}

/** A number with about three digits that matter and at most four after the point. */
export function formatNumber(value) {
  if (value === null || value === undefined || !Number.isFinite(value)) return "–";
  const size = Math.abs(value);
  if (size >= 1e5) return value.toExponential(1).replace("e+", "e").replace("-", "−");
  const digits = size >= 1000 ? 0 : size >= 10 ? 1 : size >= 1 ? 2 : size >= 0.01 ? 3 : 4;
  const text = value.toFixed(digits);
  return (Number(text) === 0 ? text.replace("-", "") : text).replace("-", "−");
}

/** A count with thin spaces between thousands. */
export function formatCount(value) {
  return String(Math.round(value)).replace(/\B(?=(\d{3})+$)/g, "\u2009");
}

/** A count with its noun. */
export function plural(count, noun) {
  return `${formatCount(count)} ${noun}${count === 1 ? "" : "s"}`;
}

/** A share as a percentage. */
export function formatShare(value) {
  if (value === null || value === undefined || !Number.isFinite(value)) return "–";
  return `${(100 * value).toFixed(0)}\u2009%`;
}

/**
 * Puts a style sheet into a root, once.
 * @param {ParentNode} root
 * @param {string} name of the style sheet
 * @param {string} module address of the module that it lies beside
 * @returns {Promise} resolved when it is loaded
 */
export function loadStyle(root, name, module) {
  const present = root.querySelector(`link[data-style="${name}"]`);
  if (present) return present.loaded;
  const link = element("link", { rel: "stylesheet", href: new URL(name, module).href });
  link.dataset.style = name;
  link.loaded = new Promise((resolve) => link.addEventListener("load", resolve));
  root.prepend(link);
  return link.loaded;
}
