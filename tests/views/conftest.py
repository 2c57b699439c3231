"""Self-consistent snapshots of runs, built from closed forms with numpy alone.

Target ¼N((−5,0), I) + ¾N((5,0), I). Model: two unit modes at (−4, 0.5) and (4.8, 0) with masses
0.32 and 0.68. The walkers lag behind the model: they are drawn in equal parts from (−3.4, 0.2) and
(4.2, 0.3), so their exact weight is p_model/p_walkers. The histories are smooth curves with the
gaps that real runs have.

The network's target is a ring of eight modes of width 0.3 with masses 0.05 and 0.2 in turn; its
model has the same modes with equal masses, and its regions are the modes. Own points are the same
without a density, in the four corners of a square.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from ebm_engine.run.snapshot import HISTORY, ModeMasses, Snapshot
from ebm_engine.spec.edit import parse_spec
from ebm_engine.spec.methods import METHODS
from ebm_engine.spec.run_spec import RunSpec

BOX = (-10.0, 10.0, -8.0, 8.0)
GRID = 121
TARGET_MEANS, TARGET_MASSES = np.array([[-5.0, 0.0], [5.0, 0.0]]), np.array([0.25, 0.75])
MODEL_MEANS, MODEL_MASSES = np.array([[-4.0, 0.5], [4.8, 0.0]]), np.array([0.32, 0.68])
WALKER_MEANS, WALKER_MASSES = np.array([[-3.4, 0.2], [4.2, 0.3]]), np.array([0.5, 0.5])
UPDATES = 400
ESTIMATES = ("kl_estimate", "kl_estimate_se", "kl_witness", "kl_witness_se")
ANGLES = np.arange(8) * np.pi / 4
RING = 3 * np.column_stack([np.cos(ANGLES), np.sin(ANGLES)])
RING_MASSES = np.tile([0.05, 0.2], 4)
RING_STD = 0.3


def density(
    points: np.ndarray, means: np.ndarray, masses: np.ndarray, std: float = 1.0
) -> np.ndarray:
    """Σⱼ pⱼ N(x; aⱼ, std² I) in two dimensions at points (…, 2)."""
    squared = ((points[..., None, :] - means) ** 2).sum(-1) / std**2
    return (masses * np.exp(-squared / 2)).sum(-1) / (2 * np.pi * std**2)


def grid_points(box: tuple[float, float, float, float] = BOX, size: int = GRID) -> np.ndarray:
    """The plane's grid points (size, size, 2), row 0 at y_min."""
    x, y = np.linspace(box[0], box[1], size), np.linspace(box[2], box[3], size)
    return np.stack(np.meshgrid(x, y), axis=-1)


def _draw(means: np.ndarray, masses: np.ndarray, n: int, rng: np.random.Generator) -> np.ndarray:
    return means[rng.choice(len(means), n, p=masses)] + rng.standard_normal((n, 2))


