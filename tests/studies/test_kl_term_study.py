"""The same run of improved CD with its KL term and without."""

from __future__ import annotations

import numpy as np
import pytest

from ebm_engine.jobs.tasks import TASKS, parse_task
from ebm_engine.run.run import Run
from ebm_engine.spec.edit import parse_spec
from ebm_engine.studies.result import TaskError

CONTENT = {
    "target": {"kind": "digits", "classes": [0, 1], "counts": [60, 30]},
    "energy": {"kind": "mlp", "width": 16, "base_std": 1.2, "dim": 6},
    "method": {"kind": "improved-cd", "k": 2},
    "sampler": {"step_size": 0.02},
    "walkers": {"count": 60},
    "optimizer": {"kind": "adam", "lr": 0.003, "batch": 30},
}


def told(content=None, updates=12):
    """Everything that the study tells, in order."""
    arguments = {"run": content or CONTENT, "updates": updates}
    return list(TASKS["kl-term"].run(parse_task("kl-term", arguments)))


def gaps(content, updates):
    """The contrast of every update of one run."""
    run, found = Run(parse_spec(content)), []
    for _ in range(updates):
        run.advance()
        found.append(run.state.metrics.contrast())
    return found


def test_both_curves_are_those_of_the_runs_themselves():
    """Bit for bit the contrast of the run as it is, and of the same with both weights 0.

    Only c_kl = 0 would leave the entropy on; a second run on later streams would begin elsewhere.
    """
    _, result = told()[-1]
    assert result["gap_on"].tolist() == gaps(CONTENT, 12)
    plain = {"kind": "improved-cd", "k": 2, "kl_weight": 0.0, "entropy_weight": 0.0}
    assert result["gap_off"].tolist() == gaps(CONTENT | {"method": plain}, 12)
    half = plain | {"entropy_weight": 0.3}
    assert result["gap_off"].tolist() != gaps(CONTENT | {"method": half}, 12)
    assert result["gap_on"][0] == result["gap_off"][0]
    assert (result["kl_weight"], result["entropy_weight"]) == (1.0, 0.3)


def test_progress_and_curves_grow_together():
    found = told(updates=5)
    assert [share for share, _ in found] == pytest.approx([0.2, 0.4, 0.6, 0.8, 1.0])
    assert [len(result["gap_on"]) for _, result in found] == [1, 2, 3, 4, 5]
    assert found[0][1]["updates"] == 5


def test_a_run_that_diverges_ends_there_and_the_study_says_why():
    """Far too large a learning rate: both end before the last update, with a sentence."""
    wild = CONTENT | {"optimizer": {"kind": "sgd", "lr": 100.0}}
    found = told(wild, updates=60)
    share, result = found[-1]
    assert share == 1
    for name in ("on", "off"):
        assert 0 < len(result[f"gap_{name}"]) < 60
        assert "at update" in result[f"diverged_{name}"]


def test_what_has_no_kl_term_is_refused_in_one_sentence():
    with pytest.raises(TaskError, match="the method is PCD, only improved CD has a KL term"):
        told(CONTENT | {"method": {"kind": "pcd"}})
    off = {"kind": "improved-cd", "kl_weight": 0.0, "entropy_weight": 0.0}
    with pytest.raises(TaskError, match="both 0"):
        told(CONTENT | {"method": off})
    with pytest.raises(TaskError, match="updates = 0"):
        told(updates=0)


def test_an_entropy_alone_is_a_term_too():
    """c_kl = 0 and c_ent > 0: the study runs, and the curves part."""
    alone = {"kind": "improved-cd", "k": 2, "kl_weight": 0.0, "entropy_weight": 0.5}
    _, result = told(CONTENT | {"method": alone})[-1]
    assert not np.array_equal(result["gap_on"], result["gap_off"])
