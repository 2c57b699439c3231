"""Any legal spec runs: finite numbers, or a report of what went wrong. Never a traceback."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ebm_engine.run.run import Run
from ebm_engine.run.snapshot import HISTORY, Snapshot
from ebm_engine.spec.edit import parse_spec
from ebm_engine.spec.kinds import ENERGIES, IMAGE_ENERGIES, OPTIMIZERS, TARGETS
from ebm_engine.spec.knobs import Knob, knobs
from ebm_engine.spec.methods import METHODS
from ebm_engine.spec.run_spec import RunSpec

pytestmark = pytest.mark.slow

UPDATES = 50
KERNELS = ("ula", "mala", "hmc", "underdamped")
# Only what costs time is kept small; every other number is drawn from all that is allowed.
LARGEST = {
    "target.samples": 60,
    "energy.width": 16,
    "energy.depth": 3,
    "energy.dim": 20,
    "energy.hidden": 8,
    "method.k": 4,
    "method.steps": 3,
    "method.witness": 30,
    "method.refresh_steps": 8,
    "method.capacity": 200,
    "method.walker_batch": 60,
    "sampler.leapfrog": 4,
    "walkers.count": 60,
    "optimizer.batch": 60,
}
LENGTHS = {"energy.base_std", "energy.length"}  # 0 or at least a hundredth
NOT_DRAWN = {"device", "sampler.kernel"}


def numbers(low: float, high: float) -> st.SearchStrategy[float]:
    """Numbers spread evenly over the orders of magnitude from low to high."""
    return st.floats(np.log(low), np.log(high), allow_subnormal=False).map(
        lambda x: min(high, max(low, float(np.exp(x))))
    )


@st.composite
def mixtures(draw: st.DrawFn, dim: int, *, stds: bool) -> dict[str, Any]:
    """Means up to the limit of 1000 and masses down to 1e-6."""
    modes = draw(st.integers(1, 4))
    size = draw(st.sampled_from([0.0, 0.1, 5.0, 20.0, 1000.0]))
    row = st.lists(st.floats(-size, size, allow_subnormal=False), min_size=dim, max_size=dim)
    masses = np.array(draw(st.lists(numbers(1e-6, 1.0), min_size=modes, max_size=modes)))
    mixture = {
        "means": draw(st.lists(row, min_size=modes, max_size=modes)),
        "masses": (masses / masses.sum()).tolist(),
    }
    if stds and size <= 20 and draw(st.booleans()):
        mixture["stds"] = draw(st.lists(numbers(0.1, 2.0), min_size=modes, max_size=modes))
    return mixture


def legal(knob: Knob) -> st.SearchStrategy[Any]:
    """Values of a knob: its default, its usual range, and everything within its limits."""
    if knob.kind == "bool":
        return st.booleans()
    if knob.kind == "choice":
        return st.sampled_from(knob.choices)
    if knob.kind == "many":
        return st.lists(st.sampled_from(knob.choices), unique=True)
    high = min(knob.high, LARGEST.get(knob.path, knob.high))
    if knob.kind == "int":
        usual = st.integers(*(int(min(high, max(knob.low, x))) for x in knob.usual))
        return st.one_of(st.just(min(knob.default, int(high))), usual, st.integers(knob.low, high))
    if knob.path in LENGTHS:
        return st.one_of(st.just(0.0), numbers(0.01, high))
    low = max(knob.low, high * 1e-8 if knob.open_low else knob.low)
    wide = numbers(low, high) if low > 0 else st.one_of(st.just(0.0), numbers(high * 1e-8, high))
    usual = st.floats(*(min(high, max(low, x)) for x in knob.usual), allow_subnormal=False)
    return st.one_of(st.just(knob.default), usual, wide)


@st.composite
def specs(draw: st.DrawFn) -> dict[str, Any]:
    """A legal spec: every target, energy, method, optimizer and kernel, with every control."""
    target, method = draw(st.sampled_from(sorted(TARGETS))), draw(st.sampled_from(sorted(METHODS)))
    energy = draw(st.sampled_from(sorted(ENERGIES)))
    on_plane = target != "mixture" or energy != "mixture"
    dim = 2 if on_plane else draw(st.sampled_from([1, 2, 3, 7]))
    kernel = "ula" if method == "improved-cd" else draw(st.sampled_from(KERNELS))
    kinds = {"target": target, "energy": energy, "method": method}
    kinds["optimizer"] = draw(st.sampled_from(sorted(OPTIMIZERS)))
    content: dict[str, Any] = {name: {"kind": kind} for name, kind in kinds.items()}
    content["sampler"] = {"kernel": kernel}
    for name in ("target", "energy"):
        if kinds[name] == "mixture":
            content[name] |= draw(mixtures(dim, stds=name == "target"))
    return draw(filled(content))


@st.composite
def filled(draw: st.DrawFn, content: dict[str, Any]) -> dict[str, Any]:
    """The spec with a value for every control that has an effect."""
    for knob in knobs(parse_spec(content)):
        if knob.path not in NOT_DRAWN:
            head, _, leaf = knob.path.partition(".")
            if leaf:
                content.setdefault(head, {})[leaf] = draw(legal(knob))
            else:
                content[head] = draw(legal(knob))
    if content["method"]["kind"] == "improved-cd":
        slots = content["method"]["capacity"]
        content["method"]["capacity"] = max(slots, content["walkers"]["count"])
    return content


@st.composite
def image_specs(draw: st.DrawFn) -> dict[str, Any]:
    """A legal spec of images: one to three digits, every space, energy, method and kernel."""
    classes = draw(st.lists(st.integers(0, 9), min_size=1, max_size=3, unique=True))
    size = {"min_size": len(classes), "max_size": len(classes)}
    counts = draw(st.lists(st.integers(20, 60), **size))
    method = draw(st.sampled_from(sorted(set(METHODS) - {"exact"})))
    space = draw(st.sampled_from(["latent", "pixels"]))
    content: dict[str, Any] = {
        "target": {"kind": "digits", "classes": classes, "counts": counts},
        "energy": {"kind": draw(st.sampled_from(sorted(IMAGE_ENERGIES))), "space": space},
        "method": {"kind": method},
        "optimizer": {"kind": draw(st.sampled_from(sorted(OPTIMIZERS)))},
        "sampler": {"kernel": "ula" if method == "improved-cd" else draw(st.sampled_from(KERNELS))},
    }
    content = draw(filled(content))
    # Drawn anew as a control, the space would have left the dimension undrawn.
    content["energy"]["space"] = space
    hidden = content["energy"].get("hidden", 2)
    if hidden % 2:
        content["energy"]["hidden"] = hidden - 1
    return content


@pytest.fixture(scope="module")
def own_points(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file of 40 points on a line, with two of them equal."""
    path = tmp_path_factory.mktemp("points") / "own.csv"
    rows = [(0.1 * i, -0.2 * i) for i in range(39)] + [(0.0, 0.0)]
    path.write_text("\n".join(f"{x:.3f},{y:.3f}" for x, y in rows))
    return path


