"""What an image model holds: log Z, held-out cross-entropy and class masses, by annealed walkers.

Fresh walkers climb from the Gaussian base to the model and, resampled and moved on, descend again:
log Z lies between both values (core.bracket). With p the weights at the top of the climb, m
held-out points y and c(x) the class that a classifier reads,

    cross-entropy  H = log Ẑ + E_y[U],  se² = se(log Ẑ)² + var U/m,
    mass of class j  Σ pᵢ 1[c(xᵢ) = j].

The classifier errs: it reads class j with probability C_ij where i is true, so the read masses are
o = Cᵀq for true ones q, and q = C⁻ᵀo is the corrected reading. It is not clipped: an entry below 0
says that the model makes images unlike those the classifier was tested on. Coordinates are those
the model lives in; in the latent space H is that of the whitened coordinates.
"""

from __future__ import annotations

import math
from collections.abc import Generator, Iterator
from typing import Any

import numpy as np
import torch
from torch import Tensor

from ebm_engine.build.images import ImageSet
from ebm_engine.core.energies.network_energy import NetworkEnergy
from ebm_engine.core.kernels.mala import MALA
from ebm_engine.core.smc.bracket import Bracket, bracket, climb, descend, settle
from ebm_engine.core.smc.population import log_z_estimate
from ebm_engine.core.smc.weights import ess_fraction, normalised, weighted_mean
from ebm_engine.core.types import Energy, Walkers
from ebm_engine.run.run import Run
from ebm_engine.studies.result import Result, Steps, TaskError
from ebm_engine.studies.specs.images import AisSpec

BEST_SCALE = (
    1.65**2 / 2
)  # of σ₀² d^(−1/3), the step of MALA on a Gaussian (Roberts, Rosenthal 1998)
REST = 5  # a settling walk has 1/REST of the steps
REPORTS = 100  # messages on the way, at most
CHUNK = 4096


def of_checkpoint(spec: AisSpec) -> Steps:
    """The task: see `measure`. Raises TaskError when there is no image model in the checkpoint."""
    yield from measure(image_run(spec.checkpoint), spec.walkers, spec.steps, spec.seed)


def image_run(checkpoint: bytes) -> Run:
    """The run of a checkpoint; raises TaskError unless it trains a sound model of images."""
    if not checkpoint:
        raise TaskError("there is no trained model yet: train one and come back")
    run = Run.load(checkpoint)
    images_of(run)
    if run.divergence is not None:
        raise TaskError(f"the model has diverged: {run.divergence.message}")
    return run


def images_of(run: Run) -> ImageSet:
    """The images that a run trains on; raises TaskError where it trains on none."""
    if run.parts.images is None:
        raise TaskError(f"the model was trained on {run.spec.target.kind}, and images are needed")
    return run.parts.images


def network_of(run: Run) -> NetworkEnergy:
    """The model of a run, a network on a Gaussian base; raises TaskError for another energy."""
    if not isinstance(run.parts.model, NetworkEnergy):
        raise TaskError(f"the energy is {run.spec.energy.kind}, and a neural network is needed")
    return run.parts.model


def measure(run: Run, walkers: int, steps: int, seed: int) -> Steps:
    """Climb and descend; the numbers of the climb come first, those of the bracket at the end.

    Raises ValueError when a log-weight is not finite.
    """
    goal, rng = network_of(run), torch.Generator(device=run.parts.device).manual_seed(seed)
    start, kernel = goal.origin(), first_kernel(goal, run.spec.dim)
    rest = math.ceil(steps / REST)
    count = _Count(2 * steps + rest)
    up = yield from count.along(climb(start, goal, walkers, steps, kernel, rng))
    found = {"steps": steps} | _at_top(run, up)
    yield count.share, found | _log_z(Bracket(*log_z_estimate(up), math.nan, math.nan))
    settled = yield from count.along(settle(up, goal, rest, kernel, rng))
    down = yield from count.along(descend(settled, start, goal, steps, kernel, rng))
    yield 1.0, found | _log_z(bracket(start, up, down))


def first_kernel(goal: NetworkEnergy, dim: int) -> MALA:
    """The move at the Gaussian base; its step size then follows the walkers."""
    return MALA(BEST_SCALE * goal.base_std**2 * dim ** (-1 / 3))


