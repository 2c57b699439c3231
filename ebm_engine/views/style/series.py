"""Numbers along a run's history: even thinning, bands that respect gaps, a running median."""

from __future__ import annotations

import numpy as np


def thin(count: int, limit: int) -> np.ndarray:
    """At most `limit` of the indices 0 … count − 1, evenly spaced, first and last kept."""
    if count <= limit:
        return np.arange(count)
    return np.linspace(0, count - 1, limit).round().astype(int)


def band_outline(x: np.ndarray, low: np.ndarray, high: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The outline of low … high as closed polygons, one per stretch without NaN, NaN between."""
    good = np.isfinite(low) & np.isfinite(high)
    edges = np.flatnonzero(np.diff(np.concatenate([[False], good, [False]]).astype(int)))
    xs, ys = [], []
    for first, last in edges.reshape(-1, 2):
        part = slice(first, last)
        xs += [x[part], x[part][::-1], [np.nan]]
        ys += [low[part], high[part][::-1], [np.nan]]
    if not xs:
        return np.empty(0), np.empty(0)
    return np.concatenate(xs[:-1]), np.concatenate(ys[:-1])


def running_median(values: np.ndarray, width: int) -> np.ndarray:
    """Median of the `width` values around each one (fewer at the ends), NaN where all are NaN."""
    if len(values) == 0:
        return np.empty(0)
    half = width // 2
    padded = np.pad(values.astype(np.float64), half, constant_values=np.nan)
    windows = np.lib.stride_tricks.sliding_window_view(padded, 2 * half + 1)
    middle = np.full(len(values), np.nan)
    some = np.isfinite(windows).any(axis=1)
    middle[some] = np.nanmedian(windows[some], axis=1)
    return middle


def last_finite(values: np.ndarray) -> float | None:
    """The newest finite value, or None."""
    finite = values[np.isfinite(values)]
    return float(finite[-1]) if len(finite) else None


def recent_median(values: np.ndarray, count: int) -> float | None:
    """Median of the finite ones among the newest `count` values, or None."""
    finite = values[-count:][np.isfinite(values[-count:])]
    return float(np.median(finite)) if len(finite) else None