NOT_OF_IMAGES = {"kl_exact", "kl_exact_se", "kl_data", "total_variation"}


OF_AN_UPDATE = {  # what the first row, before any update, does not have
    "contrast",
    "gradient_norm",
    "cd_gradient_norm",
    "kl_gradient_norm",
    "data_energy",
    "walker_energy",
}


def may_be_nan(spec: RunSpec) -> set[str]:
    """The numbers of the history that a method, a target or a kernel does not have."""
    witness = getattr(spec.method, "witness", 0) > 0
    found = {"gradient_cosine", "gradient_ratio", "acceptance"}  # NaN when a gradient is exactly 0
    found |= (
        set() if spec.method.kind == "improved-cd" else {"cd_gradient_norm", "kl_gradient_norm"}
    )
    found |= set() if spec.method.weighted else {"kl_estimate", "kl_estimate_se"}
    found |= set() if witness else {"kl_witness", "kl_witness_se"}
    return found | ({"total_variation"} if spec.target.kind == "points" else set())


def check_finite(snapshot: Snapshot) -> None:
    """Every number that a sound run must have; NaN only where there is no such number."""
    spec, history = snapshot.spec, snapshot.history
    for name in set(HISTORY) - may_be_nan(spec):
        assert np.isfinite(history[name][name in OF_AN_UPDATE :]).all(), name
    for name in ("positions", "energies", "log_w", "data", "field", "means", "mode_centres"):
        assert np.isfinite(getattr(snapshot, name)).all(), name
    assert np.isfinite(snapshot.target_density).all() is not (spec.target.kind == "points")
    for masses in vars(snapshot.mode_mass).values():
        assert np.isfinite(masses).all()
    assert np.isfinite(snapshot.trails[:, -1]).all()
    assert ((history["ess"] > 0) & (history["ess"] <= 1 + 1e-9)).all()
    assert (history["ancestors"] >= 1).all()
    tested = spec.sampler.kernel == "mala" or (
        spec.sampler.kernel == "hmc" and spec.sampler.metropolis
    )
    if tested:
        assert ((history["acceptance"][1:] >= 0) & (history["acceptance"][1:] <= 1)).all()


@settings(
    max_examples=300,
    derandomize=True,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(specs())
def test_any_legal_spec_gives_finite_numbers_or_a_divergence_report(own_points, content):
    """300 random specs, 50 updates each, then a picture and a checkpoint that can be reloaded."""
    if content["target"]["kind"] == "points":
        content["target"]["path"] = str(own_points)
    run = Run(parse_spec(content))
    for _ in range(UPDATES):
        run.advance()
    snapshot = run.snapshot(playing=False, updates_per_second=0.0)
    assert Run.load(run.save()).step == run.step
    if run.divergence is None:
        assert run.step == UPDATES
        check_finite(snapshot)
    else:
        assert run.step <= UPDATES
        assert run.divergence.quantity in run.divergence.message
        assert run.divergence.knob.partition(".")[0] in ("sampler", "optimizer")


@settings(
    max_examples=100,
    derandomize=True,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(image_specs())
def test_any_legal_image_spec_gives_finite_numbers_or_a_divergence_report(content):
    """100 random specs on digits, 10 updates each, then a picture and a checkpoint."""
    run = Run(parse_spec(content))
    for _ in range(10):
        run.advance()
    shot = run.snapshot(playing=False, updates_per_second=0.0)
    assert Run.load(run.save()).step == run.step
    assert shot.tiles.shape[1:] == shot.films.shape[2:] == (8, 8)
    if run.divergence is not None:
        assert run.divergence.quantity in run.divergence.message
        return
    missing = may_be_nan(run.spec) | NOT_OF_IMAGES
    for name in set(HISTORY) - missing:
        assert np.isfinite(shot.history[name][name in OF_AN_UPDATE :]).all(), name
    for name in ("positions", "energies", "log_w", "data", "field", "mode_centres", "tile_log_w"):
        assert np.isfinite(getattr(shot, name)).all(), name
    for name in ("truth", "data", "raw", "raw_se", "weighted", "weighted_se"):
        assert np.isfinite(getattr(shot.mode_mass, name)).all(), name
