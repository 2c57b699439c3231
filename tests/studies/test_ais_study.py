"""log Z, cross-entropy and class masses of image models by annealed walkers."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest
import torch

from ebm_engine.jobs.tasks import TASKS, parse_task
from ebm_engine.run.run import Run
from ebm_engine.spec.run_spec import RunSpec
from ebm_engine.studies.ais import image_run as loaded
from ebm_engine.studies.ais import measure, summarised
from ebm_engine.studies.result import TaskError
from tests.run.image_models import checkpoint, image_run


def end(steps):
    *_, (share, result) = steps
    assert share == 1.0
    return result


def test_a_model_that_is_still_its_base_has_its_closed_forms():
    """U = |x|²/2σ₀²: log Z = 3 log 2πσ₀² forward and reverse exactly, H = log Z + E|y|²/2σ₀².

    With the energy of the training points in place of the held-out ones H would differ.
    """
    run = image_run()
    result = end(measure(run, 300, 5, seed=1))
    exact = 3 * math.log(2 * math.pi * 1.2**2)
    assert result["log_z_forward"] == pytest.approx(exact, abs=1e-6)
    assert result["log_z_reverse"] == pytest.approx(exact, abs=1e-6)
    assert result["log_z_forward_se"] == pytest.approx(0, abs=1e-6)
    energy = run.parts.images.held_out.double().square().sum(1) / (2 * 1.2**2)
    assert result["cross_entropy"] == pytest.approx(exact + float(energy.mean()), abs=1e-4)
    error = float(energy.std()) / math.sqrt(len(energy))
    assert result["cross_entropy_se"] == pytest.approx(error, rel=1e-3)
    on_training = run.parts.images.x.double().square().sum(1) / (2 * 1.2**2)
    assert abs(float(on_training.mean()) - float(energy.mean())) > 1e-2
    assert result["ess"] == pytest.approx(1)


def test_masses_are_those_of_plain_draws_where_the_model_can_be_drawn_from():
    """At the base: AIS shares within 5 s.e. of 20 000 exact draws read by the same classifier."""
    run = image_run()
    draws = run.parts.model.sample(20_000, torch.Generator().manual_seed(2))
    exact = run.parts.images.classes().shares(draws).mean(0).numpy()
    result = end(measure(run, 1000, 3, seed=3))
    spread = np.hypot(result["mass_se"], np.sqrt(exact * (1 - exact) / 20_000))
    assert (np.abs(result["mass"] - exact) < 5 * spread).all()
    binomial = np.sqrt(result["mass"] * (1 - result["mass"]) / 1000)
    assert result["mass_se"] == pytest.approx(binomial, rel=1e-3)
    assert result["mass"].sum() == pytest.approx(1)


def test_the_classifiers_errors_are_taken_out():
    """With C = ((.9, .1), (.2, .8)): o = Cᵀq gives q back; C⁻¹o, without transposing, does not."""
    run = image_run()
    mixing = torch.tensor([[0.9, 0.1], [0.2, 0.8]], dtype=torch.float64)
    images = run.parts.images
    object.__setattr__(images, "classifier", images.classifier._replace(confusion=mixing))
    result = end(measure(run, 500, 3, seed=4))
    corrected = result["mass_corrected"]
    assert mixing.numpy().T @ corrected == pytest.approx(result["mass"], abs=1e-12)
    assert corrected.sum() == pytest.approx(1)
    assert np.abs(mixing.numpy() @ corrected - result["mass"]).max() > 0.01
    # A two-class share scales by 1/(.9 − .2).
    assert result["mass_corrected_se"] == pytest.approx(result["mass_se"] / 0.7, rel=1e-9)


def test_a_trained_model_has_a_narrow_interval_that_more_walkers_stay_in():
    """The interval of 300 walkers holds the forward value of 3000 with four times the steps."""
    run = Run.load(checkpoint())
    with torch.no_grad():
        run.parts.model.parameters["output.weight"].mul_(5.0)
    few, many = end(measure(run, 300, 80, seed=5)), end(measure(run, 3000, 320, seed=6))
    assert few["log_z_low"] < many["log_z_forward"] < few["log_z_high"]
    assert few["log_z_high"] - few["log_z_low"] < 1.0
    base = 3 * math.log(2 * math.pi * 1.2**2)
    assert not few["log_z_low"] < base < few["log_z_high"]


def test_the_task_reports_on_the_way_and_tells_the_climb_first():
    """Shares grow from 0 to 1; after the climb masses are there while the interval is open."""
    spec = parse_task("ais", {"checkpoint": checkpoint(), "walkers": 50, "steps": 30, "seed": 0})
    seen = list(TASKS["ais"].run(spec))
    shares = [share for share, _ in seen]
    assert shares == sorted(shares)
    assert shares[-1] == 1.0
    first, last = (result for _, result in seen if result is not None)
    assert math.isnan(first["log_z_reverse"])
    assert math.isnan(first["log_z_high"])
    assert math.isfinite(last["log_z_high"])
    assert (first["mass"] == last["mass"]).all()
    assert not torch.is_inference_mode_enabled()
    assert torch.is_grad_enabled()


def test_the_same_seed_gives_the_same_numbers():
    """All randomness comes from the seed; another one gives other numbers."""
    run = Run.load(checkpoint())
    first, again, other = (end(measure(run, 50, 10, seed=s)) for s in (1, 1, 2))
    assert first["log_z_forward"] == again["log_z_forward"] != other["log_z_forward"]


def test_run_json_holds_plain_numbers():
    """class_mass has data, walkers and model; data are the counts 60 : 30; JSON takes it all."""
    found = summarised(image_run(20), walkers=50, steps=10)
    content = json.loads(json.dumps(found, allow_nan=False))
    assert content["class_mass"]["data"] == pytest.approx([2 / 3, 1 / 3])
    for name in ("raw", "weighted", "model_ais", "model_ais_corrected"):
        assert sum(content["class_mass"][name]) == pytest.approx(1)
    log_z = content["log_z_ais"]
    assert log_z["low"] < log_z["value"] < log_z["high"]
    assert content["ais"]["walkers"] == 50


def test_what_is_no_image_model_is_refused_in_one_sentence():
    """No checkpoint, a model of the plane, a run without images."""
    with pytest.raises(TaskError, match="no trained model yet"):
        loaded(b"")
    with pytest.raises(TaskError, match="trained on mixture, and images are needed"):
        loaded(Run(RunSpec()).save())
    with pytest.raises(ValueError, match="the target is mixture, and images are needed"):
        summarised(Run(RunSpec()))
    with pytest.raises(TaskError, match="walkers = 1: "):
        parse_task("ais", {"walkers": 1})
