"""Energies of data, walkers and noise under the model of a checkpoint."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from ebm_engine.core.smc.weights import normalised
from ebm_engine.jobs.tasks import TASKS, parse_task
from ebm_engine.run.run import Run
from ebm_engine.spec.edit import parse_spec
from ebm_engine.studies.result import TaskError
from tests.run.image_models import checkpoint


def spread(**changes):
    """The last result of the study of a small trained model."""
    arguments = {"checkpoint": checkpoint(), "count": 40} | changes
    *_, (share, result) = TASKS["energies"].run(parse_task("energies", arguments))
    assert share == 1
    return result


def test_the_energies_are_those_of_the_model_at_its_own_points():
    """All 80 training points: U to rounding; encoded anew with new noise they are others."""
    run, found = Run.load(checkpoint()), spread(count=5000)
    x = run.parts.trainer.data
    expected = run.parts.model.evaluate(x, gradient=False).energy.double().numpy()
    assert np.allclose(np.sort(found["data"]), np.sort(expected), rtol=1e-5, atol=1e-5)
    walkers = run.state.walkers.train
    assert np.allclose(found["walkers"], walkers.at.energy.double().numpy(), rtol=1e-4, atol=1e-4)
    assert np.array_equal(found["weights"], normalised(walkers.log_w).numpy())
    assert found["step"] == run.step


def test_a_trained_model_puts_gaussian_noise_above_the_data():
    """By many standard errors; noise has as many images as are asked for."""
    found = spread()
    data, noise = found["data"], found["gaussian"]
    error = np.hypot(data.std() / len(data) ** 0.5, noise.std() / len(noise) ** 0.5)
    assert noise.mean() - data.mean() > 5 * error
    assert len(data) == len(noise) == len(found["uniform"]) == 40


def test_the_seed_decides_which_images_and_which_noise():
    same, again, other = spread(seed=1), spread(seed=1), spread(seed=2)
    for name in ("data", "held_out", "uniform", "gaussian"):
        assert np.array_equal(same[name], again[name])
        assert not np.array_equal(same[name], other[name])


def test_a_model_of_points_has_no_noise_images():
    with pytest.raises(TaskError, match="images are needed"):
        spread(checkpoint=Run(parse_spec({"walkers": {"count": 20}})).save())
    with pytest.raises(TaskError, match="no trained model yet"):
        spread(checkpoint=b"")


def test_the_generators_of_others_are_left_alone():
    """The study has streams of its own."""
    before = torch.random.get_rng_state()
    spread()
    assert torch.equal(before, torch.random.get_rng_state())
