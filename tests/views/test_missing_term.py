"""Bars of the term that contrastive divergence leaves out."""

import numpy as np
import pytest

from ebm_engine.views.langevin.missing_term import missing_term_bars

TERMS = {"cd_part": -0.05125, "third_term": 0.038668, "exact": -0.089918}


def test_the_four_bars_are_the_terms_their_difference_and_their_sum():
    bars = missing_term_bars(**TERMS).figure.data[0]
    assert bars.x == ("CD part", "third term", "CD − third", "CD + third")
    np.testing.assert_allclose(bars.y, [-0.05125, 0.038668, -0.089918, -0.012582], atol=1e-12)
    assert bars.text[2] == "−0.0899"


def test_the_exact_derivative_is_a_dashed_line_that_the_bars_do_not_define():
    """It is drawn where the caller says, even if no bar reaches it."""
    truth = missing_term_bars(**(TERMS | {"exact": 0.2})).figure.data[1]
    assert truth.line.dash == "dash"
    assert set(truth.y) == {0.2}
    assert len(truth.x) == 4


def test_only_the_sum_of_improved_cd_is_hollow():
    marker = missing_term_bars(**TERMS).figure.data[0].marker
    assert marker.color[2] == marker.line.color[2] == marker.line.color[3]
    assert marker.color[3] != marker.line.color[3]


def test_the_caption_says_minus_for_the_exact_derivative_and_regulariser_for_plus():
    caption = missing_term_bars(**TERMS).caption
    assert "is the CD part minus the third term" in caption
    assert "regulariser" in caption
    assert "not the missing part of the CD gradient" in caption
    assert "7.7e−02 away" in caption


def test_the_alt_text_holds_every_number():
    alt = missing_term_bars(**TERMS).alt
    for text in ("CD part −0.0512", "third term 0.0387", "CD − third −0.0899", "exact −0.0899"):
        assert text in alt
    assert alt.endswith(".")


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_both_themes_are_drawn_on_a_transparent_ground(theme):
    layout = missing_term_bars(**TERMS, theme=theme).figure.layout
    assert layout.template.layout.paper_bgcolor == "rgba(0,0,0,0)"
    assert layout.title.text
