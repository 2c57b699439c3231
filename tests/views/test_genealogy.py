"""Genealogy bands."""

import numpy as np
import pytest

from ebm_engine.views.one_run import genealogy
from ebm_engine.views.one_run.genealogy import edges

STEPS = np.array([0, 10, 20, 40])
FIRST = np.linspace(0, 999, 64).round().astype(np.uint16)


def recorded(make, **changes):
    """All 64 families at first, half of them after update 10, one in the end."""
    rows = np.stack([FIRST, FIRST, np.repeat(FIRST[::2], 2), np.full(64, FIRST[5])])
    history = make().history | {"ancestors": np.linspace(1000, 35, 401)}
    return make(genealogy_steps=STEPS, genealogy=rows, history=history, **changes)


def test_each_row_lasts_until_the_next_one():
    """Borders at the updates themselves: centred cells would start before the first update."""
    np.testing.assert_allclose(edges(STEPS), [0, 10, 20, 40, 60])
    np.testing.assert_allclose(edges(STEPS[:1]), [0, 1])


def test_bands_show_the_ancestor_by_rank_and_update(make):
    """One column per recorded update, one row per rank, on a scale that holds all 1000."""
    bands = genealogy.genealogy(recorded(make)).figure.data[0]
    assert bands.z.shape == (64, 4)
    np.testing.assert_allclose(bands.z[:, 0], FIRST)
    assert len(np.unique(bands.z[:, 2])) == 32
    assert len(np.unique(bands.z[:, 3])) == 1
    assert (bands.zmin, bands.zmax) == (0, 999)
    assert len(bands.y) == 65


def test_the_title_counts_all_walkers_not_the_ones_shown(make):
    """35 of 1000 by the history; the 64 ranks alone would say 1 of 64."""
    reading = genealogy.genealogy(recorded(make))
    assert reading.figure.layout.title.text == "Genealogy: 35 of 1000 ancestors left"
    assert "35 of 1000 first walkers" in reading.alt
    assert "come from 1 of them" in reading.alt


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_without_weights_a_sentence_says_why_there_is_nothing(without_weights, snapshot, theme):
    told = genealogy.genealogy(without_weights, theme)
    assert "No weights (CD-1)" in told.figure.layout.annotations[0].text
    assert "No update is recorded yet" in genealogy.genealogy(snapshot, theme).alt
