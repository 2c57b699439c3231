"""KL, ESS and gradient curves."""

import numpy as np
import pytest

from ebm_engine.run.snapshot import HISTORY
from ebm_engine.spec.edit import parse_spec
from ebm_engine.views.one_run import curves
from ebm_engine.views.style import curves as drawing


def traces(reading):
    return {trace.name: trace for trace in reading.figure.data if trace.name}


def test_the_four_kl_curves_are_the_histories(snapshot):
    drawn = traces(curves.kl_curves(snapshot))
    names = {
        "exact": "kl_exact",
        "exact, on the training data": "kl_data",
        "weighted ULA estimate ± 2 s.e.": "kl_estimate",
        "witness ± 2 s.e.": "kl_witness",
    }
    for name, field in names.items():
        np.testing.assert_array_equal(drawn[name].y, snapshot.history[field])
        np.testing.assert_array_equal(drawn[name].x, snapshot.history["step"])


def test_the_band_of_the_estimate_is_two_standard_errors_wide(snapshot):
    bands = [t for t in curves.kl_curves(snapshot).figure.data if t.fill == "toself"]
    assert len(bands) == 2
    estimate = bands[1]
    n = len(snapshot.history["step"])
    width = estimate.y[n:][::-1] - estimate.y[:n]
    np.testing.assert_allclose(width, 4 * snapshot.history["kl_estimate_se"], atol=1e-12)


def test_the_contrast_has_its_own_axis_below_on_the_same_updates(snapshot):
    reading = curves.kl_curves(snapshot)
    contrast = traces(reading)["contrast"]
    assert (contrast.xaxis, contrast.yaxis) == ("x2", "y2")
    assert traces(reading)["exact"].yaxis == "y"
    assert reading.figure.layout.xaxis.matches == "x2"
    titles = [note.text for note in reading.figure.layout.annotations]
    assert "CD contrast E(data) − E(walkers): not a loss" in titles


def test_every_knob_change_is_a_line_with_its_text(snapshot):
    figure = curves.kl_curves(snapshot).figure
    assert {shape.x0 for shape in figure.layout.shapes if shape.x0 == shape.x1} == {150, 300}
    texts = {note.x: note.text for note in figure.layout.annotations if note.showarrow}
    assert texts == dict(snapshot.marks)


def test_a_mark_of_a_crafted_run_is_no_link(make):
    """The texts come with a run file, whoever wrote it."""
    figure = curves.ess_curves(make(marks=((150, "<a href='http://e'>h</a>"),))).figure
    assert "<a" not in figure.to_json().replace("\\u003c", "<")


def test_two_changes_at_one_update_share_a_line(make):
    figure = curves.ess_curves(make(marks=((150, "a"), (150, "b")))).figure
    assert [note.text for note in figure.layout.annotations] == ["a, b"]


def test_of_many_changes_the_newest_keep_their_text_and_all_keep_their_line(make):
    marks = tuple((10 * i, f"change {i}") for i in range(1, 21))
    reading = curves.ess_curves(make(marks=marks))
    texts = {note.text for note in reading.figure.layout.annotations}
    assert texts == {f"change {i}" for i in range(15, 21)}
    assert len({shape.x0 for shape in reading.figure.layout.shapes}) == 20
    assert "14 earlier changes are marked without their text" in reading.caption


def test_changes_older_than_the_history_are_not_drawn(make, snapshot):
    history = {name: values[200:] for name, values in snapshot.history.items()}
    figure = curves.ess_curves(make(history=history)).figure
    assert [shape.x0 for shape in figure.layout.shapes] == [300]


def test_texts_run_inwards_and_no_stem_crosses_a_text_of_its_half(make):
    """Left half: later changes lower; right half: earlier changes lower; left half on top."""
    marks = tuple((step, str(step)) for step in (50, 100, 300, 350))
    notes = curves.ess_curves(make(marks=marks)).figure.layout.annotations
    lowest_first = sorted(notes, key=lambda note: -note.ay)
    assert [note.x for note in lowest_first] == [300, 350, 100, 50]
    assert [note.xanchor for note in lowest_first] == ["right", "right", "left", "left"]


