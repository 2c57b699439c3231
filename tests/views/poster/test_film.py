"""Films: within size and time whatever the run, evenly over it, and in order."""

import io
from itertools import pairwise

import numpy as np
import pytest
from PIL import Image

from ebm_engine.views.poster import film
from tests.views.poster.test_plane import images_of, pixels


@pytest.fixture(scope="module")
def recorded():
    """Fourteen pictures of noise, updates 0 to 130."""
    from tests.views.conftest import build

    rng = np.random.default_rng(0)
    shown = images_of(build)
    return [
        build(
            tiles=rng.integers(0, 256, (64, 8, 8), dtype=np.uint8),
            class_names=shown.class_names,
            mode_mass=shown.mode_mass,
            known_density=False,
            step=10 * k,
        )
        for k in range(14)
    ]


def opened(content):
    """The film, and how long each of its pictures is shown, in ms."""
    found = Image.open(io.BytesIO(content))
    times = []
    for k in range(found.n_frames):
        found.seek(k)
        found.load()
        times.append(found.info["duration"])
    return found, times


@pytest.mark.parametrize("make", [film.gif, film.webp])
def test_a_film_shows_every_picture_and_rests_on_the_last(recorded, make):
    """Four pictures, for ever; only the last one stays for two seconds."""
    found, times = opened(make(recorded[:4]))
    assert found.n_frames == 4
    assert found.size == (film.FRAME.width, film.FRAME.height)
    assert found.info["loop"] == 0
    assert times[-1] == film.REST
    assert len(set(times[:-1])) == 1


@pytest.mark.parametrize("make", [film.gif, film.webp])
def test_a_film_of_noise_loses_pictures_and_pixels_until_it_fits(recorded, make, monkeypatch):
    """Noise cannot be compressed: of 14 pictures a bound of 200 kB leaves fewer or smaller ones."""
    monkeypatch.setattr(film, "MOST_BYTES", 200_000)
    content = make(recorded)
    found, _ = opened(content)
    assert len(content) <= 200_000
    assert found.n_frames < 14 or found.width < film.FRAME.width
    assert found.n_frames >= 2


def test_when_time_runs_out_the_film_still_goes_from_start_to_end(recorded, monkeypatch):
    """With no time at all two pictures remain: the first and the last of the run."""
    monkeypatch.setattr(film, "DRAW_SECONDS", 0.0)
    drawn = []
    paint = lambda s: drawn.append(s.step) or Image.new("RGB", (9, 9))  # noqa: E731
    monkeypatch.setattr(film, "_painter", lambda *_: paint)
    film.gif(recorded)
    assert sorted(drawn) == [0, 130]


def test_the_pictures_keep_the_order_of_the_run(recorded, monkeypatch):
    """Whatever order they are drawn in: grey levels 0, 10, 20 … come out ascending."""
    level = lambda s: Image.new("RGB", (60, 40), (s.step,) * 3)  # noqa: E731
    monkeypatch.setattr(film, "_painter", lambda *_: level)
    found, _ = opened(film.webp(recorded))
    seen = []
    for k in range(found.n_frames):
        found.seek(k)
        seen.append(found.convert("RGB").getpixel((5, 5))[0])
    assert len(seen) == 14
    assert all(a < b for a, b in pairwise(seen))


def test_a_picture_shows_its_own_moment_and_nothing_of_the_one_before(make):
    """Drawn after others on the same axes, the last one is its poster, pixel by pixel but at the
    edges where lines of the axes now lie below.
    """
    last = make()
    draw = film._painter(last, "light")
    first = draw(make(step=0, positions=-last.positions, mode_mass=last.mode_mass))
    again = np.asarray(draw(last)).astype(int)
    differs = (again != pixels(last, "light", film.FRAME)).any(-1)
    assert differs.mean() < 0.002
    assert (again != np.asarray(first)).any(-1).mean() > 0.01


@pytest.mark.parametrize("make_film", [film.gif, film.webp])
def test_a_film_of_a_run_keeps_its_pictures_within_five_megabytes(make, make_film):
    """Twenty pictures of a thousand moving walkers: none is lost, each 800 × 450."""
    rng = np.random.default_rng(3)
    last = make()
    shown = [
        make(step=k, positions=last.positions + rng.normal(0, 0.2, (1000, 2)).astype(np.float32))
        for k in range(20)
    ]
    content = make_film(shown)
    found, times = opened(content)
    assert len(content) <= 5_000_000
    assert found.size == (800, 450)
    assert len(times) == 20


@pytest.mark.parametrize("count", [1, 2, 3, 7, 60, 64])
def test_every_beginning_of_the_drawing_order_is_spread_evenly(count):
    """A permutation with the last index first; after k drawings no gap is over 4·count/k."""
    order = film.spread(count)
    assert sorted(order) == list(range(count))
    assert order[0] == count - 1
    for k in range(2, count):
        gaps = np.diff(sorted(order[:k]))
        assert gaps.max() <= 4 * count / k


def test_a_film_of_nothing_is_refused():
    """One sentence."""
    with pytest.raises(ValueError, match="needs at least one recorded picture"):
        film.gif([])
