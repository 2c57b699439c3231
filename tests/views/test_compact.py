"""Distance to the target and controllers."""

import numpy as np
import pytest

from ebm_engine.views.one_run import distance


def moving(make, **columns):
    """A run whose history has the given columns."""
    return make(history=make().history | columns)


def rows(reading):
    """The names of the plots, from top to bottom."""
    return [trace.name for trace in reading.figure.data if trace.hoverinfo != "skip"]


def test_the_distance_is_the_history_on_a_fixed_axis(network):
    reading = distance.distance_curves(network)
    np.testing.assert_array_equal(reading.figure.data[0].y, network.history["total_variation"])
    assert reading.figure.layout.yaxis.range == (-0.03, 1.03)
    now = f"{network.history['total_variation'][-1]:.3g}"
    assert now in reading.alt
    assert now in reading.figure.layout.title.text
    assert "quadrature" in reading.caption


def test_a_distance_from_a_sample_says_so(make, snapshot):
    error = np.full(len(snapshot.history["step"]), 0.02)
    assert "fixed sample" in distance.distance_curves(moving(make, kl_exact_se=error)).caption


def test_there_is_no_distance_to_an_unknown_density(own_points):
    reading = distance.distance_curves(own_points)
    assert len(reading.figure.data) == 0
    assert "density of own points is unknown" in reading.figure.layout.annotations[0].text


def test_controllers_that_stand_still_are_not_drawn(snapshot):
    assert not distance.controllers_move(snapshot)
    reading = distance.controller_curves(snapshot)
    assert len(reading.figure.data) == 0
    assert "0.1 stays as set" in reading.alt


@pytest.mark.parametrize(
    ("column", "name"),
    [("step_size", "step size h"), ("rate", "rate factor"), ("acceptance", "acceptance")],
)
def test_each_controller_is_drawn_alone_when_only_it_moves(column, name, make):
    values = np.linspace(0.2, 0.9, 401)
    snapshot = moving(make, **{column: values})
    assert distance.controllers_move(snapshot)
    reading = distance.controller_curves(snapshot)
    assert rows(reading) == [name]
    np.testing.assert_array_equal(reading.figure.data[0].y, values)
    assert f"{name} 0.9" in reading.alt


def test_a_constant_acceptance_is_worth_a_plot(make):
    assert distance.controllers_move(moving(make, acceptance=np.full(401, 0.57)))


def test_all_three_stand_above_each_other_with_every_mark_in_each(make):
    ramp = np.linspace(0.2, 0.9, 401)
    reading = distance.controller_curves(moving(make, step_size=ramp, rate=ramp, acceptance=ramp))
    assert rows(reading) == ["step size h", "rate factor", "acceptance"]
    marks = {(s.x0, s.yref) for s in reading.figure.layout.shapes if s.x0 == s.x1}
    assert marks == {(x, f"{y} domain") for x in (150, 300) for y in ("y", "y2", "y3")}
    assert reading.figure.layout.xaxis3.title.text == "update"


def test_the_dotted_lines_are_the_settings(make):
    ramp = np.linspace(0.2, 0.9, 401)
    snapshot = moving(make, step_size=ramp, rate=ramp)
    dotted = [t for t in distance.controller_curves(snapshot).figure.data if t.line.dash == "dot"]
    assert [list(trace.y) for trace in dotted] == [[0.1, 0.1], [1.0, 1.0]]
