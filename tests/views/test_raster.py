"""Posters as pixels: sizes, areas, orientation, dashes and iso-lines, against closed forms."""

import io
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from ebm_engine.views import film, poster_plane, raster
from ebm_engine.views.isolines import isolines
from ebm_engine.views.pen import Box, Ink, ink, stretches
from ebm_engine.views.poster_axes import Look, ticks
from ebm_engine.views.style.palette import PALETTES

WHITE = Ink(255, 255, 255)
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


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_poster_has_the_promised_size_on_the_ground_of_its_theme(snapshot, theme):
    """1600 × 900; the corner has the theme's ground, so light and dark are not mixed up."""
    picture = Image.open(io.BytesIO(raster.png(snapshot, theme)))
    assert picture.size == (1600, 900)
    assert picture.getpixel((0, 0)) == ink(PALETTES[theme].ground)[:3]


@pytest.mark.parametrize("kind", ["network", "own_points", "diverged", "without_weights"])
def test_every_kind_of_run_has_a_small_picture_too(request, kind):
    """Regions, unknown densities, NaN everywhere and no weights: none of them stops the pen."""
    picture = raster.image(request.getfixturevalue(kind), "dark", film.FRAME)
    assert picture.size == (film.FRAME.width, film.FRAME.height)


def test_image_runs_show_their_tiles_in_place_of_the_plane(make):
    """White tiles make the left part white, black ones black: the tiles are really drawn."""
    white, black = (
        np.asarray(raster.image(replace(images_of(make), tiles=tiles), "light", film.FRAME))
        for tiles in (np.full((64, 8, 8), 255, np.uint8), np.zeros((64, 8, 8), np.uint8))
    )
    left = (slice(100, 350), slice(40, 300))
    assert white[left].mean() > 150
    assert black[left].max() == 0


def test_a_walker_of_four_times_the_weight_covers_four_times_the_area(make):
    """Area ∝ N·w: 1.6 against 0.4 gives 4, where a radius ∝ N·w would give 16."""
    flat = make(
        box=SQUARE,
        field=np.zeros((5, 5), np.float32),
        data=np.zeros((0, 2), np.float32),
        means=np.zeros((0, 2)),
        target_means=np.zeros((0, 2)),
        positions=np.array([[-0.5, 0.0], [0.5, 0.0]], np.float32),
        log_w=np.log(np.array([1.6, 0.4], np.float32)),
        energies=np.zeros(2, np.float32),
    )
    pen = raster.RasterPen(1000, 1000, WHITE)
    look = Look("light", 12.0, flat)
    poster_plane.draw_plane(flat, pen, Box(0, 0, 1000, 1000), look)
    pixels = np.asarray(pen.image()).astype(int)[10:-10, 10:-10]
    touched = (pixels != poster_plane.colors_of_field()[0]).any(-1)
    half = touched.shape[1] // 2
    assert touched[:, :half].sum() / touched[:, half:].sum() == pytest.approx(4, rel=0.15)


def test_the_field_has_high_y_at_the_top_and_its_minimum_in_the_first_colour(make):
    """E = y on [−1, 1], 0 to 12 kT: the last row is the brightest, the first the darkest colour."""
    ramp = np.repeat(np.linspace(0, 12, 7, dtype=np.float32)[:, None], 7, axis=1)
    colors = poster_plane.field_colors(make(field=ramp, box=SQUARE), 40, 25)
    table = poster_plane.colors_of_field()
    assert colors.shape == (25, 40, 3)
    assert (colors[-1] == table[0]).all()
    assert (colors[0] == table[255]).all()
    assert (colors[12] == table[128]).all()  # halfway, 6 kT: bilinear, not nearest


def test_dashes_ink_their_share_of_a_line_around_a_corner():
    """On 3, off 1 over a length of 20 + 20: 30 are inked, and no dash cuts the corner."""
    parts = raster.dashes(np.array([[0.0, 0.0], [20.0, 0.0], [20.0, 20.0]]), (3.0, 1.0))
    length = sum(np.hypot(*np.diff(part, axis=0).T).sum() for part in parts)
    assert length == pytest.approx(30)
    assert len(parts) == 10
    on_path = [(p[:, 1] == 0) | (p[:, 0] == 20) for p in parts]
    assert all(place.all() for place in on_path)


def test_a_line_is_broken_where_a_number_is_missing():
    """Values 1 NaN 2 3 NaN NaN 4 5: two stretches of two; a single value is no line."""
    y = np.array([1, np.nan, 2, 3, np.nan, np.nan, 4, 5])
    found = stretches(np.column_stack([np.arange(8), y]))
    assert [part[:, 1].tolist() for part in found] == [[2, 3], [4, 5]]


def test_an_isoline_of_a_cone_is_its_circle():
    """√(x² + y²) = 6 on a grid of unit squares: one closed line at radius 6 ± h²/8r."""
    x = np.arange(-10.0, 11)
    (line,) = isolines(np.hypot(x, x[:, None]), 6.0)
    radius = np.hypot(*(line - 10).T)
    assert (line[0] == line[-1]).all()
    assert np.abs(radius - 6).max() < 1 / (8 * 6) + 0.02
    assert np.abs(np.diff(line, axis=0)).max() <= 1


def test_isolines_are_linear_between_grid_points_and_leave_gaps_at_nan():
    """The plane x + 2y = 3.5 has one straight line; it stops beside a value that is no number."""
    values = np.add.outer(2 * np.arange(4.0), np.arange(5.0))
    (line,) = isolines(values, 3.5)
    np.testing.assert_allclose(line @ [1, 2], 3.5)
    values[1, 1] = np.nan
    assert sum(len(part) for part in isolines(values, 3.5)) < len(line)
    assert isolines(values, 99.0) == []


def test_the_ticks_are_round_and_within_the_axis():
    """0 to 2.9 in about four parts: 0, 1, 2; −0.04 to 0.31: 0, 0.1, 0.2, 0.3."""
    assert ticks(0.0, 2.9) == pytest.approx([0, 1, 2])
    assert ticks(-0.04, 0.31) == pytest.approx([0, 0.1, 0.2, 0.3])


@pytest.mark.parametrize("text", ["red", "#12345", "rgba(1,2,3)"])
def test_a_text_that_is_no_colour_is_refused(text):
    """The sentence names the text."""
    with pytest.raises(ValueError, match=r"is no colour, #RRGGBB or rgba"):
        ink(text)
