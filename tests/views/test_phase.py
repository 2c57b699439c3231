"""Phase diagrams: one scale for all panels, numbers in their cells, marks where there are none."""

import numpy as np
import pytest

from ebm_engine.views.many_runs.phase import (
    FRAME_WIDTH,
    NUMBER_WIDTH,
    PhaseAxes,
    PhasePanel,
    phase_diagram,
)

AXES = PhaseAxes("Step size h", "Walkers N", ("0.1", "0.5"), ("20", "50", "90"))


def panel(method="PCD", values=((0.5, 2.0), (1e-6, 0.01), (0.1, np.nan)), **changes):
    shape = (3, 2)
    plain = {
        "done": np.full(shape, 3),
        "diverged": np.zeros(shape, dtype=int),
        "problem": np.full(shape, "", dtype=object),
    }
    for name, cell in changes.items():
        for at, value in cell.items():
            plain[name][at] = value
    return PhasePanel(method, np.array(values, dtype=float), **plain)


def of_kind(figure, mode):
    return [trace for trace in figure.data if getattr(trace, "mode", None) == mode]


def test_trace_i_is_the_heatmap_of_panel_i():
    """A click names a trace: with the hatching in between it would open another method."""
    figure = phase_diagram([panel("A"), panel("B"), panel("C")], AXES, "KL (nats)", log=True).figure
    assert [trace.type for trace in figure.data[:3]] == ["heatmap"] * 3
    assert [trace.hovertext[0][0].split(":")[0] for trace in figure.data[:3]] == ["A", "B", "C"]


def test_all_panels_share_one_colour_scale():
    """The ends come from all panels: 10⁻³, where errors end, and log₁₀ 20 of the second one."""
    high = panel("B", ((20.0, 2.0), (1.0, 1.0), (1.0, 1.0)))
    figure = phase_diagram([panel("A"), high], AXES, "KL (nats)", log=True).figure
    axis = figure.layout.coloraxis
    assert (axis.cmin, axis.cmax) == (-3.0, pytest.approx(np.log10(20)))
    assert {trace.coloraxis for trace in figure.data[:2]} == {"coloraxis"}
    assert figure.data[0].z[1][0] == -3.0


def test_without_log_the_colours_are_the_numbers():
    figure = phase_diagram([panel()], AXES, "ESS/N", log=False).figure
    assert figure.data[0].z[0] == [0.5, 2.0]
    assert figure.layout.coloraxis.cmax == 2.0


def test_every_cell_holds_its_number_or_why_there_is_none():
    drawn = panel(
        values=((0.5, np.nan), (1e-6, np.nan), (np.nan, np.nan)),
        diverged={(0, 0): 1, (0, 1): 2},
        problem={(1, 1): "walkers.count = 1: too few"},
        done={(2, 1): 0},
    )
    reading = phase_diagram([drawn], AXES, "KL (nats)", log=True)
    (texts,) = of_kind(reading.figure, "text")
    assert texts.text == (
        "0.5<br>1/3 diverged",
        "2/3<br>diverged",
        "1·10⁻⁶",
        "not<br>possible",
        "–",
        "…",
    )
    hover = reading.figure.data[0].hovertext
    assert hover[1][1].startswith("PCD: walkers.count = 1: too few<br>Step size h = 0.5, Walk")
    assert "Hatched" in reading.caption
    assert "2 cells without" in reading.alt


def test_only_cells_that_went_wrong_are_hatched():
    """A cell that is still to come and one whose method has no such number are not."""
    drawn = panel(values=np.full((3, 2), np.nan), diverged={(0, 1): 3}, done={(2, 1): 0})
    (lines,) = of_kind(phase_diagram([drawn], AXES, "KL (nats)", log=True).figure, "lines")
    x, y = (np.array([v for v in axis if v is not None]) for axis in (lines.x, lines.y))
    assert (np.abs(x - 1) <= 0.5).all()
    assert (np.abs(y - 0) <= 0.5).all()


def test_numbers_stand_out_from_their_cell():
    """White on the dark end of the scale, black on the bright one."""
    (texts,) = of_kind(phase_diagram([panel()], AXES, "KL (nats)", log=True).figure, "text")
    assert texts.textfont.color[2] == "#FFFFFF"
    assert texts.textfont.color[1] == "#000000"


def test_seeds_are_named_and_empty_sweeps_have_a_sentence():
    assert "Medians over 3 seeds" in phase_diagram([panel()], AXES, "KL", log=True).caption
    assert phase_diagram([], AXES, "KL", log=True).figure.layout.annotations[0].text


def test_numbers_ask_for_the_room_of_all_columns_beside_each_other():
    """Two panels of two columns each beside the frame; one panel asks for two columns less."""
    leasts = []
    for panels in ([panel("A")], [panel("A"), panel("B")]):
        figure = phase_diagram(panels, AXES, "KL (nats)", log=True).figure
        leasts += {texts.meta["least"] for texts in of_kind(figure, "text")}
    assert leasts == [FRAME_WIDTH + 2 * NUMBER_WIDTH, FRAME_WIDTH + 4 * NUMBER_WIDTH]
