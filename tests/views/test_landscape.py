"""The energy map, the surface, the difference map and the cut."""

import numpy as np
import pytest

from ebm_engine.spec.edit import parse_spec
from ebm_engine.views.one_run import landscape, plane_layers, plane_numbers
from ebm_engine.views.style import encodings


def traces(reading):
    return {trace.name: trace for trace in reading.figure.data if trace.name}


def test_the_map_starts_at_zero_ends_at_twelve_and_has_equal_axes(snapshot):
    figure = landscape.energy_map(snapshot).figure
    heat = figure.data[0]
    assert (heat.zmin, heat.zmax) == (0, 12)
    assert (heat.z.min(), heat.z.max()) == (0, 12)
    assert heat.colorbar.title.text == "E − min E (kT)"
    assert figure.layout.yaxis.scaleanchor == "x"
    assert (figure.layout.xaxis.title.text, figure.layout.yaxis.title.text) == ("x₁", "x₂")


def test_the_iso_lines_lie_at_1_2_4_and_8_kt(snapshot):
    contour = landscape.energy_map(snapshot).figure.data[1]
    levels = np.arange(contour.contours.start, contour.contours.end + 1, contour.contours.size)
    np.testing.assert_array_equal(2.0**levels, [1, 2, 4, 8])
    energy = plane_numbers.relative_energy(snapshot)
    above = energy > 1e-3
    np.testing.assert_allclose(2.0 ** contour.z[above], energy[above], rtol=1e-4)


def test_the_area_of_a_walker_is_proportional_to_its_weight():
    """Diameter² ratio = weight ratio; a diameter ∝ weight would give its square."""
    log_w = np.log(np.array([0.5, 1.0, 1.0, 1.0, 4.0]))
    size = encodings.diameters(log_w)
    assert size[4] ** 2 / size[0] ** 2 == pytest.approx(8.0)
    assert size[1] == pytest.approx(encodings.UNIT_DIAMETER)


def test_the_area_ends_at_25_times_the_median_weight():
    log_w = np.log(np.array([0.1, 0.2, 0.2, 3.0, 90.0]))
    size = encodings.diameters(log_w)
    assert size[4] ** 2 / size[1] ** 2 == pytest.approx(25.0)
    assert size[3] ** 2 / size[1] ** 2 == pytest.approx(15.0)


def test_walkers_below_a_hundredth_of_the_equal_weight_are_hollow(make, snapshot):
    log_w = snapshot.log_w.copy()
    log_w[:7] = np.log(0.0099)
    log_w[7] = np.log(0.0101)
    shown = traces(landscape.energy_map(make(log_w=log_w)))
    hollow = shown["walkers, N·w < 0.01"]
    assert hollow.marker.symbol == "circle-open"
    np.testing.assert_array_equal(hollow.customdata[:, 0], np.arange(7))
    assert len(shown["walkers, area ∝ weight"].x) == 993


def test_a_walker_keeps_its_size_and_its_number_when_thinned(make):
    rng = np.random.default_rng(3)
    log_w = rng.normal(size=8000).astype(np.float32)
    many = make(
        positions=rng.normal(size=(8000, 2)).astype(np.float32),
        log_w=log_w,
        energies=np.zeros(8000, np.float32),
        data=rng.normal(size=(4000, 2)).astype(np.float32),
    )
    reading = landscape.energy_map(many)
    points = sum(len(t.x) for t in reading.figure.data if t.type == "scatter" and "mark" in t.mode)
    assert points <= 5000
    walkers = traces(reading)["walkers, area ∝ weight"]
    number = walkers.customdata[:, 0].astype(int)
    np.testing.assert_allclose(walkers.marker.size, encodings.diameters(log_w)[number])
    np.testing.assert_array_equal(walkers.x, many.positions[number, 0])
    assert "3000 of 8000, evenly thinned" in reading.caption
    assert "1200 of 2000, evenly thinned" in reading.caption


def test_the_caption_counts_the_training_points_that_the_snapshot_left_out(snapshot):
    """The snapshot carries 800 of the 2000 training points."""
    assert "800 of 2000, evenly thinned" in landscape.energy_map(snapshot).caption


def test_chains_are_drawn_whole_and_do_not_join_each_other(snapshot):
    halo, *thirds = plane_layers.chain_layers(snapshot)
    assert np.isnan(halo.x).sum() == len(snapshot.trails)
    assert thirds[0].opacity < thirds[1].opacity < thirds[2].opacity
    newest = thirds[-1].x[~np.isnan(thirds[-1].x)].reshape(len(snapshot.trails), -1)
    np.testing.assert_array_equal(newest[:, -1], snapshot.trails[:, -1, 0])
    np.testing.assert_array_equal(thirds[0].x[19], thirds[1].x[0])


def test_a_run_without_chains_has_no_chain_layer(make):
    assert plane_layers.chain_layers(make(trails=np.empty((0, 60, 2), np.float32))) == []


