"""The figures with sliders that a step of a lesson may show instead of runs, and their numbers.

Both are closed forms or quadrature without any randomness: `energy_cut` (energy against
probability) and `missing_term` (what contrastive divergence leaves out).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from pydantic import ValidationError

from ebm_engine.spec.edit import explain
from ebm_engine.spec.fields import Block
from ebm_engine.studies.energy_on_a_line import EnergyCutSpec, energy_cut
from ebm_engine.studies.missing_term import missing_term
from ebm_engine.studies.specs.langevin import MissingSpec

Values = Mapping[str, float]


class LessonFigure(NamedTuple):
    """sliders: the block whose fields are the sliders; numbers: their names; read: their values."""

    sliders: type[Block]
    numbers: tuple[str, ...]
    read: Callable[[Any], dict[str, float]]


def _energy(spec: EnergyCutSpec) -> dict[str, float]:
    found = energy_cut(spec.shift, spec.temperature)
    return {"log_z": found.log_z, "left_mass": found.left_mass}


def _missing(spec: MissingSpec) -> dict[str, float]:
    terms = missing_term(spec.data_variance, spec.step_size, spec.theta)
    return {"cd_part": terms.cd_part, "third_term": terms.third_term, "exact": terms.exact}


FIGURES: dict[str, LessonFigure] = {
    "energy": LessonFigure(EnergyCutSpec, ("log_z", "left_mass"), _energy),
    "missing-term": LessonFigure(MissingSpec, ("cd_part", "third_term", "exact"), _missing),
}


def sliders(name: str, values: Values) -> Block:
    """The sliders of a figure, those not named in `values` at their start.

    Raises ValueError with one sentence on an unknown slider or a value outside its limits.
    """
    block = FIGURES[name].sliders
    unknown = sorted(values.keys() - block.model_fields.keys())
    if unknown:
        allowed = ", ".join(block.model_fields)
        raise ValueError(f"{unknown[0]} is not a field of the figure, which has {allowed}")
    try:
        return block.model_validate(dict(values))
    except ValidationError as error:
        raise ValueError(explain(error)) from None


def figure_numbers(name: str, values: Values) -> dict[str, float]:
    """The numbers of a figure with these sliders, by name; raises ValueError as `sliders` does."""
    return FIGURES[name].read(sliders(name, values))
