"""Strange images: what they are, and how energies and baselines score them."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from sklearn.metrics import roc_auc_score

from ebm_engine.data.digits import load_digits
from ebm_engine.jobs.tasks import TASKS, parse_task
from ebm_engine.run.run import Run
from ebm_engine.studies import ood
from ebm_engine.studies.ood import OTHER_CLASSES, STRANGE, auroc_error, kinds_of
from ebm_engine.studies.result import TaskError
from tests.run.image_models import checkpoint, image_run

PIXELS = torch.arange(12, dtype=torch.float32).reshape(2, 6) / 12  # two images of 2 × 3


def rng(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def test_the_strange_images_are_what_their_names_say():
    """Turned: rows and columns backwards, not a mirror image; inverted: 1 − x; blank: 0."""
    turned = STRANGE["turned by 180°"](PIXELS, rng()).reshape(2, 2, 3)
    assert torch.equal(turned, PIXELS.reshape(2, 2, 3).rot90(2, (1, 2)))
    assert not torch.equal(turned, PIXELS.reshape(2, 2, 3).flip(2))
    assert torch.equal(STRANGE["inverted"](PIXELS, rng()), 1 - PIXELS)
    assert (STRANGE["blank"](PIXELS, rng()) == 0).all()


def test_a_shuffle_keeps_the_pixels_of_each_image_and_differs_between_images():
    """Sorted pixels are the same per image; one order for all images would show in the ranks."""
    ramp = torch.arange(50.0).repeat(40, 1)
    mixed = STRANGE["pixel shuffle"](ramp, rng(1))
    assert torch.equal(mixed.sort(1).values, ramp)
    assert len(torch.unique(mixed, dim=0)) == 40


def test_the_noises_have_their_moments():
    """Uniform: mean ½ and variance 1/12 within 5 s.e.; Gaussian: mean and spread of the images."""
    pixels = torch.full((200, 64), 0.5) + 0.1 * torch.randn(200, 64, generator=rng(2))
    uniform = STRANGE["uniform noise"](pixels, rng(3)).double()
    n = uniform.numel()
    assert abs(float(uniform.mean()) - 0.5) < 5 * math.sqrt(1 / 12 / n)
    assert abs(float(uniform.var()) - 1 / 12) < 5 * math.sqrt(1 / 180 / n)
    normal = STRANGE["Gaussian noise"](pixels, rng(4)).double()
    assert abs(float(normal.mean() - pixels.mean())) < 5 * 0.1 / math.sqrt(n)
    assert float(normal.std()) == pytest.approx(float(pixels.std()), rel=5 / math.sqrt(2 * n))


def test_other_classes_are_held_out_images_of_the_digits_left_out():
    """Every one of them is in the test split with another label, and none in the training split."""
    kinds = kinds_of(image_run().spec.target, 500, rng())
    images, labels = load_digits("test")
    others = {im.tobytes() for im in images[~np.isin(labels, (0, 1))]}
    found = (kinds.strange[OTHER_CLASSES] * 255).round().byte().numpy()
    assert {im.tobytes() for im in found} <= others
    familiar = {im.tobytes() for im in images[np.isin(labels, (0, 1))]}
    assert {im.tobytes() for im in (kinds.familiar * 255).round().byte().numpy()} <= familiar
    assert {len(pixels) for pixels in kinds.strange.values()} == {len(kinds.familiar)}


def test_without_classes_left_out_there_is_no_such_kind():
    """All ten digits are familiar."""
    target = image_run(target={"classes": list(range(10)), "counts": [20] * 10}).spec.target
    assert OTHER_CLASSES not in kinds_of(target, 20, rng()).strange


def test_the_task_gives_energies_and_baselines_by_kind():
    """AUROC is that of −U by scikit-learn; a shuffle and a turn leave the mean intensity at ½."""
    content = checkpoint()
    *partial, (share, result) = TASKS["ood"].run(parse_task("ood", {"checkpoint": content}))
    assert share == 1.0
    assert [len(r["names"]) for _, r in partial] == list(range(1, 7))
    assert result["names"] == (*STRANGE, OTHER_CLASSES)
    n = result["count"]
    assert result["strange"].shape == (7, n)
    labels = np.repeat([1, 0], n)
    for k in range(7):
        score = -np.concatenate([result["familiar"], result["strange"][k]])
        assert result["auroc"][k] == pytest.approx(roc_auc_score(labels, score))
    blind = [result["names"].index(name) for name in ("pixel shuffle", "turned by 180°")]
    assert result["auroc_intensity"][blind] == pytest.approx([0.5, 0.5], abs=0.02)
    sharp = [result["names"].index(name) for name in ("inverted", "blank")]
    assert (result["auroc_intensity"][sharp] > 0.99).all()
    assert result["examples"].shape == (8, 8, 8, 8)
    assert result["examples"].dtype == np.uint8
    assert np.isfinite(result["auroc_outside"]).all()


def test_what_lies_outside_the_components_is_the_rest_of_the_image():
    """|x|² − of a centred image is what projection leaves: brute force with the basis."""
    run = Run.load(checkpoint())
    latent = run.parts.images.space.latent
    kinds = kinds_of(run.spec.target, 10, rng())
    scores = ood._Scores(run, kinds, kinds.familiar, rng())
    centred = (kinds.familiar - latent.mean).double()
    basis = latent.basis.double()
    rest = centred.square().sum(1) - (centred @ basis).square().sum(1)
    assert scores.outside.numpy() == pytest.approx(rest.numpy(), rel=1e-3)
    assert float(rest.min()) > 0.1


def test_in_the_space_of_pixels_nothing_lies_outside():
    """The second baseline is unknown there."""
    run = image_run(5, energy={"space": "pixels"}, sampler={"step_size": 0.001})
    spec = parse_task("ood", {"checkpoint": run.save(), "count": 10})
    *_, (_, result) = TASKS["ood"].run(spec)
    assert not result["latent"]
    assert np.isnan(result["auroc_outside"]).all()
    assert np.isfinite(result["auroc"]).all()


def test_the_error_of_an_auroc_has_its_closed_form():
    """A = ½: Q₁ = Q₂ = ⅓, so se² = (¼ + (n − 1)/6)/n²; 0 at A = 1; it shrinks as 1/√n."""
    assert auroc_error(0.5, 10) == pytest.approx(math.sqrt(0.25 + 9 / 6) / 10)
    assert auroc_error(1.0, 10) == 0
    assert auroc_error(0.8, 400) == pytest.approx(auroc_error(0.8, 100) / 2, rel=0.01)


def test_too_few_held_out_images_are_refused(monkeypatch):
    """One image makes no ranking."""
    target = image_run().spec.target
    files = ood.load(target)
    monkeypatch.setattr(ood, "load", lambda _: files._replace(test=files.test[:1]))
    with pytest.raises(TaskError, match="there are 1 held-out images, and at least 2"):
        kinds_of(target, 100, rng())
