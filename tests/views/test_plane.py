"""Numbers on the plane against closed forms."""

import math

import numpy as np
import pytest

from ebm_engine.spec.edit import parse_spec
from ebm_engine.views.one_run import plane_numbers


def test_total_variation_of_two_gaussians_is_the_error_function_of_half_their_distance(
    make, mixture_density, plane_points
):
    """TV(N(a, I), N(b, I)) = erf(|a − b|/(2√2)); without the ½ it would be twice that."""
    a, b = np.array([[-1.0, 0.5]]), np.array([[0.8, -0.7]])
    snapshot = make(
        field=-np.log(mixture_density(plane_points, a, np.ones(1))) - 0.4,
        log_z_plane=0.4,
        target_density=mixture_density(plane_points, b, np.ones(1)),
    )
    exact = math.erf(np.linalg.norm(a - b) / (2 * math.sqrt(2)))
    assert plane_numbers.total_variation(snapshot) == pytest.approx(exact, abs=1e-3)


def test_total_variation_of_a_model_equal_to_the_target_is_zero(make, snapshot):
    same = make(field=-np.log(snapshot.target_density), log_z_plane=0.0)
    assert plane_numbers.total_variation(same) == pytest.approx(0.0, abs=1e-6)


def test_model_density_integrates_to_one_whatever_the_constant_in_the_energy(make, snapshot):
    moved = make(field=snapshot.field + 5.0, log_z_plane=snapshot.log_z_plane - 5.0)
    for each in (snapshot, moved):
        assert plane_numbers.integral(plane_numbers.model_density(each), each) == pytest.approx(
            1.0, abs=1e-4
        )


def test_bilinear_interpolation_is_exact_for_a_plane_and_for_xy_and_nan_outside(make):
    """Values 2x − 3y + xy; a transposed grid or swapped axes would give 2y − 3x."""
    snapshot = make()
    x, y = plane_numbers.axes(snapshot)
    values = 2 * x[None, :] - 3 * y[:, None] + x[None, :] * y[:, None]
    points = np.array([[0.31, -2.7], [-10.0, 8.0], [10.0, -8.0], [10.5, 0.0], [0.0, -8.1]])
    exact = 2 * points[:, 0] - 3 * points[:, 1] + points[:, 0] * points[:, 1]
    read = plane_numbers.bilinear(values, snapshot, points)
    np.testing.assert_allclose(read[:3], exact[:3], atol=1e-10)
    assert np.isnan(read[3:]).all()


def test_the_cut_passes_through_both_modes_and_stays_in_the_box(snapshot):
    line = plane_numbers.cut_line(snapshot)
    np.testing.assert_allclose(line.modes, [0.0, 10.0])
    at_modes = [np.interp(line.modes, line.distance, line.points[:, k]) for k in (0, 1)]
    np.testing.assert_allclose(np.transpose(at_modes), snapshot.target_means, atol=1e-12)
    np.testing.assert_allclose(line.points[[0, -1]], [[-10, 0], [10, 0]], atol=1e-12)


def test_the_cut_takes_the_two_heaviest_of_three_modes(make):
    means = [[0.0, 5.0], [-3.0, -4.0], [3.0, 4.0]]
    target = {"kind": "mixture", "means": means, "masses": [0.2, 0.5, 0.3]}
    spec = make().spec.model_validate({"target": target})
    line = plane_numbers.cut_line(make(spec=spec, target_means=np.array(means)))
    assert line.modes[1] == pytest.approx(10.0)
    np.testing.assert_allclose(line.points[:, 1], line.points[:, 0] * 4 / 3, atol=1e-12)
    assert line.points[:, 1].min() == pytest.approx(-8.0)


def test_the_cut_through_a_single_mode_runs_along_the_first_axis(make):
    spec = parse_spec({"target": {"means": [[1, 2]], "masses": [1.0]}})
    one_mode = make(spec=spec, target_means=np.array([[1.0, 2.0]]))
    line = plane_numbers.cut_line(one_mode)
    np.testing.assert_allclose(line.modes, [0.0])
    np.testing.assert_allclose(line.points[:, 1], 2.0)
    np.testing.assert_allclose(line.distance[[0, -1]], [-11.0, 9.0])


def test_means_of_one_dimension_lie_on_the_first_axis_of_the_plane():
    np.testing.assert_array_equal(
        plane_numbers.on_plane(np.array([[2.0], [-1.0]])), [[2, 0], [-1, 0]]
    )
    np.testing.assert_array_equal(plane_numbers.on_plane(np.array([[2.0, 3.0, 9.0]])), [[2, 3]])


def test_the_cut_of_a_network_takes_the_heaviest_regions(network, own_points):
    """Modes 2 and 4 of the ring weigh 0.2, clusters 2 and 4 weigh 0.4 and 0.3."""
    line = plane_numbers.cut_line(network)
    assert line.modes[1] == pytest.approx(3 * math.sqrt(2))
    np.testing.assert_allclose(line.points[:, 1], 3 / math.sqrt(2), atol=1e-12)
    np.testing.assert_allclose(plane_numbers.cut_line(own_points).points[:, 0], 3.0, atol=1e-12)


def test_the_cut_does_not_follow_the_means_of_the_model(make, snapshot):
    """The mode masses of a mixture are those of its own modes, which move while it learns."""
    moved = make(mode_centres=snapshot.mode_centres + 1.0)
    np.testing.assert_array_equal(
        plane_numbers.cut_line(moved).points, plane_numbers.cut_line(snapshot).points
    )


def test_a_cut_without_a_finite_number_has_a_range(own_points):
    nothing = np.full(501, np.nan)
    assert plane_numbers.cut_range(plane_numbers.cut_line(own_points), nothing, nothing) == (
        0.0,
        plane_numbers.DEEPEST,
    )
