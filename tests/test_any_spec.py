"""Any legal spec runs: finite numbers, or a report of what went wrong. Never a traceback."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ebm_engine.runs.run import Run
from ebm_engine.runs.snapshot import HISTORY, Snapshot
from ebm_engine.runs.spec import parse_spec

UPDATES = 50


def numbers(low: float, high: float) -> st.SearchStrategy[float]:
    """Numbers spread evenly over the orders of magnitude from low to high."""
    return st.floats(np.log(low), np.log(high), allow_subnormal=False).map(
        lambda x: min(high, max(low, float(np.exp(x))))
    )


@st.composite
def mixtures(draw: st.DrawFn, dim: int) -> dict[str, Any]:
    """Means up to the limit of 1000 and masses down to 1e-6."""
    modes = draw(st.integers(1, 4))
    size = draw(st.sampled_from([0.0, 0.1, 5.0, 20.0, 1000.0]))
    row = st.lists(st.floats(-size, size, allow_subnormal=False), min_size=dim, max_size=dim)
    masses = np.array(draw(st.lists(numbers(1e-6, 1.0), min_size=modes, max_size=modes)))
    return {
        "means": draw(st.lists(row, min_size=modes, max_size=modes)),
        "masses": (masses / masses.sum()).tolist(),
    }


CD = st.fixed_dictionaries({"kind": st.just("cd"), "k": st.integers(1, 5)})
PCD = st.fixed_dictionaries(
    {
        "kind": st.just("pcd"),
        "start": st.sampled_from(["data", "model"]),
        "restart": st.sampled_from([0.0, 1e-4, 0.1, 1.0]),
        "restart_every": st.sampled_from([0, 1, 4, 1_000_000]),
    }
)
WEIGHTED = st.fixed_dictionaries(
    {
        "kind": st.just("weighted-ula"),
        "ess_threshold": st.sampled_from([0.0, 0.5, 0.99, 1.0]),
        "resampling": st.sampled_from(["multinomial", "residual", "stratified", "systematic"]),
        "correction": st.booleans(),
        "witness": st.sampled_from([0, 1, 2, 30]),
        "refresh_every": st.sampled_from([0, 1, 20]),
        "refresh_steps": st.integers(2, 8),
    }
)
RATES = {
    "lr_means": st.one_of(st.just(0.0), numbers(1e-4, 100.0)),
    "lr_log_masses": st.one_of(st.just(0.0), numbers(1e-4, 100.0)),
}
SGD = st.fixed_dictionaries({"kind": st.just("sgd"), **RATES})
ADAM = st.fixed_dictionaries(
    {
        "kind": st.just("adam"),
        "betas": st.tuples(
            st.floats(0, 0.99, allow_subnormal=False), st.floats(0, 0.9999, allow_subnormal=False)
        ).map(list),
        **RATES,
    }
)


@st.composite
def specs(draw: st.DrawFn) -> dict[str, Any]:
    """A legal spec: every option, every kind, sizes kept small for speed only."""
    dim = draw(st.sampled_from([1, 2, 3, 7]))
    learn = draw(st.sampled_from([[], ["means"], ["log_masses"], ["means", "log_masses"]]))
    jitter = draw(st.sampled_from([0.0, 0.01, 10.0]))
    return {
        "target": draw(mixtures(dim)) | {"samples": draw(st.integers(2, 60))},
        "energy": draw(mixtures(dim)) | {"learn": learn, "jitter": jitter},
        "method": draw(st.one_of(CD, PCD, WEIGHTED)),
        "sampler": {
            "step_size": draw(numbers(1e-6, 100.0)),
            "temperature": draw(st.one_of(st.just(1.0), numbers(1e-6, 100.0))),
        },
        "walkers": {"count": draw(st.integers(2, 60))},
        "optimizer": draw(st.one_of(SGD, ADAM)),
        "seed": draw(st.integers(0, 2**31 - 1)),
        "dtype": draw(st.sampled_from(["float32", "float64"])),
    }


def check_finite(snapshot: Snapshot) -> None:
    """Every number that a sound run must have; NaN only where the method has no such number."""
    weighted = snapshot.spec.method.kind == "weighted-ula"
    witness = weighted and snapshot.spec.method.witness > 0
    without = {"gradient_cosine", "gradient_ratio"}  # NaN when a gradient is exactly 0
    without |= set() if weighted else {"kl_estimate", "kl_estimate_se"}
    without |= set() if witness else {"kl_witness", "kl_witness_se"}
    for name in set(HISTORY) - without - {"contrast"}:
        assert np.isfinite(snapshot.history[name]).all(), name
    assert np.isfinite(snapshot.history["contrast"][1:]).all()
    for name in ("positions", "energies", "log_w", "data", "field", "target_density", "means"):
        assert np.isfinite(getattr(snapshot, name)).all(), name
    for masses in vars(snapshot.mode_mass).values():
        assert np.isfinite(masses).all()
    assert np.isfinite(snapshot.trails[:, -1]).all()
    assert ((snapshot.history["ess"] > 0) & (snapshot.history["ess"] <= 1 + 1e-9)).all()
    assert (snapshot.history["ancestors"] >= 1).all()


@settings(
    max_examples=300,
    derandomize=True,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(specs())
def test_any_legal_spec_gives_finite_numbers_or_a_divergence_report(content):
    """300 random specs, 50 updates each, then a picture and a checkpoint that can be reloaded."""
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
