"""What a lesson reads: numbers of a snapshot, placeholders, and the figures with sliders."""

from __future__ import annotations

import math

import numpy as np
import pytest

from ebm_engine.lessons.figures import FIGURES, figure_numbers
from ebm_engine.lessons.numbers import NUMBERS, PAST, mistake, numbers, numbers_at
from ebm_engine.lessons.template import fill, shown
from ebm_engine.run.run import Run
from ebm_engine.spec.edit import with_value
from ebm_engine.spec.presets import preset
from ebm_engine.studies.energy_on_a_line import energy_cut


@pytest.fixture(scope="module")
def snapshot():
    """Two modes after 45 updates with 100 walkers."""
    spec = with_value(preset("two-modes").spec, "walkers.count", 100)
    run = Run(with_value(spec, "target.samples", 100))
    while run.step < 45:
        run.advance()
    return run.snapshot(playing=False, updates_per_second=0.0)


def test_numbers_are_those_of_the_snapshot(snapshot):
    """Shares and means by mode, the last row of the history, and differences of what is known."""
    found, masses = numbers(snapshot), snapshot.mode_mass
    assert found["mass_model[1]"] == masses.model[1]
    assert found["mass_weighted[0]"] == masses.weighted[0]
    assert found["mean_x[0]"] == snapshot.means[0, 0] < 0 < found["mean_x[1]"]
    assert found["kl_exact"] == snapshot.history["kl_exact"][-1]
    assert found["kl_error"] == pytest.approx(found["kl_estimate"] - found["kl_exact"])
    error = snapshot.log_z_estimate - snapshot.log_z_exact
    assert found["log_z_error"] == pytest.approx(error, abs=1e-12)
    assert found["tv_raw"] == pytest.approx(abs(masses.raw[0] - masses.truth[0]))
    assert (found["update"], found["walkers"]) == (45, 100)


def test_every_number_of_the_table_is_there_and_no_other(snapshot):
    """The table is what error messages list."""
    assert {name.partition("[")[0] for name in numbers(snapshot)} == set(NUMBERS)
    assert not any(mistake(name) for name in numbers(snapshot))
    assert {name.partition("[")[0] for name in numbers_at(snapshot, 20)} == PAST


def test_annealed_masses_are_nan_until_they_are_measured(snapshot):
    """½(|0.5 − 0.25| + |0.5 − 0.75|) = 0.25; without the half it would be 0.5."""
    assert math.isnan(numbers(snapshot)["tv_annealed"])
    found = numbers(snapshot, {"mass": np.array([0.5, 0.5])})
    assert (found["mass_annealed[0]"], found["tv_annealed"]) == (0.5, 0.25)


def test_the_past_is_the_newest_recorded_update_that_is_not_later(snapshot):
    """Rows stand at 0, 10, 20, …, 45: update 29 is read at 20, and not at the nearer 30."""
    kl = snapshot.history["kl_exact"]
    assert numbers_at(snapshot, 29)["kl_exact"] == kl[2]
    assert numbers_at(snapshot, 30)["kl_exact"] == kl[3]
    present = numbers(snapshot)
    assert numbers_at(snapshot, 45) == {
        name: value for name, value in present.items() if name.partition("[")[0] in PAST
    }
    for outside in (-1, 46):
        with pytest.raises(
            ValueError, match=f"update {outside} is not in the history, which goes from 0"
        ):
            numbers_at(snapshot, outside)


def test_placeholders_are_filled_with_the_values_of_the_moment(snapshot):
    """Present, past, per cent, whole numbers, what is not known, and a figure."""
    text = "{a.update:d} {a.mass_true[0]:%} {a.mass_true[1]:.1%} {a.tv_annealed} {figure.x:.1f}"
    assert fill(text, {"a": snapshot}, figure={"x": -2.04}) == "45 25 % 75.0 % unknown −2.0"
    first = snapshot.history["kl_exact"][0]
    assert fill("{a.kl_exact@0:.2f}", {"a": snapshot}) == f"{first:.2f}"
    found = fill("{a.mass_annealed[1]:%}", {"a": snapshot}, annealed={"a": {"mass": [0.9, 0.1]}})
    assert found == "10 %"


@pytest.mark.parametrize(
    ("value", "form", "text"),
    [
        (-0.04, ".1f", "0.0"),
        (-0.06, ".1f", "−0.1"),
        (0.256, "%", "26 %"),
        (1234.4, "d", "1234"),
        (0.000123, ".3g", "0.000123"),
        (math.inf, ".1f", "inf"),
        (math.nan, "d", "unknown"),
    ],
)
def test_numbers_in_texts_have_a_true_minus_and_no_negative_zero(value, form, text):
    """As a reader expects them, in every format that a lesson may ask for."""
    assert shown(value, form) == text


@pytest.mark.parametrize("temperature", [0.5, 1.0, 3.0])
def test_a_shift_moves_log_z_by_minus_c_over_t_and_nothing_else(temperature):
    """Not by −c, which agrees at T = 1 only."""
    plain, moved = energy_cut(0, temperature), energy_cut(7, temperature)
    assert moved.log_z - plain.log_z == pytest.approx(-7 / temperature, abs=1e-10)
    assert moved.left_mass == pytest.approx(plain.left_mass, abs=1e-12)
    np.testing.assert_allclose(moved.density, plain.density, atol=1e-12)
    np.testing.assert_allclose(moved.energy - plain.energy, 7, atol=1e-9)


def test_the_mixture_itself_has_log_z_zero_and_its_own_density():
    """At T = 1, c = 0: Z = 1 and p = ¼N(−4, 1) + ¾N(4, 1)."""
    cut = energy_cut(0.0, 1.0)
    normal = [np.exp(-0.5 * (cut.x - m) ** 2) / math.sqrt(2 * math.pi) for m in (-4, 4)]
    assert cut.log_z == pytest.approx(0, abs=1e-10)
    np.testing.assert_allclose(cut.density, 0.25 * normal[0] + 0.75 * normal[1], atol=1e-10)


@pytest.mark.parametrize("temperature", [0.25, 0.5, 1.0, 1.5])
def test_temperature_takes_the_odds_to_the_power_one_over_t(temperature):
    """Odds (¼/¾)^(1/T) where the modes do not overlap; odds that stay would not fit."""
    left = energy_cut(0, temperature).left_mass
    assert left / (1 - left) == pytest.approx(3 ** (-1 / temperature), rel=5e-3)


@pytest.mark.parametrize(("shift", "temperature"), [(51, 1), (0, 0.01), (math.nan, 1)])
def test_sliders_outside_their_limits_are_refused(shift, temperature):
    """With the name of the slider."""
    with pytest.raises(ValueError, match=r"shift|temperature"):
        energy_cut(shift, temperature)


def test_a_short_cd_step_keeps_half_of_the_exact_slope():
    """cd_part → η(θs² − 1) and exact → 2η(θs² − 1) as η → 0: their ratio tends to ½, not to 1."""
    found = figure_numbers("missing-term", {"step_size": 1e-4, "theta": 3.0})
    assert found["cd_part"] / found["exact"] == pytest.approx(0.5, abs=1e-3)


@pytest.mark.parametrize("name", FIGURES)
def test_a_figure_has_the_numbers_it_names(name):
    """And refuses a slider that it does not have."""
    assert tuple(figure_numbers(name, {})) == FIGURES[name].numbers
    with pytest.raises(ValueError, match="nonsense is not a field of the figure"):
        figure_numbers(name, {"nonsense": 1})
