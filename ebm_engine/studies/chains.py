"""Chains on a fixed energy, with everything that is exactly known about that energy beside them.

The chains sample exp(−U/T) up to the bias of their step; exact masses and E|x|² of exp(−U/T) are
sums over a regular grid. For a Gaussian N(0, s²) per axis ULA settles at T s²/(1 − h/(2s²))
(core.stationary); the unadjusted underdamped kernel does so too, as BAB with time step ε = √(2h)
conserves the parabola of variance s²/(1 − ε²/(4s²)) exactly.
"""

from __future__ import annotations

import math
from time import perf_counter
from typing import Any

import numpy as np
import torch
from torch import Generator, Tensor

from ebm_engine.build.trainer import build_kernel
from ebm_engine.core.chains import (
    autocorrelation,
    chains_at,
    enter_basins,
    integrated_time,
    mean_over_chains,
    visit,
)
from ebm_engine.core.stationary import noise_at, stationary_variance
from ebm_engine.core.types import Walkers
from ebm_engine.studies.fixed_energy import Landscape, landscape_of, start_of
from ebm_engine.studies.result import Result, Steps, TaskError
from ebm_engine.studies.specs.chains import ChainsSpec

SHOWN = 12  # chains whose path is kept
FIELD_SIDE = 101  # points of the shown energy along each axis
ROWS = 400  # of every curve, at most
LOOK_GAP = 0.4  # seconds between two looks at the results
LOOK_SHARE = 0.25  # of the time, at most, goes into looks
CHECK_EVERY = 10  # steps between looks for chains that fly apart


def walk(spec: ChainsSpec) -> Steps:
    """Run the chains; yields the results so far about twice a second.

    Raises TaskError when the chains fly apart or the energy cannot be had.
    """
    rng = Generator().manual_seed(spec.seed)
    scene, kernel = landscape_of(spec), build_kernel(spec)
    exact = _exact(scene, spec)
    walkers = chains_at(x := start_of(spec, scene, rng), scene.energy.evaluate(x))
    record = _Record(spec, scene, walkers)
    due = perf_counter()
    for step in range(1, spec.steps + 1):
        with torch.no_grad():
            moved, _ = kernel.move(walkers, scene.energy, rng, scene.energy)
        record.note(step, walkers, moved)
        walkers = moved
        if (now := perf_counter()) >= due and step < spec.steps:
            yield step / spec.steps, exact | record.result(step)
            cost = perf_counter() - now
            due = now + max(LOOK_GAP, cost / LOOK_SHARE)
    yield 1.0, exact | record.result(spec.steps)


