"""The plane of a poster: field, iso-lines, walkers and images, against closed forms."""

from dataclasses import replace

import numpy as np
import pytest
from matplotlib import colormaps
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.collections import PathCollection
from matplotlib.contour import ContourSet

from ebm_engine.views.poster import film, save
from ebm_engine.views.poster.sheet import POSTER, sheet
from ebm_engine.views.poster.style import Format
from ebm_engine.views.style import encodings
from ebm_engine.views.style.palette import FIELD

SQUARE = (-1.0, 1.0, -1.0, 1.0)


def images_of(make, count=64, side=8, known=False):
    """An image run: tiles of noise, three classes, a model without masses."""
    rng = np.random.default_rng(1)
    tiles = rng.integers(0, 256, (count, side, side), dtype=np.uint8)
    base = make()
    three = np.array([0.2, 0.3, 0.5])
    masses = base.mode_mass
    names = ("truth", "data", "raw", "raw_se", "weighted", "weighted_se")
    masses = replace(masses, model=np.full(3, np.nan), **dict.fromkeys(names, three))
    return make(tiles=tiles, class_names=("0", "1", "7"), mode_mass=masses, known_density=known)


def pixels(snapshot, theme="light", size=film.FRAME):
    """The poster as an image (h, w, 3)."""
    canvas = FigureCanvasAgg(save.poster(snapshot, theme, size))
    canvas.draw()
    return np.asarray(canvas.buffer_rgba())[:, :, :3].astype(int)


def plane_pixels(snapshot, size=film.FRAME):
    """The part of the poster's image that lies well within the plane."""
    image, axes = pixels(snapshot, size=size), sheet(snapshot, "light", size).parts[0][0]
    (left, low), (right, high) = axes.bbox.get_points().round().astype(int)
    return image[size.height - high + 3 : size.height - low - 3, left + 3 : right - 3]


def plane_of(snapshot):
    """The axes of the plane, filled."""
    page = sheet(snapshot, "light")
    page.fill(snapshot)
    return page.parts[0][0]


def bare(make, **changes):
    """A flat field with nothing on it but the walkers that are given."""
    none = {"data": np.zeros((0, 2), np.float32)}
    none |= dict.fromkeys(("means", "target_means"), np.zeros((0, 2)))
    return make(box=SQUARE, field=np.zeros((5, 5), np.float32), **none | changes)


def walkers(x, weight):
    """Walkers on the line y = 0."""
    return {
        "positions": np.column_stack([x, np.zeros(len(x))]).astype(np.float32),
        "log_w": np.log(np.array(weight, np.float32)),
        "energies": np.zeros(len(x), np.float32),
    }


def test_the_isolines_of_a_gaussian_are_its_circles(make):
    """U = r²/2: at 1, 2, 4, 8 kT circles of radius √2, 2, √8, 4, to h²/8r by linear interpolation;
    a level mistaken for log₂ U, or another energy than U − min U, has other radii.
    """
    x = np.linspace(-5, 5, 101)
    field = (x**2 + x[:, None] ** 2) / 2 + 7
    axes = plane_of(make(box=(-5.0, 5.0, -5.0, 5.0), field=field.astype(np.float32)))
    (lines,) = [c for c in axes.collections if isinstance(c, ContourSet)]
    assert tuple(lines.levels) == encodings.ISO_LINES
    for level, path in zip(lines.levels, lines.get_paths(), strict=True):
        radius = np.hypot(*path.vertices.T)
        assert np.abs(radius - np.sqrt(2 * level)).max() < 0.1**2 / (8 * radius.min()) + 1e-5


def test_isolines_leave_a_gap_where_a_number_is_missing(make):
    """U = x over one kT a cell has a straight line at 1 kT, broken around a NaN beside it."""
    ramp = np.tile(np.arange(5, dtype=np.float32), (5, 1))
    broken = ramp.copy()
    broken[2, 1] = np.nan

    def length(field):
        found = plane_of(replace(bare(make), field=field)).collections
        (lines,) = [c for c in found if isinstance(c, ContourSet)]
        parts = lines.get_paths()[0].to_polygons(closed_only=False)
        return sum(np.hypot(*np.diff(part, axis=0).T).sum() for part in parts)

    assert length(ramp) == pytest.approx(2)
    assert length(broken) == pytest.approx(1)


def test_the_field_has_high_y_at_the_top_and_its_minimum_in_the_first_colour(make):
    """U = 6 kT·(1 + y): yellow below, dark blue above, halfway the colour of 6 kT: not nearest."""
    ramp = np.repeat(np.linspace(0, 12, 7, dtype=np.float32)[:, None], 7, axis=1)
    found = plane_pixels(replace(bare(make, **walkers([], [])), field=ramp))
    table = (255 * colormaps[FIELD](np.linspace(0, 1, 256))[:, :3]).round()
    assert np.abs(found[-1] - table[1]).max() < 12
    assert np.abs(found[0] - table[254]).max() < 12
    third = found[len(found) // 3, 5]
    assert np.abs(third - table[170]).max() < 6


def test_a_walker_of_four_times_the_weight_covers_four_times_the_area(make):
    """Area ∝ N·w: 1.6 against 0.4 gives 4, where a radius ∝ N·w would give 16."""
    shown = bare(make, **walkers([-0.5, 0.5], [1.6, 0.4]))
    found = plane_pixels(shown, Format(3200, 1800, 38.0))
    touched = (found != found[5, 5]).any(-1)
    half = touched.shape[1] // 2
    assert touched[:, :half].sum() / touched[:, half:].sum() == pytest.approx(4, rel=0.15)


def test_dead_walkers_are_hollow_and_all_alike(make):
    """Of N·w = 1.2, 0.008 and 0 the first is a disc; the others are rings of one size."""
    axes = plane_of(bare(make, **walkers([-0.5, 0, 0.5], [1.2, 0.008, 0.0001])))
    dead, alive = [c for c in axes.collections if isinstance(c, PathCollection)][-2:]
    assert len(dead.get_offsets()) == 2
    assert len(alive.get_offsets()) == 1
    assert len(dead.get_facecolors()) == 0
    assert len(dead.get_sizes()) == 1


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("kind", ["network", "own_points", "diverged", "without_weights"])
@pytest.mark.filterwarnings("error")
def test_every_kind_of_run_has_a_poster(request, kind, theme):
    """Regions, unknown densities, NaN everywhere and no weights: none of them stops it or warns."""
    for size in (POSTER, film.FRAME):
        found = pixels(request.getfixturevalue(kind), theme, size)
        assert found.shape == (size.height, size.width, 3)


def test_image_runs_show_their_tiles_in_place_of_the_plane(make):
    """White tiles make the left part white, black ones black: the tiles are really drawn."""
    white, black = (
        pixels(replace(images_of(make), tiles=tiles))
        for tiles in (np.full((64, 8, 8), 255, np.uint8), np.zeros((64, 8, 8), np.uint8))
    )
    left = (slice(100, 350), slice(40, 300))
    assert white[left].mean() > 150
    assert black[left].max() == 0
