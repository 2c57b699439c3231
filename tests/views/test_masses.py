"""Mode-mass bars."""

from dataclasses import replace

import numpy as np
import pytest

from ebm_engine.run.snapshot import ModeMasses
from ebm_engine.spec.edit import parse_spec
from ebm_engine.views.one_run import masses


def traces(snapshot):
    return {trace.name: trace for trace in masses.mode_bars(snapshot).figure.data}


def test_the_four_readings_of_each_mode_stand_side_by_side_in_order(snapshot):
    drawn = traces(snapshot)
    bars = [drawn[n] for n in ("data", "model, exact", "raw walkers", "weighted walkers")]
    fields = ("data", "model", "raw", "weighted")
    for bar, field in zip(bars, fields, strict=True):
        np.testing.assert_array_equal(bar.y, getattr(snapshot.mode_mass, field))
    offsets = [bar.offset for bar in bars]
    assert offsets == sorted(offsets)
    assert all(b - a >= bar.width for a, b, bar in zip(offsets, offsets[1:], bars, strict=False))


def test_whiskers_are_two_standard_errors_of_the_walkers_and_absent_elsewhere(snapshot):
    drawn = traces(snapshot)
    np.testing.assert_allclose(drawn["weighted walkers"].error_y.array, [0.024, 0.024])
    np.testing.assert_allclose(drawn["raw walkers"].error_y.array, [0.032, 0.032])
    assert not drawn["model, exact"].error_y.visible
    assert not drawn["data"].error_y.visible


def test_the_truth_is_a_dashed_line_across_each_group(snapshot):
    truth = traces(snapshot)["truth"]
    assert truth.line.dash == "dash"
    np.testing.assert_array_equal(truth.y, [0.25, 0.25, np.nan, 0.75, 0.75, np.nan])
    drawn = traces(snapshot)
    left = min(drawn[n].offset for n in ("data", "weighted walkers"))
    right = drawn["weighted walkers"].offset + drawn["weighted walkers"].width
    assert truth.x[0] < left
    assert truth.x[1] > right


def test_the_axis_holds_the_highest_whisker(make, snapshot):
    tall = replace(snapshot.mode_mass, weighted_se=np.array([0.0, 0.4]))
    figure = masses.mode_bars(make(mode_mass=tall)).figure
    assert figure.layout.yaxis.range[1] > 0.685 + 0.8


def test_modes_without_standard_errors_are_drawn(make, snapshot):
    unknown = np.full(2, np.nan)
    mass = replace(snapshot.mode_mass, weighted=unknown, weighted_se=unknown, raw_se=unknown)
    figure = masses.mode_bars(make(mode_mass=mass)).figure
    assert np.isfinite(figure.layout.yaxis.range).all()


def test_each_mode_is_labelled_with_its_mean(make, snapshot):
    means = np.array([[-0.01, 2.0, 7.0], [4.8, -3.0, 7.0]])
    labels = masses.mode_bars(make(mode_centres=means)).figure.layout.xaxis.ticktext
    assert labels == ("mode 1<br>(0.0, 2.0, …)", "mode 2<br>(4.8, −3.0, …)")


def test_the_alt_text_of_many_modes_names_the_largest_error(make, snapshot):
    eighth = np.full(8, 0.125)
    model = np.array([0.1, 0.1, 0.1, 0.1, 0.1, 0.3, 0.1, 0.1])
    mass = replace(
        snapshot.mode_mass,
        truth=eighth,
        data=eighth,
        model=model,
        raw=eighth,
        raw_se=eighth / 10,
        weighted=model,
        weighted_se=eighth / 10,
    )
    alt = masses.mode_bars(make(mode_mass=mass, mode_centres=np.zeros((8, 2)))).alt
    assert "the largest error: mode 6" in alt
    assert "mode 1 " not in alt


def test_mass_curves_end_at_the_exact_masses_and_dash_the_truth(snapshot):
    """The last point of each curve is softmax(−z); a curve of walker shares would end elsewhere."""
    reading = masses.mass_curves(snapshot)
    ends = [trace.y[-1] for trace in reading.figure.data]
    assert ends == pytest.approx(list(snapshot.mass_history[-1]))
    dashed = [shape.y0 for shape in reading.figure.layout.shapes]
    assert dashed == pytest.approx(list(snapshot.mode_mass.truth))


