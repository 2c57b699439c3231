"""The cross-entropy of an image model with the points of AIS, and its class masses."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from ebm_engine.spec.methods import METHODS
from ebm_engine.views.images.ais import AisPoint, class_bars, cross_entropy_curve
from tests.views.conftest import ESTIMATES, UPDATES


@pytest.fixture
def images(snapshot):
    """A run under weighted ULA on two classes; nobody knows what is exact."""
    nothing = np.full(UPDATES + 1, np.nan)
    history = snapshot.history | dict.fromkeys(("kl_exact", "kl_data"), nothing)
    masses = replace(snapshot.mode_mass, model=np.full(2, np.nan))
    return replace(
        snapshot, history=history, mode_mass=masses, class_names=("3", "8"), known_density=False
    )


@pytest.fixture
def unweighted(images):
    """The same under CD: no weights, no estimate."""
    nothing = np.full(UPDATES + 1, np.nan)
    spec = images.spec.model_copy(update={"method": METHODS["cd"]()})
    return replace(images, spec=spec, history=images.history | dict.fromkeys(ESTIMATES, nothing))


def point(step: int, cross_entropy: float = 9.5) -> AisPoint:
    return AisPoint(step, cross_entropy, 0.125, np.array([0.375, 0.625]), np.array([0.01, 0.02]))


def markers(reading):
    return [t for t in reading.figure.data if t.mode == "markers"]


def test_the_estimate_and_every_point_of_ais_are_drawn(images):
    reading = cross_entropy_curve(images, measured=[point(100), point(300, 8.25)])
    lines = {t.name: t for t in reading.figure.data if t.mode == "lines" and t.name}
    np.testing.assert_array_equal(
        lines["weighted ULA estimate ± 2 s.e."].y, images.history["kl_estimate"]
    )
    (drawn,) = markers(reading)
    assert drawn.x == (100, 300)
    assert drawn.y == (9.5, 8.25)
    assert list(drawn.error_y.array) == [0.25, 0.25]
    assert "AIS 8.25 ± 0.25 at update 300" in reading.alt


def test_a_point_of_later_than_the_picture_is_not_drawn(images):
    """The run has gone back: its model at that update is not there any more."""
    assert markers(cross_entropy_curve(images, measured=[point(UPDATES + 1)])) == []
    names = [t.name for t in class_bars(images, measured=[point(UPDATES + 1)]).figure.data]
    assert names == ["data", "raw walkers", "weighted walkers"]


def test_without_weights_the_figure_says_that_only_ais_can_tell(unweighted):
    reading = cross_entropy_curve(unweighted)
    assert len(reading.figure.data) == 0
    assert "only AIS can measure it" in reading.figure.layout.annotations[0].text
    assert "no values yet" in reading.alt
    assert len(markers(cross_entropy_curve(unweighted, measured=[point(5)]))) == 1


def test_class_bars_hold_the_newest_masses_of_ais_between_data_and_walkers(images):
    reading = class_bars(images, measured=[point(10), point(20)])
    names = [t.name for t in reading.figure.data]
    assert names == ["data", "model by AIS, update 20", "raw walkers", "weighted walkers"]
    data, model, raw, weighted = reading.figure.data
    assert list(data.x) == ["3", "8"]
    np.testing.assert_array_equal(model.y, [0.375, 0.625])
    np.testing.assert_array_equal(model.error_y.array, [0.02, 0.04])
    np.testing.assert_array_equal(raw.y, images.mode_mass.raw)
    np.testing.assert_array_equal(weighted.y, images.mode_mass.weighted)
    assert "classes 3, 8" in reading.alt


def test_walkers_without_weights_have_one_bar(unweighted):
    reading = class_bars(unweighted)
    assert [t.name for t in reading.figure.data] == ["data", "walkers"]
    assert "Only AIS measures the model" in reading.caption
