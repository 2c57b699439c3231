"""Image runs: spec, space, classes, pictures and checkpoints of the digits and, at hand, MNIST."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from ebm_engine.build.parts import build
from ebm_engine.core.referees.held_out import HeldOutReferee
from ebm_engine.core.types import Evaluation, Walkers
from ebm_engine.data.digits import load_digits
from ebm_engine.run.films import Films
from ebm_engine.run.headless import report
from ebm_engine.run.run import Run
from ebm_engine.run.tiles import tile_rows
from ebm_engine.spec.edit import parse_spec
from ebm_engine.spec.kinds import KINDS
from ebm_engine.spec.knobs import knobs
from ebm_engine.spec.run_spec import SpecError
from tests.run.image_runs import PIXELS, SMALL, played, spec


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ({"target": {"kind": "digits"}}, "needs a network"),
        ({"energy": {"kind": "cnn"}}, "needs a target of images"),
        ({"energy": {"kind": "mlp", "space": "pixels"}}, "needs a target of images"),
        (SMALL | {"method": {"kind": "exact"}}, "its gradient is unknown on images"),
        (
            {"target": {"kind": "mnist"}, "energy": {"kind": "mlp", "space": "pixels"}}
            | {"method": {"kind": "score-matching"}},
            "in 784 dimensions, the limit is 64",
        ),
        (SMALL | {"target": {"kind": "digits", "classes": [0, 0, 1]}}, "repeats an entry"),
        (SMALL | {"target": {"kind": "digits", "classes": [0, 1, 10]}}, "the digits 0 to 9"),
        (SMALL | {"target": {"kind": "digits", "counts": [1, 2]}}, "2 entries for 3 classes"),
        (SMALL | {"target": {"kind": "digits", "counts": [3, 2, 1]}}, "energy.dim = 10: 6 images"),
        (SMALL | {"energy": {"kind": "cnn", "hidden": 3}}, "must be even"),
        (
            {"target": {"kind": "images"}, "energy": {"kind": "mlp", "space": "pixels"}},
            "in the space 'latent'",
        ),
    ],
)
def test_what_does_not_fit_together_is_refused_in_one_sentence(content, sentence):
    with pytest.raises(SpecError, match=sentence) as caught:
        parse_spec(content)
    assert "\n" not in str(caught.value)


def test_the_dimension_is_that_of_the_space():
    assert spec().dim == 10
    assert spec(energy__dim=20).dim == 20
    assert spec(PIXELS).dim == 64
    assert spec(SMALL, energy__space="pixels").dim == 64


def test_space_and_dimension_have_controls_on_images_only():
    shown = {knob.path for knob in knobs(spec())}
    assert {"target.noise", "energy.space", "energy.dim"} <= shown
    assert "energy.dim" not in {knob.path for knob in knobs(spec(PIXELS))}
    plane = {knob.path for knob in knobs(parse_spec({"energy": {"kind": "mlp"}}))}
    assert not plane & {"energy.space", "energy.dim"}


def test_training_points_are_whitened_and_centred():
    """Over images and noise the covariance is I; unwhitened, the first variance would be λ₁ ≈ 4."""
    images = build(spec(target__counts=[140, 140, 140])).images
    x = images.x.double()
    assert float(x.mean(0).abs().max()) < 5 / math.sqrt(len(x))
    assert torch.allclose(x.T @ x / len(x), torch.eye(10).double(), atol=5 * math.sqrt(2 / len(x)))


def test_a_space_decodes_what_it_encodes():
    """Exact for pixels; in 64 coordinates of 64 pixels the latent space loses nothing either."""
    shown = load_digits("train")[0][:50].reshape(50, -1) / np.float32(255)
    for run_spec in (spec(PIXELS), spec(energy__dim=64)):
        images = build(run_spec).images
        pixels = torch.from_numpy(shown)
        assert torch.allclose(images.decode(images.encode(pixels)), pixels, atol=1e-5)


def test_classes_come_in_the_proportions_asked_for():
    parts = build(spec())
    assert parts.images.shares.tolist() == pytest.approx([140 / 245, 70 / 245, 35 / 245])
    assert parts.images.class_names == ("0", "1", "7")
    held = torch.bincount(parts.images.held_labels).double()
    assert torch.allclose(held / held.sum(), parts.images.shares, atol=0.01)
    assert parts.images.held_out.shape == (int(held.sum()), 10)


def test_the_classifier_reads_held_out_digits_and_its_errors_add_up():
    """At least 95 % of each class; a classifier that always says 0 has two rows at 0."""
    parts = build(spec())
    confusion = parts.images.classifier.confusion
    assert torch.allclose(confusion.sum(1), torch.ones(3).double())
    assert float(confusion.diagonal().min()) > 0.9
    readings = parts.regions.of(parts.images.x)
    assert float((readings == parts.images.labels).double().mean()) > 0.97


def test_two_classes_are_told_apart_and_one_is_no_question():
    """scikit-learn has a single output for two classes: its sign decides, not a largest entry."""
    two = build(
        spec({**SMALL, "target": {"kind": "digits", "classes": [3, 8], "counts": [90, 90]}})
    )
    assert float(two.images.classifier.confusion.diagonal().min()) > 0.85
    one = build(spec({**SMALL, "target": {"kind": "digits", "classes": [4], "counts": [90]}}))
    assert one.regions.shares(one.images.x).tolist() == [[1.0]] * 90


@pytest.mark.parametrize("content", [SMALL, PIXELS])
def test_a_snapshot_holds_tiles_films_and_class_shares(content):
    run = played(spec(content, sampler__step_size=0.001), 23)
    shot = run.snapshot(playing=False, updates_per_second=0.0)
    assert shot.tiles.shape == (64, 8, 8)
    assert shot.tiles.dtype == np.uint8
    assert shot.films.shape == (4, 6, 8, 8)  # updates 0, 5, 10, 15, 20 and 23
    assert shot.class_names == ("0", "1", "7")
    assert len(set(shot.tile_rows.tolist())) == 64
    assert (np.diff(shot.tile_log_w) <= 0).all()
    assert np.array_equal(shot.tile_energies, shot.energies[shot.tile_rows])
    assert np.array_equal(shot.tile_log_w, shot.log_w[shot.tile_rows])
    assert set(shot.tile_labels.tolist()) <= {0, 1, 2}
    assert shot.mode_mass.truth == pytest.approx([4 / 7, 2 / 7, 1 / 7])
    assert np.isnan(shot.mode_mass.model).all()
    assert shot.mode_mass.raw.sum() == pytest.approx(1)
    assert shot.mode_centres.shape == (3, 2)
    assert shot.positions.shape == (80, 2)
    assert not shot.known_density
    assert np.isnan(shot.history["kl_exact"]).all()
    assert np.isfinite(shot.history["kl_estimate"]).all()
    assert not shot.tiles.flags.writeable


def test_the_first_cross_entropy_is_that_of_the_gaussian_base():
    """H = (d/2) log 2πσ₀² + E|x|²/2σ₀² at θ₀; an entropy of the data would shift it."""
    run = Run(spec(energy__base_std=1.2))
    x = run.parts.images.x.double()
    exact = 5 * math.log(2 * math.pi * 1.2**2) + float((x**2).sum(1).mean()) / (2 * 1.2**2)
    assert run.recent(playing=False).row["kl_estimate"] == pytest.approx(exact, abs=1e-4)


def test_tiles_go_from_the_heaviest_walker_to_the_lightest():
    log_w = torch.tensor([0.0, 3.0, -1.0, 2.0]).double()
    at = Evaluation(torch.tensor([4.0, 1.0, 3.0, 2.0]), torch.zeros(4, 1))
    walkers = Walkers(torch.zeros(4, 1), at, log_w, 0.0, torch.arange(4))
    assert tile_rows(walkers, weighted=True).tolist() == [1, 3, 0, 2]
    assert tile_rows(walkers, weighted=False).tolist() == [1, 3, 2, 0]


def test_a_film_follows_its_walker_back_through_resampling_and_ends_at_a_restart():
    """Walkers carry their own history as a number; at update 7 all come from slot 3, at 12 walker 1
    starts again. Films that ignored the slots would show each walker's present slot.
    """
    films, at = Films(), Evaluation(torch.zeros(4), torch.zeros(4, 1))
    names = torch.arange(4.0)
    for update in range(15):
        parents = None
        if update == 7:
            parents, names = torch.full((4,), 3), torch.full((4,), 3.0)
        if update == 12:
            parents, names = torch.tensor([0, -1, 2, 3]), torch.tensor([3.0, 9.0, 3.0, 3.0])
        x = torch.stack([names, torch.full((4,), float(update))], 1)
        walkers = Walkers(x, at, torch.zeros(4), 0.0, torch.arange(4), parents)
        films.track(walkers)
    film = films.positions(walkers)
    assert film.shape == (4, 4, 2)
    assert film[0].tolist() == [[3, 0], [3, 5], [3, 10], [3, 14]]
    assert film[1, -1].tolist() == [9, 14]
    assert torch.isnan(film[1, :-1]).all()


def test_chains_of_one_update_are_filmed_from_their_start_to_their_end():
    run = played(spec(method__kind="cd", method__k=30), 2)
    film = run.state.films.positions(run.state.walkers.train)
    assert film.shape == (4, 12, 10)
    assert torch.equal(film[:, -1], run.state.walkers.train.x[:4])
    assert torch.equal(film[:, 0], run.state.walkers.train.path[0, :4])


@pytest.mark.parametrize("content", [SMALL, PIXELS])
def test_a_checkpoint_goes_on_bit_by_bit(content):
    run = played(spec(content, sampler__step_size=0.001, optimizer__batch=50), 6)
    again = Run.load(run.save())
    for one in (run, again):
        for _ in range(4):
            one.advance()
    assert torch.equal(run.state.walkers.train.x, again.state.walkers.train.x)
    assert torch.equal(run.state.walkers.train.log_w, again.state.walkers.train.log_w)


def test_the_report_holds_class_masses_and_no_number_that_json_has_not():
    final = report(played(spec(), 2).snapshot(playing=False, updates_per_second=0.0))["final"]
    assert final["class_mass"]["data"] == pytest.approx([4 / 7, 2 / 7, 1 / 7])
    assert final["class_mass"]["model_ais"] is None
    assert sum(final["class_mass"]["raw"]) == pytest.approx(1)
    assert final["cross_entropy_heldout"] is final["log_z_ais"] is final["log_z_exact"] is None


def test_the_exact_gradient_is_not_known():
    parts = build(spec())
    assert isinstance(parts.referee, HeldOutReferee)
    with pytest.raises(ValueError, match="is not known on images"):
        parts.referee.gradient(parts.base)


def test_a_field_of_the_energy_is_its_cut_through_the_plane():
    """Latent: x = (a, b, 0, …); a marginal would be flatter."""
    run = Run(spec(energy__base_std=1.2))
    x_min, _, y_min, y_max = run.state.plane.box
    field = run.state.plane.field(run.parts.model, 0, playing=False)
    assert field[0, 0] == pytest.approx((x_min**2 + y_min**2) / (2 * 1.2**2), rel=1e-4)
    assert field[-1, 0] == pytest.approx((x_min**2 + y_max**2) / (2 * 1.2**2), rel=1e-4)


def test_every_kind_of_image_target_and_energy_is_in_the_list():
    assert {"mnist", "digits", "images"} <= set(KINDS["target"])
    assert "cnn" in KINDS["energy"]
