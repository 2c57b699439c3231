"""The training image nearest to each tile: exact in both spaces, and what a snapshot says of it."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from ebm_engine.build.parts import build
from ebm_engine.data.digits import load_digits, subset
from tests.run.image_runs import PIXELS, SMALL, played, spec


def training_images(run_spec):
    """The training images (n, D) float64 as they are, without noise, and their grey values."""
    target = run_spec.target
    grey, _ = subset(*load_digits("train"), target.classes, target.counts)
    return grey.reshape(len(grey), -1) / 255.0, grey


def squares(pictures, images):
    """|x − p|² (m, n) of pictures (m, D) and images (n, D), pixel by pixel."""
    return ((pictures[:, None] - images[None]) ** 2).sum(2)


@pytest.mark.parametrize("content", [SMALL, PIXELS])
def test_the_nearest_training_image_is_that_of_an_exhaustive_search(content):
    """|x − p|² over all pixels; in 10 of 64 coordinates alone, without what an image has outside
    of them, another image comes out for many pictures, as is checked here.
    """
    run_spec = spec(content)
    images, _ = training_images(run_spec)
    parts = build(run_spec)
    found = parts.images
    x = found.x[:60] + 0.3 * torch.randn(
        60, run_spec.dim, generator=torch.Generator().manual_seed(0)
    )
    distance = squares(found.decode(x).double().numpy(), images)
    rows = found.nearest.rows(found.space.flat(x))
    np.testing.assert_array_equal(rows.numpy(), distance.argmin(1))
    rms = np.sqrt(distance.min(1) / 64)
    np.testing.assert_allclose(found.nearest.distances(found.decode(x), rows), rms, rtol=1e-5)
    if run_spec.energy.space == "latent":
        flat = found.space.flat(found.encode(torch.from_numpy(images)))
        within = squares(found.space.flat(x).numpy(), flat.numpy()).argmin(1)
        assert (within != distance.argmin(1)).sum() > 5


def test_a_training_image_is_nearest_to_itself_where_no_coordinate_is_lost():
    """Distance 0 in 64 coordinates of 64 pixels; in 10 at most what lies outside of them."""
    images, _ = training_images(spec())
    for dim in (64, 10):
        found = build(spec(energy__dim=dim)).images
        x = found.encode(torch.from_numpy(images))
        rows = found.nearest.rows(found.space.flat(x))
        told = found.nearest.distances(found.decode(x), rows).numpy()
        lost = np.sqrt(((found.decode(x).double().numpy() - images) ** 2).mean(1))
        assert (told <= lost + 1e-5).all()
        if dim == 64:
            assert told.max() < 1e-5
            np.testing.assert_array_equal(images[rows.numpy()], images)
        else:
            assert lost.min() > 0.01


@pytest.mark.parametrize("content", [SMALL, PIXELS])
def test_a_snapshot_shows_the_training_image_as_it_is(content):
    """Grey values of the file, bit for bit: a decoded neighbour would be blurred."""
    run = played(spec(content, sampler__step_size=0.001), 3)
    shot = run.snapshot(playing=False, updates_per_second=0.0)
    images, grey = training_images(run.spec)
    assert shot.tile_nearest.shape == (64, 8, 8)
    assert {part.tobytes() for part in shot.tile_nearest} <= {part.tobytes() for part in grey}
    assert shot.tile_distance.dtype == np.float32
    pictures = run.parts.images.decode(run.state.walkers.train.x[shot.tile_rows.copy()])
    rms = np.sqrt(squares(pictures.double().numpy(), images).min(1) / 64)
    np.testing.assert_allclose(shot.tile_distance, rms, rtol=1e-5)


def test_a_run_of_points_has_no_nearest_image():
    from ebm_engine.run.run import Run
    from ebm_engine.spec.run_spec import RunSpec

    shot = Run(RunSpec()).snapshot(playing=False, updates_per_second=0.0)
    assert shot.tile_nearest.shape == (0, 0, 0)
    assert shot.tile_distance.shape == (0,)
