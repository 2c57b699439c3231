"""The figures of the lessons: several runs on common axes, and energy above probability."""

import numpy as np
import pytest

from ebm_engine.studies.energy_on_a_line import energy_cut
from ebm_engine.views.langevin.energy_on_a_line import ENERGY, CutSeries, energy_and_density
from ebm_engine.views.many_runs import together
from ebm_engine.views.many_runs.compare import Entry


@pytest.fixture
def entries(snapshot, without_weights):
    shots = [snapshot, without_weights]
    styles = together.styles(shots, "light")
    return [Entry(*entry) for entry in zip(("with", "without"), shots, styles, strict=True)]


def by_name(figure):
    return {trace.name: trace for trace in figure.data}


def test_runs_of_one_method_and_of_several_differ_by_colour_and_by_dash(snapshot, without_weights):
    """Two runs of one method would share a line if the method alone decided."""
    for shots in (
        [snapshot] * 4,
        [snapshot, without_weights],
        [snapshot, snapshot, without_weights],
    ):
        styles = together.styles(shots, "light")
        assert len({style["color"] for style in styles}) == len(shots)
        assert len({style["dash"] for style in styles}) == len(shots)


def test_the_estimate_of_the_kl_is_drawn_for_runs_with_weights_only(entries):
    """Walkers without weights estimate no KL."""
    names = list(by_name(together.kl_together(entries).figure))
    assert names == ["with", "with: estimate", "without"]


def test_the_early_part_does_not_stretch_the_axis_and_zero_is_in_sight(entries, snapshot):
    """KL begins above 3: an axis over all of it would hide what comes at the end."""
    low, high = together.kl_together(entries).figure.layout.yaxis.range
    kl = snapshot.history["kl_exact"]
    assert low < 0 < high < kl[0]
    assert high > kl[int(together.EARLY * len(kl)) :].max()


def test_what_only_weights_have_leaves_out_runs_without_weights(entries):
    """Their ESS of 1 would look like the best of all."""
    for part in ("ess", "ancestors", "weights"):
        assert {trace.name for trace in together.FIGURES[part](entries).figure.data} == {"with"}


def test_ess_is_never_alone_nor_the_contrast(entries, snapshot):
    """Beside them stand the share of original ancestors, and the KL."""
    assert together.PARTS["ess"] == ("ess", "ancestors")
    assert together.PARTS["contrast"] == ("kl", "contrast")
    assert {name for parts in together.PARTS.values() for name in parts} == set(together.FIGURES)
    (ancestors,) = together.ancestors_together(entries).figure.data
    left = snapshot.history["ancestors"] / len(snapshot.positions)
    assert np.allclose(ancestors.y, left, equal_nan=True)
    assert f"{snapshot.history['ancestors'][-1]:.0f}" in together.ancestors_together(entries).alt


def test_the_histogram_holds_every_walker(entries):
    """Also those beyond its ends, which a plain histogram would drop."""
    (trace,) = together.weights_together(entries).figure.data
    assert np.sum(trace.y) == pytest.approx(1)


@pytest.mark.parametrize("part", together.FIGURES)
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_every_figure_says_its_newest_numbers_in_words(entries, part, theme):
    """For who cannot see it."""
    reading = together.FIGURES[part](entries, theme)
    assert "with " in reading.alt
    assert reading.caption


def test_a_shift_moves_the_energy_on_axes_that_stay():
    """An axis that follows the curve would hide that it has moved."""
    now, start = CutSeries(*energy_cut(3.0, 1.0)), CutSeries(*energy_cut(0.0, 1.0))
    figure, alt, caption = energy_and_density(now, start)
    before, after = figure.data[0], figure.data[1]
    assert np.allclose(after.y - before.y, 3)
    assert figure.layout.yaxis.range == ENERGY
    assert np.allclose(figure.data[3].y, figure.data[2].y)
    assert "25.0 %" in alt
    assert "log Z = −3.00" in caption
