"""Image models put together: on which space, within which limits, and where the chains go."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from ebm_engine.jobs.tasks import TASKS, parse_task
from ebm_engine.run.run import Run
from ebm_engine.studies.composition import (
    Affine,
    climbed_log_z,
    composed,
    log_volume,
    parts_of,
)
from ebm_engine.studies.result import TaskError
from ebm_engine.studies.specs.images import CompositionSpec
from tests.run.image_models import checkpoint, image_run


def run_of(classes: tuple[int, ...], dim: int = 6) -> Run:
    return Run.load(checkpoint(classes=classes, dim=dim))


def spec(rule: str, count: int = 2, **more: object) -> CompositionSpec:
    return CompositionSpec(rule=rule, checkpoints=(b"x",) * count, **more)


def end(**arguments):
    *_, (share, result) = TASKS["composition"].run(parse_task("composition", arguments))
    assert share == 1.0
    return result


def test_another_model_sees_the_image_that_a_point_stands_for():
    """U₂(encode₂(decode₁(z))) for z beyond the corners, and its gradient by differences."""
    first, second = run_of((0, 1)), run_of((1, 7))
    seen = parts_of([first, second])[1]
    z = torch.randn(5, 6, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    there = second.parts.images.encode(first.parts.images.decode(z.float()))
    expected = second.parts.model.evaluate(there).energy
    assert torch.allclose(seen.evaluate(z.float()).energy, expected, rtol=1e-3)
    x = z.float().requires_grad_()
    (slope,) = torch.autograd.grad(seen.value(x).sum(), x)
    assert torch.allclose(seen.evaluate(z.float()).gradient, slope, rtol=1e-3, atol=1e-4)
    assert seen.evaluate(z.float(), gradient=False).gradient.shape == (0, 6)


def test_models_of_the_same_images_share_their_coordinates():
    """No map is needed between equal spaces, whatever the seed and the training."""
    first, second = run_of((0, 1)), Run.load(checkpoint(10))
    parts = parts_of([first, second])
    assert parts == (first.parts.model, second.parts.model)


def test_a_negation_ends_where_some_direction_opens():
    """1/σ₁² I − w AᵀA/σ₂² has its smallest eigenvalue at 0 for the weight named as the limit."""
    parts = parts_of([run_of((0, 1)), run_of((1, 7))])
    matrix = parts[1].matrix.double()
    largest = float(torch.linalg.eigvalsh(matrix.T @ matrix)[-1])
    limit = (1.2**-2) / (largest / 1.2**2)
    assert composed(spec("not", weights=(1.0, 0.99 * limit)), parts, ()).base_std > 1.2
    with pytest.raises(TaskError, match="no lower bound: its weight must stay below"):
        composed(spec("not", weights=(1.0, 1.01 * limit)), parts, ())
    # The first weight widens the limit: 3U₁ − wU₂.
    composed(spec("not", weights=(3.0, 2.9 * limit)), parts, ())


def test_a_mixture_of_bases_has_equal_shares_in_the_coordinates_of_the_first():
    """Untrained: log Z climbed is 3 log 2πσ₀², less log|det A|; ∫ exp(−U₂(Az + b)) dz says so."""
    first = image_run()
    second = image_run(target={"classes": [1, 7], "counts": [40, 40]})
    rng = torch.Generator().manual_seed(0)
    exact = 3 * math.log(2 * math.pi * 1.2**2)
    assert climbed_log_z(second, rng) == pytest.approx(exact, abs=1e-6)
    part = parts_of([first, second])[1]
    assert isinstance(part, Affine)
    determinant = float(torch.linalg.det(part.matrix.double()).abs())
    assert log_volume(part, 2) == pytest.approx(math.log(determinant), rel=1e-6)
    assert log_volume(first.parts.model, 1) == 0


def test_chains_on_and_show_the_class_that_both_models_know():
    """0/1 and 1/7: nearly all chains are ones for both classifiers; or keeps other classes too."""
    both = (checkpoint(600, (0, 1)), checkpoint(600, (1, 7)))
    result = end(rule="and", checkpoints=both, steps=400, chains=200)
    assert result["tiles"].shape == (64, 8, 8)
    assert result["tiles"].dtype == np.uint8
    assert result["class_names"] == (("0", "1"), ("1", "7"))
    assert result["shares"][0][1] > 0.9
    assert result["shares"][1][0] > 0.9
    either = end(rule="or", checkpoints=both, steps=400, chains=200)
    assert either["shares"][0][1] < 0.9
    assert result["curve"][-1] < result["curve"][0]
    assert 0.2 < result["acceptance"] < 0.9
    assert result["curve_step"][-1] == result["step"] == 400


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ({"checkpoints": 1}, "at least 2 models; there are 1"),
        ({"checkpoints": 0}, "at least 2 models; there are 0"),
        ({"rule": "not", "weights": (1.0, 50.0)}, "no lower bound"),
        ({"dim": 3}, "“or” needs models of the same directions: the first has 6, model 2 has 3"),
    ],
)
def test_what_cannot_be_put_together_says_why(arguments, sentence):
    """One sentence with value and limit, before any chain moves."""
    count = arguments.pop("checkpoints", 2)
    other = checkpoint(dim=arguments.pop("dim", 6), classes=(1, 7))
    with pytest.raises(TaskError, match=sentence):
        end(checkpoints=(checkpoint(), other)[:count], **arguments)


def test_images_of_another_size_are_refused():
    """8 × 8 and 9 × 8 pixels."""
    first, second = run_of((0, 1)), run_of((1, 7))
    object.__setattr__(second.parts.images, "size", (8, 9))
    with pytest.raises(TaskError, match="8 × 8 and 9 × 8 pixels, and they must be equal"):
        parts_of([first, second])


@pytest.mark.parametrize(
    ("weights", "rule", "sentence"),
    [
        ((1.0,), "and", "weights has 1 entries, 2 are needed"),
        ((1.0, 1.0), "or", "weights has 2 entries, 0 are needed"),
        ((1.0, -1.0), "not", "weights"),
    ],
)
def test_weights_that_do_not_fit_are_refused(weights, rule, sentence):
    """Their number and their sign."""
    with pytest.raises(TaskError, match=sentence):
        parse_task("composition", {"rule": rule, "weights": weights, "checkpoints": (b"x",) * 2})