def test_the_log_switch_hides_what_is_not_positive_and_keeps_its_own_zoom(snapshot):
    linear, log = (curves.kl_curves(snapshot, y_scale=scale) for scale in ("linear", "log"))
    assert (linear.figure.layout.yaxis.type, log.figure.layout.yaxis.type) == ("linear", "log")
    assert linear.figure.layout.yaxis.uirevision != log.figure.layout.yaxis.uirevision
    for trace in log.figure.data:
        if trace.yaxis == "y":
            assert np.nanmin(trace.y) > 0
    assert (snapshot.history["kl_data"] < 0).any()
    assert log.figure.layout.yaxis2.type != "log"


def test_a_history_of_nan_breaks_no_curve(make):
    nothing = {name: np.full(5, np.nan) for name in HISTORY} | {"step": np.arange(5)}
    empty = {name: np.empty(0) for name in HISTORY}
    for history in (nothing, empty):
        snapshot = make(history=history)
        for reading in (
            curves.kl_curves(snapshot),
            curves.kl_curves(snapshot, y_scale="log"),
            curves.ess_curves(snapshot),
            curves.gradient_bias(snapshot),
        ):
            assert "nan" not in reading.alt + reading.caption
            reading.figure.to_json()


def test_an_unknown_density_makes_it_a_cross_entropy_with_one_exact_curve(own_points):
    """log Z + E_data[U] is no KL: it has no floor of 0, and the data are all there is."""
    reading = curves.kl_curves(own_points)
    assert set(traces(reading)) == {"exact, on the training data", "contrast"}
    drawn = traces(reading)["exact, on the training data"]
    np.testing.assert_array_equal(drawn.y, own_points.history["kl_exact"])
    assert reading.figure.layout.title.text == "Cross-entropy of the data under the model"
    assert reading.alt.startswith("Cross-entropy in nats")
    assert "density of own points is unknown" in reading.caption


def test_the_caption_tells_the_error_of_the_quadrature(snapshot, make_network):
    """Only a box that misses more than a millionth of the mass is worth a word."""
    good, poor = make_network(outside=9e-7), make_network(outside=3e-5)
    assert "log Z up to 3·10⁻⁷ nats" in curves.kl_curves(good).caption
    assert "misses" not in curves.kl_curves(good).caption
    assert "misses 3·10⁻⁵ of the model's mass" in curves.kl_curves(poor).caption
    assert "quadrature" not in curves.kl_curves(snapshot).caption
    failed = make_network(quadrature_error=float("nan"))
    assert "quadrature fails" in curves.kl_curves(failed).caption


def test_numbers_older_than_the_walkers_carry_their_own_update(make_network):
    """While a network plays its history ends at the last recorded row."""
    late = make_network(step=413)
    assert "at update 400" in curves.kl_curves(late).alt
    assert "at update 400" in curves.ess_curves(late).alt


def test_a_method_without_samples_says_what_the_walkers_are_for(make_network):
    content = {"target": {"kind": "ring"}, "energy": {"kind": "mlp"}}
    spec = parse_spec(content | {"method": {"kind": "score-matching"}})
    reading = curves.ess_curves(make_network(spec=spec))
    assert "walkers only show the model: score matching does not use them" in reading.caption
    bias = curves.gradient_bias(make_network(spec=spec)).caption
    assert "another objective need not reach 1" in bias


def test_an_averaged_model_is_said_to_be_one(make):
    spec = parse_spec({"optimizer": {"kind": "adam", "average": 0.99}})
    assert (
        "running average of its parameters (μ = 0.99)" in curves.kl_curves(make(spec=spec)).caption
    )
    assert "average" not in curves.kl_curves(make()).caption


