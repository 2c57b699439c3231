"""Two small studies: the variance of Langevin chains against their step, and JALA-EM."""

from __future__ import annotations

import numpy as np
from torch import Generator, Tensor

from ebm_engine.core.chains import measured_variance
from ebm_engine.core.jala_em import (
    LatentRun,
    LatentSpec,
    draw_observations,
    follow_path,
    jala_em,
    log_bayes_factor,
)
from ebm_engine.core.stationary import ORDERS, noise_at, stationary_variance
from ebm_engine.studies.result import Result, Steps
from ebm_engine.studies.specs.langevin import BiasSpec, EvidenceSpec

STEPS = tuple(float(a) for a in np.geomspace(0.05, 1.8, 12))  # measured, in units of s²
COLUMNS = (
    "step_size",
    "measured_0",
    "se_0",
    "expected_0",
    "measured_1",
    "se_1",
    "expected_1",
)
CURVE = np.geomspace(0.04, 1.9, 200)  # of the closed forms, in units of s²


def variances(spec: BiasSpec) -> Steps:
    """Measured and exact stationary variances for both orders of noise and twelve step sizes."""
    rng = Generator().manual_seed(spec.seed)
    curve = spec.variance * CURVE
    exact = {
        f"exact_{place}": np.array([_settled(spec, h, order) for h in curve])
        for place, order in enumerate(ORDERS)
    }
    rows: list[tuple[float, ...]] = []
    for done, step in enumerate(STEPS, start=1):
        h = spec.variance * step
        noise = noise_at(h, spec.temperature)
        row = [h]
        for order in ORDERS:
            row += measured_variance(spec.variance, h, noise, order, spec.chains, rng)
            row.append(_settled(spec, h, order))
        rows.append(tuple(row))
        points = np.array(rows).T
        facts = {"curve": curve, "ideal": spec.temperature * spec.variance, "count": spec.chains}
        yield done / len(STEPS), exact | facts | dict(zip(COLUMNS, points, strict=True))


def evidence(spec: EvidenceSpec) -> Steps:
    """JALA-EM for the first model, then for its rival, each with witnesses along its path.

    Raises ValueError for step sizes or rates outside their limits.
    """
    rng = Generator().manual_seed(spec.seed)
    y = draw_observations(spec.truth, spec.noise, spec.dim, rng)
    runs, witnesses, result = [], [], {"walkers": spec.walkers}
    for place, noise in enumerate((spec.noise, spec.rival)):
        settings = LatentSpec(y, noise, 0.0, spec.step_size, spec.rate, spec.walkers, spec.steps)
        runs.append(jala_em(settings, rng))
        result |= _series(runs[place], place)
        yield 0.5 * place + 0.3, result
        witnesses.append(follow_path(settings, runs[place].theta, rng))
        yield 0.5 * place + 0.45, result
    yield 1.0, result | _factor(runs, "bayes") | _factor(witnesses, "witness")


def _settled(spec: BiasSpec, step_size: float, order: str) -> float:
    noise = noise_at(step_size, spec.temperature)
    return stationary_variance(spec.variance, step_size, noise, order)


def _factor(runs: list[LatentRun], name: str) -> Result:
    """The log Bayes factor of the first run over the second: estimate, standard error, exact."""
    factor = log_bayes_factor(*runs)
    return {name: factor.estimate, f"{name}_se": factor.se, f"{name}_exact": factor.exact}


def _series(run: LatentRun, place: int) -> Result:
    """The series of a run as arrays, with the model's number at the end of each name."""
    return {
        f"{name}_{place}": value.numpy() if isinstance(value, Tensor) else value
        for name, value in run._asdict().items()
    }