class _Count:
    """How far several walks are, one after the other."""

    def __init__(self, total: int) -> None:
        self._total, self._done = total, 0

    @property
    def share(self) -> float:
        """Steps done, of all."""
        return self._done / self._total

    def along(self, walk: Iterator[Walkers]) -> Generator[tuple[float, None], None, Walkers]:
        """Report on a walk and return where it ended; raises ValueError for NaN weights."""
        stride = max(1, self._total // REPORTS)
        while (now := _next(walk)) is not None:
            walkers = now
            self._done += 1
            if self._done % stride == 0:
                yield self.share, None
        if not math.isfinite(walkers.ess):
            raise ValueError("the weights of the annealed walkers are not finite any more")
        return walkers


def _next(walk: Iterator[Walkers]) -> Walkers | None:
    """The next walkers; gradients are off within the step, and not for whoever waits for it."""
    with torch.no_grad():
        return next(walk, None)


def _at_top(run: Run, up: Walkers) -> Result:
    """The numbers of the model from its weighted walkers."""
    images, weights, families = images_of(run), normalised(up.log_w).cpu(), up.ancestors.cpu()
    shares = images.classes().shares(up.x)
    mass, mass_se = weighted_mean(shares, weights, families)
    unmixed = shares @ torch.linalg.inv(images.classifier.confusion)
    corrected, corrected_se = weighted_mean(unmixed, weights, families)
    return {
        "walkers": len(up.x),
        "dim": run.spec.dim,
        "step": run.step,
        "class_names": images.class_names,
        "data_mass": _numpy(images.shares),
        "mass": _numpy(mass),
        "mass_se": _numpy(mass_se),
        "mass_corrected": _numpy(corrected),
        "mass_corrected_se": _numpy(corrected_se),
        "ess": ess_fraction(weights),
        "ancestors": len(torch.unique(families)),
    } | _cross_entropy(run, up)


def _cross_entropy(run: Run, up: Walkers) -> Result:
    """log Ẑ + mean U of held-out points, in nats."""
    value, error = log_z_estimate(up)
    energy = energies(run.parts.model, images_of(run).held_out)
    spread = float(energy.var()) / len(energy)
    return {
        "cross_entropy": value + float(energy.mean()),
        "cross_entropy_se": math.sqrt(error**2 + spread),
        "held_out": len(energy),
    }


def energies(model: Energy, x: Tensor) -> Tensor:
    """U (n,) float64 on the CPU at points x (n, d)."""
    with torch.no_grad():
        parts = [model.evaluate(part, gradient=False).energy for part in x.split(CHUNK)]
    return torch.cat(parts).double().cpu()


def _log_z(found: Bracket) -> Result:
    """log Z forward and reverse; the interval is open above until the descent is done."""
    return {
        "log_z_forward": found.forward,
        "log_z_forward_se": found.forward_se,
        "log_z_reverse": found.reverse,
        "log_z_reverse_se": found.reverse_se,
        "log_z_low": found.low,
        "log_z_high": found.high if math.isfinite(found.reverse) else math.nan,
    }


def _numpy(values: Tensor) -> np.ndarray:
    return values.double().cpu().numpy()


WALKERS, STEPS = 1000, 600
ENDINGS = ("", "_se", "_corrected", "_corrected_se")  # of “mass” and of “model_ais”


def summarised(run: Run, walkers: int = WALKERS, steps: int = STEPS) -> dict[str, Any]:
    """The part of run.json's “final” that only annealed walkers know; seeded as the run.

    class_mass: shares by class, of the data by their labels, of the run's walkers and of the model
    by the classifier, the latter also corrected for its errors. A run that diverged has none of it,
    {}; what cannot be measured leaves its reason as “not_measured”. Raises ValueError when the
    model is not of images.
    """
    if run.parts.images is None:
        raise ValueError(f"the target is {run.spec.target.kind}, and images are needed")
    if run.divergence:
        return {}
    try:
        reports = measure(run, walkers, steps, run.spec.seed)
        *_, result = (found for _, found in reports if found is not None)
    except ValueError as error:
        return {"not_measured": str(error)}
    return _final(run, result)


def _final(run: Run, result: Result) -> dict[str, Any]:
    train, images = run.state.walkers.train, images_of(run)
    shares = images.classes().shares(train.x)
    weighted = normalised(train.log_w).cpu() @ shares
    masses = {"data": images.shares, "raw": shares.mean(0), "weighted": weighted}
    read = {f"model_ais{end}": result[f"mass{end}"].tolist() for end in ENDINGS}
    return {
        "class_mass": {name: mass.tolist() for name, mass in masses.items()} | read,
        "cross_entropy_heldout": result["cross_entropy"],
        "cross_entropy_heldout_se": result["cross_entropy_se"],
        "log_z_ais": {
            "value": result["log_z_forward"],
            "low": result["log_z_low"],
            "high": result["log_z_high"],
        },
        "ais": {name: result[name] for name in ("walkers", "steps", "ess", "ancestors")},
    }