def test_the_surface_is_the_same_energy_cut_off_at_twelve(snapshot):
    surface = landscape.energy_surface(snapshot).figure.data[0]
    exact = np.minimum(snapshot.field - snapshot.field.min(), 12)
    np.testing.assert_allclose(surface.z, exact, atol=1e-5)


def test_the_difference_map_is_model_minus_data_and_prints_its_total_variation(
    snapshot, mixture_density, plane_points
):
    reading = landscape.difference_map(snapshot)
    heat = reading.figure.data[0]
    model = mixture_density(plane_points, snapshot.means, np.array([0.32, 0.68]))
    np.testing.assert_allclose(heat.z, model - snapshot.target_density, atol=1e-6)
    printed = float(reading.figure.layout.title.text.rsplit(" ", 1)[1])
    assert printed == pytest.approx(plane_numbers.total_variation(snapshot), abs=5e-5)


def test_the_limits_of_the_difference_map_do_not_move_with_the_model(make, snapshot):
    early = make(field=snapshot.field * 0.5)
    limits = [
        (heat.zmin, heat.zmax)
        for heat in (landscape.difference_map(s).figure.data[0] for s in (early, snapshot))
    ]
    assert limits[0] == limits[1]
    assert limits[0][1] == -limits[0][0] == pytest.approx(0.75 / (2 * np.pi), rel=1e-3)


def test_a_tiny_total_variation_is_printed_with_digits(make, snapshot):
    near = make(field=-np.log(snapshot.target_density * (1 + 2e-4)), log_z_plane=0.0)
    printed = landscape.difference_map(near).figure.layout.title.text.rsplit(" ", 1)[1]
    assert float(printed) == pytest.approx(1e-4, rel=0.1)


def test_the_cut_shows_minus_log_p_of_model_and_target(snapshot, mixture_density):
    """Both curves carry their log Z; the bare energy would be lower by log Z = 1.3."""
    line = plane_numbers.cut_line(snapshot)
    drawn = traces(landscape.cut(snapshot))
    model = -np.log(mixture_density(line.points, snapshot.means, np.array([0.32, 0.68])))
    target = -np.log(mixture_density(line.points, snapshot.target_means, np.array([0.25, 0.75])))
    spacing = 20 / (snapshot.field.shape[0] - 1)
    smooth = np.abs(line.distance - 5) > 1  # near the barrier the curvature is larger
    within = spacing**2 / 4  # bilinear error: h²/8 in each of two directions, U″ = 1
    np.testing.assert_allclose(drawn["model"].y[smooth], model[smooth], atol=within)
    np.testing.assert_allclose(drawn["target"].y[smooth], target[smooth], atol=within)
    assert drawn["target"].line.dash == "dash"
    assert landscape.cut(snapshot).figure.layout.xaxis.title.text == "distance along the cut"


def test_the_cut_survives_a_target_density_that_underflows(make, snapshot):
    density = snapshot.target_density.copy()
    density[:, :30] = 0.0
    figure = landscape.cut(make(target_density=density)).figure
    assert np.isnan(figure.data[1].y).any()
    assert np.isfinite(figure.layout.yaxis.range).all()


def test_a_single_mode_has_a_cut_with_one_mark(make):
    spec = parse_spec({"target": {"means": [[1, 2]], "masses": [1.0]}})
    one_mode = make(spec=spec, target_means=np.array([[1.0, 2.0]]))
    figure = landscape.cut(one_mode).figure
    assert [note.text for note in figure.layout.annotations] == ["target mode 1"]


def test_a_network_has_no_means_on_the_map(network, own_points):
    with_target, without = (traces(landscape.energy_map(s)) for s in (network, own_points))
    assert "model means" not in with_target
    np.testing.assert_array_equal(with_target["target means"].x, network.target_means[:, 0])
    assert "target means" not in without
    assert "target means" not in landscape.energy_map(own_points).alt


def test_the_total_variation_of_the_ring_is_the_misplaced_mass(network):
    """½ Σ |1/8 − pⱼ| = 0.3 for separated modes of equal shape; without the ½ it would be 0.6."""
    assert plane_numbers.total_variation(network) == pytest.approx(0.3, abs=1e-3)


def test_an_unknown_density_leaves_the_difference_empty_with_its_reason(own_points):
    reading = landscape.difference_map(own_points)
    assert len(reading.figure.data) == 0
    assert "density of own points is unknown" in reading.figure.layout.annotations[0].text


def test_the_cut_through_own_points_has_the_model_alone(own_points):
    reading = landscape.cut(own_points)
    assert set(traces(reading)) == {"model"}
    texts = [note.text for note in reading.figure.layout.annotations]
    assert [text for text in texts if text.startswith("cluster")] == ["cluster 1", "cluster 2"]
    assert any("is unknown" in text for text in texts)
    assert "target 0" not in reading.alt


def test_the_energy_of_a_network_that_plays_is_said_to_be_late(make_network, make):
    assert "a few updates old" in landscape.energy_map(make_network(playing=True)).caption
    assert "a few updates old" not in landscape.energy_map(make_network()).caption
    assert "a few updates old" not in landscape.energy_map(make(playing=True)).caption
