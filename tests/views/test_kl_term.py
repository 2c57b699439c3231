"""The energy gap with the KL term and without."""

from __future__ import annotations

import numpy as np
import pytest

from ebm_engine.views.images.kl_term import KlTermSeries, energy_gaps


@pytest.fixture
def series():
    return KlTermSeries(
        updates=300,
        kl_weight=0.8,
        entropy_weight=0.3,
        gap_on=np.full(300, -0.25),
        gap_off=np.linspace(0, -4, 300),
        diverged_on="",
        diverged_off="",
    )


def strong(figure):
    """The lines of the running medians by name."""
    return {t.name: t for t in figure.data if t.showlegend is None and t.mode == "lines"}


def test_both_gaps_are_drawn_over_their_updates_in_colour_and_dash(series):
    lines = strong(energy_gaps(series).figure)
    assert set(lines) == {"with the KL term", "without"}
    on, off = lines.values()
    assert (on.y == -0.25).all()
    assert list(on.x[[0, -1]]) == [1, 300]
    assert on.line.color != off.line.color
    assert on.line.dash != off.line.dash


def test_the_sentence_holds_the_mean_of_the_last_updates(series):
    """Of updates 251 to 300: −.25, and for the straight line its middle, −3.67."""
    alt = energy_gaps(series).alt
    assert "With the KL term, the gap is −0.25 nats" in alt
    assert f"Without, the gap is −{-series.gap_off[-50:].mean():.3g} nats" in alt
    assert "updates 251 to 300" in alt
    assert "KL weight 0.8 and entropy weight 0.3" in energy_gaps(series).caption


def test_a_run_that_diverged_ends_with_a_cross_and_its_reason(series):
    """And its last leap does not flatten the other curve."""
    gap = np.append(np.full(119, -1.0), 1e12)
    reading = energy_gaps(series._replace(gap_off=gap, diverged_off="energy reached 1e+12."))
    (cross,) = [t for t in reading.figure.data if t.mode == "markers"]
    assert (cross.x[0], cross.name) == (120, "without: diverged")
    assert "Without, the run diverged: energy reached 1e+12." in reading.alt
    assert max(np.abs(reading.figure.layout.yaxis.range)) < 10


def test_numbers_that_are_none_do_not_break_it(series):
    """A gap that became NaN, and the moment before the first update."""
    gone = series._replace(gap_off=np.full(5, np.nan), diverged_off="energy reached nan.")
    assert "diverged" in energy_gaps(gone).alt
    early = series._replace(gap_on=np.zeros(0), gap_off=np.zeros(0))
    assert "no update has been made yet" in energy_gaps(early).alt
