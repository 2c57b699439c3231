/** Cividis: from dark blue to yellow, even in lightness and safe for colour-blind eyes. */

const STOPS = [
  [0, 34, 78], [18, 53, 112], [59, 73, 108], [87, 93, 109], [112, 113, 115],
  [138, 134, 120], [165, 156, 116], [195, 179, 105], [225, 204, 85], [254, 232, 56],
];

/**
 * The colour at `share` (0 to 1) of the map.
 * @returns {number[]} red, green, blue
 */
export function cividis(share) {
  const at = Math.min(Math.max(share, 0), 1) * (STOPS.length - 1);
  const left = Math.min(Math.floor(at), STOPS.length - 2);
  return [0, 1, 2].map((c) => {
    return Math.round(STOPS[left][c] + (at - left) * (STOPS[left + 1][c] - STOPS[left][c]));
  });
}

/** Colours of an energy above the minimum, 256 steps from 0 to the clip, as packed pixels. */
export const PIXELS = Uint32Array.from({ length: 256 }, (_, i) => {
  const [r, g, b] = cividis(energyShare(i / 255));
  return ((255 << 24) | (b << 16) | (g << 8) | r) >>> 0;
});

/** The same map as a CSS gradient, low energy first. */
export const GRADIENT = `linear-gradient(to right, ${Array.from({ length: 11 }, (_, i) => {
  return `rgb(${cividis(energyShare(i / 10)).join(",")})`;
}).join(",")})`;

function energyShare(share) {
  return 1 - share; // low energy is bright: where the mass is
}