def _history() -> dict[str, np.ndarray]:
    step = np.arange(UPDATES + 1)
    wave = np.sin(step / 7)
    kl = 3.0 * np.exp(-step / 60) + 0.002
    nan = np.where(step < 20, np.nan, 1.0)
    saw = 1 - 0.5 * ((step % 130) / 130) ** 2
    numbers = [step, kl, 0 * kl, kl - 0.01, kl * (0.97 + 0.02 * wave), 0.03 + 0.05 * kl, kl * nan]
    numbers += [nan * (0.05 + 0.05 * kl), saw, 1000 - step, 0.05 * wave, step // 130]
    numbers += [1 - 0.3 * np.abs(wave), 10 ** (0.3 * wave)]
    numbers += [0.8 * np.exp(-step / 90), np.full(UPDATES + 1, 0.1), np.ones(UPDATES + 1)]
    none = np.full(UPDATES + 1, np.nan)
    numbers += [none, 2 * np.exp(-step / 99), none, none, 1.5 + 0.05 * wave, 1.5 + 0 * wave]
    return dict(zip(HISTORY, numbers, strict=True))


def _without(*names: str) -> dict[str, np.ndarray]:
    """The histories with NaN in some of them."""
    return _history() | {name: np.full(UPDATES + 1, np.nan) for name in names}


def build(**changes: Any) -> Snapshot:
    """The snapshot with some fields replaced."""
    rng = np.random.default_rng(0)
    points = grid_points()
    walkers = _draw(WALKER_MEANS, WALKER_MASSES, 1000, rng)
    p_model = density(walkers, MODEL_MEANS, MODEL_MASSES)
    log_w = np.log(p_model / density(walkers, WALKER_MEANS, WALKER_MASSES))
    log_w -= np.log(np.exp(log_w).mean())
    log_z = 1.3  # any constant: U + log Z is −log p
    spec = RunSpec.model_validate({"method": {"kind": "weighted-ula", "witness": 500}})
    snapshot = Snapshot(
        spec=spec,
        step=UPDATES,
        playing=False,
        updates_per_second=120.0,
        device="cpu",
        positions=walkers.astype(np.float32),
        log_w=log_w.astype(np.float32),
        energies=(-np.log(p_model) - log_z).astype(np.float32),
        trails=(
            np.cumsum(rng.normal(0, 0.3, (8, 60, 2)), axis=1) + MODEL_MEANS[[0, 1] * 4, None]
        ).astype(np.float32),
        crossings=0,
        data=_draw(TARGET_MEANS, TARGET_MASSES, 800, rng).astype(np.float32),
        box=BOX,
        field=(-np.log(density(points, MODEL_MEANS, MODEL_MASSES)) - log_z).astype(np.float32),
        log_z_plane=log_z,
        target_density=density(points, TARGET_MEANS, TARGET_MASSES).astype(np.float32),
        history=_history(),
        mass_history=np.linspace([0.5, 0.5], MODEL_MASSES, UPDATES + 1),
        resampled_at=np.array([130, 260, 390]),
        marks=((150, "step size 0.1 → 0.2"), (300, "rate of means 0.005 → 0.01")),
        mode_mass=ModeMasses(
            truth=np.array([0.25, 0.75]),
            data=np.array([0.25, 0.75]),
            model=MODEL_MASSES.copy(),
            raw=np.array([0.5, 0.5]),
            raw_se=np.array([0.016, 0.016]),
            weighted=np.array([0.315, 0.685]),
            weighted_se=np.array([0.012, 0.012]),
        ),
        means=MODEL_MEANS.copy(),
        target_means=TARGET_MEANS.copy(),
        target_stds=np.ones(2),
        mode_centres=MODEL_MEANS.copy(),
        ess_ceiling=0.9947,
        log_z_exact=log_z,
        log_z_estimate=1.28,
        log_z_witness=1.31,
    )
    return replace(snapshot, **changes)


@pytest.fixture
def snapshot() -> Snapshot:
    """A weighted-ULA run at update 400."""
    return build()


@pytest.fixture
def make() -> Callable[..., Snapshot]:
    """The builder: make(field=value, …) replaces fields of the snapshot."""
    return build


@pytest.fixture
def without_weights() -> Snapshot:
    """A CD-1 run: equal weights, no estimate of log Z, no ESS."""
    history = _without(*ESTIMATES, "ess", "ancestors") | {"resamplings": np.zeros(UPDATES + 1)}
    return build(
        spec=RunSpec(method=METHODS["cd"]()),
        log_w=np.zeros(1000, dtype=np.float32),
        history=history,
        resampled_at=np.empty(0, dtype=int),
        marks=(),
        log_z_estimate=None,
        log_z_witness=None,
    )


def masses_of(truth: np.ndarray, model: np.ndarray) -> ModeMasses:
    """Mode masses with walkers halfway between truth and model, ± 0.01."""
    halfway, error = (truth + model) / 2, np.full(len(truth), 0.01)
    return ModeMasses(truth, truth.copy(), model, halfway, error, halfway.copy(), error.copy())


def build_network(**changes: Any) -> Snapshot:
    """A network on the ring: no means of its own, regions in place of modes, judged by grid."""
    box = (-4.5, 4.5, -4.5, 4.5)
    points, equal = grid_points(box, 181), np.full(8, 0.125)
    content = {"target": {"kind": "ring"}, "energy": {"kind": "mlp"}}
    fields = {
        "spec": parse_spec(content),
        "box": box,
        "field": -np.log(density(points, RING, equal, RING_STD) + 1e-30) - 1.3,
        "target_density": density(points, RING, RING_MASSES, RING_STD),
        "mass_history": np.tile(equal, (UPDATES + 1, 1)),
        "mode_mass": masses_of(RING_MASSES, equal),
        "means": np.zeros((0, 2)),
        "target_means": RING.copy(),
        "target_stds": np.full(8, RING_STD),
        "mode_centres": RING.copy(),
        "ess_ceiling": float("nan"),
        "quadrature_error": 2.9e-7,
    }
    return build(**fields | changes)


@pytest.fixture
def make_network() -> Callable[..., Snapshot]:
    """The builder of the network's snapshot."""
    return build_network


@pytest.fixture
def network() -> Snapshot:
    """A network on the ring under weighted ULA."""
    return build_network()


@pytest.fixture
def own_points() -> Snapshot:
    """A network on own points under improved CD: no density, no estimate, a cross-entropy."""
    content = {"target": {"kind": "points"}, "method": {"kind": "improved-cd"}}
    content |= {"energy": {"kind": "mlp"}}
    history = _without(*ESTIMATES, "total_variation")
    history["kl_data"] = history["kl_exact"].copy()
    truth = np.array([0.1, 0.4, 0.2, 0.3])
    return build_network(
        spec=parse_spec(content),
        known_density=False,
        history=history,
        log_w=np.zeros(1000, dtype=np.float32),
        target_density=np.full((181, 181), np.nan),
        target_means=np.zeros((0, 2)),
        target_stds=np.zeros(0),
        mode_centres=np.array([[-3.0, -3.0], [3.0, -3.0], [-3.0, 3.0], [3.0, 3.0]]),
        mode_mass=masses_of(truth, np.full(4, 0.25)),
        mass_history=np.full((UPDATES + 1, 4), 0.25),
    )


@pytest.fixture
def diverged(snapshot: Snapshot) -> Snapshot:
    """A run in which everything that is learned or sampled has become NaN."""
    nan = np.full(2, np.nan)
    return build(
        positions=snapshot.positions * np.nan,
        log_w=snapshot.log_w * np.nan,
        energies=snapshot.energies * np.nan,
        trails=snapshot.trails * np.nan,
        field=snapshot.field * np.nan,
        log_z_plane=float("nan"),
        means=snapshot.means * np.nan,
        mode_centres=snapshot.mode_centres * np.nan,
        ess_ceiling=float("nan"),
        mode_mass=replace(
            snapshot.mode_mass, model=nan, raw=nan, raw_se=nan, weighted=nan, weighted_se=nan
        ),
    )


@pytest.fixture
def mixture_density() -> Callable[..., np.ndarray]:
    """The closed-form density Σⱼ pⱼ N(x; aⱼ, I)."""
    return density


@pytest.fixture
def plane_points() -> np.ndarray:
    """The fixture's grid points (121, 121, 2)."""
    return grid_points()