class _Record:
    """All that is noted along the way; n chains, s steps."""

    def __init__(self, spec: ChainsSpec, scene: Landscape, walkers: Walkers) -> None:
        self._spec, self._regions = spec, scene.regions
        n = len(walkers.x)
        self._series = np.empty((spec.steps, n), np.float32)  # x₁
        self._path = np.empty((spec.steps + 1, min(n, SHOWN), 2), np.float32)
        self._path[0] = walkers.x[:SHOWN].numpy()
        self._squares = torch.zeros(n, dtype=torch.float64)  # Σ |x|² per chain
        self._accepted = torch.zeros(n, dtype=torch.float64)
        self._moments: list[tuple[float, float, float]] = []
        self._stride = max(1, spec.steps // ROWS)
        self._basins = enter_basins(scene.regions.of(walkers.x))
        self._short = walkers.x
        self._last = walkers.x

    def note(self, step: int, before: Walkers, now: Walkers) -> None:
        """The chains after this step."""
        x = self._last = now.x
        if step % CHECK_EVERY == 0 and not bool(torch.isfinite(x).all()):
            raise TaskError(
                f"the chains flew apart within {step} steps: the step size "
                f"{self._spec.step_size:g} is too large for the narrowest feature of this energy"
            )
        self._series[step - 1] = x[:, 0].numpy()
        self._path[step] = x[:SHOWN].numpy()
        self._squares += x.double().square().sum(1)
        self._accepted += (x != before.x).any(1)
        self._basins = visit(self._basins, self._regions.of(x))
        if step <= self._spec.short:
            self._short = x
        if step % self._stride == 0 or step == self._spec.steps:
            running = mean_over_chains(self._squares / step)
            self._moments.append((step, running.value, running.se))

    def result(self, step: int) -> Result:
        """What is known after `step` steps, in arrays and numbers."""
        n = len(self._last)
        shown = np.unique(np.linspace(0, step, min(step + 1, 2 * ROWS)).round().astype(int))
        moment = np.array(self._moments or [(step, math.nan, math.nan)])
        crossed = mean_over_chains(self._basins.crossed * 1000 / step)
        tested = self._spec.kernel in ("mala", "hmc")
        accepted = mean_over_chains(self._accepted / step)
        return {
            "step": step,
            "count": n,
            "path": self._path[max(0, step - 60) : step + 1].transpose(1, 0, 2).copy(),
            "trace_step": shown,
            "trace": self._path[shown, :, 0].T.copy(),
            "short_steps": min(step, self._spec.short),
            "short_cloud": self._short.float().numpy(),
            "cloud": self._last.float().numpy(),
            "short_mass": self._masses(self._short),
            "long_mass": self._masses(self._last),
            "crossings": crossed.value,
            "crossings_se": crossed.se,
            "acceptance": accepted.value if tested else math.nan,
            "acceptance_se": accepted.se if tested else math.nan,
            "moment_step": moment[:, 0],
            "moment": moment[:, 1],
            "moment_se": moment[:, 2],
        } | self._correlations(step)

    def _masses(self, x: Tensor) -> np.ndarray:
        equal = torch.full((len(x),), 1 / len(x), dtype=torch.float64)
        return self._regions.masses(x, equal).numpy()

    def _correlations(self, step: int) -> dict[str, Any]:
        """Autocorrelation of x₁ over the second half, and its integrated time."""
        half = self._series[step // 2 : step]
        if len(half) < 2 or not half.std() > 0:
            return {
                "lags": np.zeros(1),
                "rho": np.ones(1),
                "iact": math.nan,
                "iact_se": math.nan,
                "resolved": False,
                "draws": half.size,
            }
        rho = autocorrelation(torch.from_numpy(half))
        time = integrated_time(rho, half.shape[1])
        reach = min(len(rho) // 2 + 1, 4 * time.window + 20)
        lags = np.unique(np.linspace(0, reach - 1, min(reach, ROWS)).round().astype(int))
        return {
            "lags": lags,
            "rho": rho.numpy()[lags],
            "iact": time.value,
            "iact_se": time.se,
            "resolved": time.resolved,
            "draws": half.size,
        }


def _exact(scene: Landscape, spec: ChainsSpec) -> Result:
    """What is known without chains: the field, the masses and E|x|² of exp(−U/T)."""
    points, shares = scene.quadrature(spec.real_temperature)
    field = scene.values(scene.grid(FIELD_SIDE)).reshape(FIELD_SIDE, FIELD_SIDE)
    return {
        "box": np.array(scene.box),
        "field": field.T.float().numpy(),  # rows: x₂
        "exact_mass": scene.regions.masses(points, shares).numpy(),
        "centres": scene.centres.numpy(),
        "exact_moment": float(shares @ points.square().sum(1)),
        "settled_moment": _settled(spec),
    }


def _settled(spec: ChainsSpec) -> float:
    """E|x|² of the biased kernel on a Gaussian in closed form, NaN where it is unknown."""
    if spec.landscape != "gaussian" or spec.kernel not in ("ula", "underdamped"):
        return math.nan
    noise = noise_at(spec.step_size, spec.real_temperature)
    return sum(stationary_variance(s**2, spec.step_size, noise) for s in (spec.std_x, spec.std_y))
