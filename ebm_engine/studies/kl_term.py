"""What the KL term of improved CD does to a run: trained twice, with the term and without.

Both runs have the same spec and seed; without the term its two weights c_kl and c_ent are 0, which
leaves the gradient of contrastive divergence. The energy gap of update k is

    E_data[U] − E_walkers[U]  at θₖ₋₁, in nats,

on the training points and the walkers that the update used (Du et al. 2021, arXiv 2012.01316). A
run that the divergence detector stops ends there.
"""

from __future__ import annotations

import numpy as np

from ebm_engine.run.run import Run
from ebm_engine.spec.edit import with_value
from ebm_engine.studies.result import Result, Steps
from ebm_engine.studies.specs.images import KlTermSpec

REPORTS = 100  # messages on the way, at most
TERM = ("method.kl_weight", "method.entropy_weight")


def gaps(spec: KlTermSpec) -> Steps:
    """Both runs side by side, update by update, with the gaps so far.

    Raises SpecError where the images of the run's target are missing.
    """
    plain = spec.run
    for path in TERM:
        plain = with_value(plain, path, 0.0)
    runs = {"on": Run(spec.run), "off": Run(plain)}
    found: dict[str, list[float]] = {name: [] for name in runs}
    stride = max(1, spec.updates // REPORTS)
    for done in range(1, spec.updates + 1):
        for name, run in runs.items():
            if run.divergence is None:
                run.advance()
                found[name].append(run.state.last_metrics.contrast())
        over = all(run.divergence for run in runs.values())
        if done % stride == 0 or over or done == spec.updates:
            yield 1.0 if over else done / spec.updates, _result(spec, runs, found)
        if over:
            return


def _result(spec: KlTermSpec, runs: dict[str, Run], found: dict[str, list[float]]) -> Result:
    method = spec.run.method
    result: Result = {
        "updates": spec.updates,
        "kl_weight": method.kl_weight,
        "entropy_weight": method.entropy_weight,
    }
    for name, run in runs.items():
        result[f"gap_{name}"] = np.array(found[name])
        result[f"diverged_{name}"] = run.divergence.message if run.divergence else ""
    return result
