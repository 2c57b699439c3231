"""Lines of equal value on a grid, by marching squares with linear interpolation.

Every cell of four neighbours is cut where its edges cross the level; the pieces are then joined,
end to end, to long lines.
"""

from __future__ import annotations

import numpy as np

# Of a cell's edges 0 bottom, 1 right, 2 top, 3 left, the pairs that a line joins; the case is the
# sum of 1, 2, 4, 8 for corners above the level, from the bottom left corner counter-clockwise. In
# the two saddles (5 and 10) the corners below the level are joined.
PAIRS: dict[int, tuple[tuple[int, int], ...]] = {
    1: ((3, 0),),
    2: ((0, 1),),
    3: ((3, 1),),
    4: ((1, 2),),
    5: ((3, 0), (1, 2)),
    6: ((0, 2),),
    7: ((3, 2),),
    8: ((2, 3),),
    9: ((0, 2),),
    10: ((0, 1), (2, 3)),
    11: ((1, 2),),
    12: ((1, 3),),
    13: ((0, 1),),
    14: ((3, 0),),
}


def isolines(values: np.ndarray, level: float) -> list[np.ndarray]:
    """Lines (m, 2) in units of the grid, column then row, where values (h, w) cross `level`.

    A closed line ends where it began; cells with a value that is not finite have none.
    """
    above = values > level
    case = above[:-1, :-1] + 2 * above[:-1, 1:] + 4 * above[1:, 1:] + 8 * above[1:, :-1]
    known = np.isfinite(values)
    case[~(known[:-1, :-1] & known[:-1, 1:] & known[1:, 1:] & known[1:, :-1])] = 0
    links: dict[int, list[int]] = {}
    for row, column in np.argwhere((case > 0) & (case < 15)).tolist():
        for pair in PAIRS[int(case[row, column])]:
            first, second = (_edge(row, column, side, values.shape[1]) for side in pair)
            links.setdefault(first, []).append(second)
            links.setdefault(second, []).append(first)
    return [_points(np.array(chain), values, level) for chain in _chains(links)]


def _edge(row: int, column: int, side: int, width: int) -> int:
    """The number of a cell's edge, the same from both of its cells: twice its first corner, plus 1
    for an upright one.
    """
    corner = row * width + column
    return (2 * corner, 2 * (corner + 1) + 1, 2 * (corner + width), 2 * corner + 1)[side]


def _chains(links: dict[int, list[int]]) -> list[list[int]]:
    """Edges in the order of a walk along each line; open lines first, from one of their ends."""
    chains = []
    for start in sorted(links, key=lambda edge: len(links[edge])):
        while links[start]:
            chain = [start]
            while links[chain[-1]]:
                here = chain[-1]
                chain.append(links[here].pop())
                links[chain[-1]].remove(here)
            chains.append(chain)
    return chains


def _points(edges: np.ndarray, values: np.ndarray, level: float) -> np.ndarray:
    """Where the level is crossed (m, 2) on numbered edges (m,)."""
    width, flat = values.shape[1], values.ravel().astype(np.float64)
    first, upright = edges // 2, edges % 2
    low, high = flat[first], flat[first + np.where(upright, width, 1)]
    share = (level - low) / (high - low)
    column = first % width + np.where(upright, 0.0, share)
    return np.column_stack([column, first // width + np.where(upright, share, 0.0)])
