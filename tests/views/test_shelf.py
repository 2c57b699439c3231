"""Runs of the shelf in one figure: what is drawn, how runs are told apart, and what is said."""

from __future__ import annotations

import numpy as np
import pytest

from ebm_engine.views.many_runs.past_runs import MOST, Line, line_styles, overlay

STEP = np.arange(0, 101, 10)
NONE = np.full(len(STEP), np.nan)


def line(number: int = 1, **changes: object) -> Line:
    """A run with weights: KL 10·0.9ᵗ, ESS/N falling from 1 to 0.5, mass from ½ to ¼."""
    fields = {
        "what": "as the preset",
        "method": "weighted-ula",
        "quantity": "KL, exact",
        "step": STEP,
        "kl": 10 * 0.9**STEP,
        "ess": 1 - STEP / 200,
        "mass": 0.5 - STEP / 400,
        "mode": "mode 1",
        "truth": 0.25,
    }
    return Line(number=number, **fields | changes)


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize(
    "methods", [["cd"] * 8, ["weighted-ula", "pcd", "cd", "cd", "pcd"] + ["exact"] * 3]
)
def test_no_two_of_eight_runs_share_colour_or_dash(theme, methods):
    """The dash alone must do for who cannot see colours."""
    styles = line_styles(methods, theme)
    assert len({style["color"] for style in styles}) == MOST
    assert len({style["dash"] for style in styles}) == MOST


def test_the_first_run_of_a_method_has_its_colour_as_everywhere():
    figure = overlay([line(1), line(2, method="cd")]).figure
    styles = line_styles(["weighted-ula", "cd"], "light")
    assert [t.line.color for t in figure.data[:2]] == [style["color"] for style in styles]
    assert styles[1] == line_styles(["cd"], "light")[0]


def test_three_plots_hold_the_numbers_of_every_run():
    """KL above ESS/N above the mass, one legend entry per run."""
    lines = [line(1), line(2, kl=line().kl * 2)]
    figure = overlay(lines).figure
    assert [t.yaxis for t in figure.data] == ["y", "y", "y2", "y2", "y3", "y3"]
    np.testing.assert_array_equal(figure.data[1].y, lines[1].kl)
    np.testing.assert_array_equal(figure.data[2].y, lines[0].ess)
    np.testing.assert_array_equal(figure.data[4].y, lines[0].mass)
    assert [t.name for t in figure.data if t.showlegend is not False] == [
        "Run 1: as the preset",
        "Run 2: as the preset",
    ]


def test_a_plot_without_any_number_is_left_out():
    """Images know no mass of the model, and CD has no ESS; without all there is still one plot."""
    bare = line(mass=NONE, ess=NONE)
    assert {t.yaxis for t in overlay([bare]).figure.data} == {"y"}
    nothing = overlay([bare._replace(kl=NONE, quantity="none")])
    assert "no values" in nothing.alt
    assert nothing.caption == "no KL is known."


def test_the_axis_is_logarithmic_only_for_positive_numbers_over_decades():
    """An estimate may be negative, and a cross-entropy from 14 to 6 needs no decades."""
    assert overlay([line()]).figure.layout.yaxis.type == "log"
    assert overlay([line(kl=line().kl - 1)]).figure.layout.yaxis.type != "log"
    assert overlay([line(kl=14 - STEP / 12)]).figure.layout.yaxis.type != "log"


def test_true_masses_are_dashed_lines_one_per_value():
    """Two runs on one target share the line; another target adds its own."""
    shapes = overlay([line(1), line(2), line(3, truth=0.4)]).figure.layout.shapes
    assert [shape.y0 for shape in shapes] == [0.25, 0.4]


def test_alt_text_and_caption_say_the_newest_numbers_and_what_they_are():
    estimated = line(2, quantity="cross-entropy, estimated by the walkers", kl=NONE + 0)
    estimated = estimated._replace(kl=np.full(len(STEP), 6.25))
    reading = overlay([line(1), estimated])
    assert "Run 2 6.25 nats" in reading.alt
    assert "ESS/N of the runs with weights: Run 1 0.5, Run 2 0.5" in reading.alt
    assert "Run 1: KL, exact; Run 2: cross-entropy, estimated by the walkers" in reading.caption
    assert reading.figure.layout.annotations[0].text == "KL(target ‖ model) and cross-entropy"


@pytest.mark.parametrize("count", [0, MOST + 1])
def test_none_or_too_many_runs_are_refused_with_the_limit(count):
    with pytest.raises(ValueError, match=f"{count} runs, allowed in one figure are 1 to {MOST}"):
        overlay([line(i) for i in range(count)])
