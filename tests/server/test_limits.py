"""Limits from environment variables, and the limits of commands."""

import math

import pytest

from ebm_engine.server.commands import Rewind, Speed, Step
from ebm_engine.server.limits import Limits, LimitsError


def test_the_defaults_are_those_of_the_design():
    limits = Limits.from_environment({})
    assert 1 <= limits.workers <= 16
    assert limits.seats == 4 * limits.workers
    assert (limits.max_runs, limits.lease_seconds, limits.drop_seconds) == (60, 15.0, 180.0)


def test_the_environment_sets_each_limit():
    given = {
        "EBM_WORKERS": "3",
        "EBM_MAX_RUNS": "7",
        "EBM_MAX_PLAYING": "2",
        "EBM_TURN_SECONDS": "1.5",
        "EBM_LEASE_SECONDS": "4",
        "EBM_DROP_SECONDS": "40",
        "EBM_CHECKPOINT_SECONDS": "0",
        "EBM_MAX_KEPT": "5",
    }
    assert Limits.from_environment(given) == Limits(3, 7, 2, 1.5, 4.0, 40.0, 0.0, 5)


def test_an_empty_variable_means_the_default():
    assert Limits.from_environment({"EBM_MAX_RUNS": " "}).max_runs == 60


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("EBM_WORKERS", "two", "EBM_WORKERS = 'two' is not a whole number"),
        ("EBM_WORKERS", "1.5", "EBM_WORKERS = '1.5' is not a whole number"),
        ("EBM_WORKERS", "0", "EBM_WORKERS = 0, allowed are 1 to 256"),
        ("EBM_MAX_PLAYING", "0", "EBM_MAX_PLAYING = 0, allowed are 1 to 10000"),
        ("EBM_LEASE_SECONDS", "nan", "EBM_LEASE_SECONDS = nan, allowed are 0.01 to 86400"),
        ("EBM_LEASE_SECONDS", "soon", "EBM_LEASE_SECONDS = 'soon' is not a number"),
        ("EBM_DROP_SECONDS", "5", "EBM_DROP_SECONDS = 5 must not be below EBM_LEASE_SECONDS = 15"),
    ],
)
def test_a_bad_value_is_named_with_its_limits(name, value, sentence):
    with pytest.raises(LimitsError) as caught:
        Limits.from_environment({name: value})
    assert str(caught.value) == sentence


@pytest.mark.parametrize("count", [0, -1, 100_001])
@pytest.mark.parametrize("command", [Step, Rewind])
def test_counts_outside_their_limits_are_refused(command, count):
    with pytest.raises(ValueError, match=f"count = {count}, allowed are 1 to 100000"):
        command(count)


@pytest.mark.parametrize("speed", [0.0, -1.0, math.nan, math.inf])
def test_a_speed_that_is_not_above_zero_is_refused(speed):
    with pytest.raises(ValueError, match="must be above 0"):
        Speed(speed)