def test_a_method_without_weights_shows_no_estimate_and_says_why(without_weights):
    reading = curves.kl_curves(without_weights)
    assert set(traces(reading)) == {"exact", "exact, on the training data", "contrast"}
    assert "Without weights (CD-1) there is no estimate of log Z" in reading.caption
    ess = curves.ess_curves(without_weights)
    assert "threshold 0.5" not in traces(ess)
    assert any("No weights (CD-1)" in note.text for note in ess.figure.layout.annotations)
    assert "0 resamplings so far" in ess.figure.layout.title.text


def test_ess_comes_with_threshold_ceiling_ticks_and_ancestors(snapshot):
    reading = curves.ess_curves(snapshot)
    drawn = traces(reading)
    np.testing.assert_array_equal(drawn["ESS/N"].y, snapshot.history["ess"])
    np.testing.assert_allclose(drawn["ancestors/N"].y, snapshot.history["ancestors"] / 1000)
    np.testing.assert_array_equal(drawn["resampling"].x, [130, 260, 390])
    assert drawn["threshold 0.5"].line.dash == "dot"
    assert list(drawn["threshold 0.5"].y) == [0.5, 0.5]
    assert list(drawn["ceiling at this step size 0.995"].y) == [0.9947, 0.9947]
    assert "3 resamplings so far" in reading.figure.layout.title.text


def test_a_threshold_above_the_ceiling_is_said_in_the_caption(make):
    assert "it resamples for ever" in curves.ess_curves(make(ess_ceiling=0.4)).caption
    assert "it resamples for ever" not in curves.ess_curves(make(ess_ceiling=0.6)).caption
    assert "allows" not in curves.ess_curves(make(ess_ceiling=float("nan"))).caption


def test_gradient_bias_has_both_histories_with_their_reference_at_one(snapshot):
    figure = curves.gradient_bias(snapshot).figure
    each = [trace for trace in figure.data if trace.name == "each recorded update"]
    np.testing.assert_array_equal(each[0].y, snapshot.history["gradient_cosine"])
    np.testing.assert_array_equal(each[1].y, snapshot.history["gradient_ratio"])
    level = [shape for shape in figure.layout.shapes if shape.y0 == shape.y1]
    assert [(line.yref, line.y0) for line in level] == [("y", 1), ("y2", 1)]


def test_gradient_numbers_in_the_caption_are_medians_of_the_newest_updates(make, snapshot):
    history = dict(snapshot.history)
    history["gradient_cosine"] = np.r_[np.zeros(200), np.full(201, 0.25)]
    history["gradient_ratio"] = np.r_[np.zeros(200), np.full(201, 4.0)]
    history["gradient_ratio"][-5] = 1e9
    assert "cosine 0.25, norm ratio 4;" in curves.gradient_bias(make(history=history)).caption


def test_a_long_history_is_thinned_to_a_bounded_number_of_points(make, snapshot):
    long = {name: np.repeat(values, 30) for name, values in snapshot.history.items()}
    long["step"] = np.arange(len(long["step"]))
    exact = traces(curves.kl_curves(make(history=long)))["exact"]
    assert len(exact.x) == drawing.POINTS
    assert (exact.x[0], exact.x[-1]) == (0, len(long["step"]) - 1)


@pytest.mark.parametrize("scale", ["linear", "log"])
def test_the_alt_text_carries_the_newest_numbers(snapshot, scale):
    alt = curves.kl_curves(snapshot, y_scale=scale).alt
    assert f"exact {snapshot.history['kl_exact'][-1]:.3g}" in alt
    assert "update 400" in alt


def test_a_sampled_kl_says_so_and_shows_its_error(snapshot, make):
    """Quadrature is called exact; with a standard error the line gets a band and another name."""
    error = np.full(len(snapshot.history["step"]), 0.02)
    sampled = make(history=snapshot.history | {"kl_exact_se": error})
    quadrature, monte_carlo = (curves.kl_curves(s) for s in (snapshot, sampled))
    assert "exact" in {trace.name for trace in quadrature.figure.data}
    assert "exact" not in {trace.name for trace in monte_carlo.figure.data}
    assert len(monte_carlo.figure.data) == len(quadrature.figure.data) + 1
    assert "fixed sample" in monte_carlo.caption