def many(make_network, method="weighted-ula", side=6):
    """A grid of side² equal modes whose model has a little too much in every second one."""
    line = np.arange(side) - (side - 1) / 2
    centres = np.stack(np.meshgrid(line, line, indexing="ij"), -1).reshape(-1, 2)
    count = side**2
    truth, tilt = np.full(count, 1 / count), 0.2 / count * (-1.0) ** np.arange(count)
    error = np.full(count, 0.1 / count)
    mass = ModeMasses(truth, truth, truth + tilt, truth, error, truth + tilt / 2, error)
    content = {"target": {"kind": "grid", "side": side}, "energy": {"kind": "mlp"}}
    return make_network(
        spec=parse_spec(content | {"method": {"kind": method}}),
        mode_mass=mass,
        mode_centres=centres,
        mass_history=np.tile(truth + tilt, (401, 1)),
    )


def test_a_network_has_its_regions_as_modes_and_says_so(network):
    """A label per mean would leave a network without a single label."""
    reading = masses.mode_bars(network)
    assert reading.figure.layout.xaxis.ticktext == tuple("12345678")
    assert "Share of each region of the target's modes (nearest anchor)" in reading.caption
    assert "responsibility" not in reading.caption
    assert traces(network)["data"].customdata[0] == "(3.0, 0.0)"


def test_own_points_have_clusters_and_no_truth(own_points):
    drawn = traces(own_points)
    assert "all own points" in drawn
    assert "truth" not in drawn
    reading = masses.mode_bars(own_points)
    assert reading.figure.layout.xaxis.ticktext[0] == "cluster 1<br>(−3.0, −3.0)"
    assert "Share of each cluster" in reading.caption


def test_each_reading_of_many_modes_has_a_panel_on_one_scale(make_network):
    """36 modes × 4 bars side by side in 600 px would be 3 px each."""
    snapshot = many(make_network)
    figure = masses.mode_bars(snapshot).figure
    bars = [trace for trace in figure.data if trace.type == "bar"]
    assert [trace.name for trace in bars] == [
        "data",
        "model, exact",
        "raw walkers",
        "weighted walkers",
    ]
    assert [trace.yaxis for trace in bars] == ["y", "y2", "y3", "y4"]
    for trace, field in zip(bars, ("data", "model", "raw", "weighted"), strict=True):
        np.testing.assert_array_equal(trace.y, getattr(snapshot.mode_mass, field))
        assert trace.x[0] + trace.offset + trace.width / 2 == pytest.approx(1.0)
    axes = [figure.layout[name] for name in ("yaxis", "yaxis2", "yaxis3", "yaxis4")]
    assert len({axis.range for axis in axes}) == 1
    assert axes[0].range[1] > 1.4 / 36


def test_many_modes_without_weights_have_one_panel_of_walkers(make_network):
    reading = masses.mode_bars(many(make_network, "pcd"))
    names = [trace.name for trace in reading.figure.data if trace.type == "bar"]
    assert names == ["data", "model, exact", "walkers"]
    assert "without and with" not in reading.caption


@pytest.mark.parametrize(("side", "panels"), [(3, False), (4, True)])
def test_more_than_twelve_modes_go_into_panels(make_network, side, panels):
    layout = masses.mode_bars(many(make_network, side=side)).figure.layout
    assert ("yaxis2" in layout) == panels


def test_equal_modes_share_one_dashed_line_in_the_curves(make_network):
    figure = masses.mass_curves(many(make_network)).figure
    assert [shape.y0 for shape in figure.layout.shapes] == pytest.approx([1 / 36], abs=1e-6)
    assert len(figure.data) == 36


def test_masses_of_an_earlier_update_than_the_walkers_say_so(make_network):
    assert "those of update 400" in masses.mode_bars(make_network(step=413)).caption
    assert "those of update" not in masses.mode_bars(make_network()).caption
