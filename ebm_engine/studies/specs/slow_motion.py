"""One update of a run taken apart: what the task is given, and what it finds, as plain values.

Importing this module never loads torch; `studies.slow_motion.update` computes the values.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from pydantic import Field

from ebm_engine.spec.fields import Block
from ebm_engine.spec.run_spec import RunSpec
from ebm_engine.studies.specs.images import checkpoint_field


class SlowMotionSpec(Block):
    """One update of the run in a checkpoint, with the settings that it has come to since."""

    checkpoint: bytes = checkpoint_field()
    spec: RunSpec | None = Field(None, description="The present settings; None keeps the saved.")


class ModelOnPlane(NamedTuple):
    """The model at one update: its field as in `Snapshot.field`, and the means (J, d) of a mixture,
    (0, d) without any.
    """

    field: np.ndarray
    means: np.ndarray


class Moves(NamedTuple):
    """Where the walkers were and went, on the plane (n, 2); NaN for those that did not move.

    start: at the beginning; first_end: after the first move, whose parts are drift, noise and
    proposal, these three (0, 2) for kernels with momentum; end: after the whole update, before any
    resampling; moved: (n,) bool.
    """

    start: np.ndarray
    first_end: np.ndarray
    proposal: np.ndarray
    end: np.ndarray
    drift: np.ndarray
    noise: np.ndarray
    moved: np.ndarray


class Weights(NamedTuple):
    """Weights and energies (n,) of the walkers before the update and after it.

    share: pᵢ in the gradient; log_w and log_w_after: log(N·w), before any resampling; gain: ΔA;
    responsibilities: (n, J) of a mixture, else (0, 0); threshold: of the resampling, NaN where the
    method has none; parents: (n,) whose copy each slot holds, empty without a resampling;
    restarted: (n,) bool, put back to a start; acceptance: mean, NaN for kernels without a test.
    """

    share: np.ndarray
    responsibilities: np.ndarray
    log_w: np.ndarray
    log_w_after: np.ndarray
    gain: np.ndarray
    energy: np.ndarray
    energy_after: np.ndarray
    ess_before: float
    ess: float
    threshold: float
    resampled: bool
    parents: np.ndarray
    restarted: np.ndarray
    acceptance: float


class Term(NamedTuple):
    """A vector over the parameters: its norms (g,) by parameter, and the entries of small ones."""

    norms: np.ndarray
    entries: Mapping[str, np.ndarray]


class Motion(NamedTuple):
    """One update, from `step` to `step` + 1.

    box: of the plane; before, after: the model; parameters: their names, in the order of the norms;
    terms: by name, see `studies.slow_motion.terms`; refreshed: all walkers were replaced by a new
    population; new_chains: the update started new chains, whose ends stand for the model;
    only_shown: the method reads no walkers; divergence: one sentence, or "".
    """

    step: int
    box: tuple[float, float, float, float]
    before: ModelOnPlane
    after: ModelOnPlane
    moves: Moves
    weights: Weights
    parameters: tuple[str, ...]
    terms: Mapping[str, Term]
    refreshed: bool
    new_chains: bool
    only_shown: bool
    divergence: str

    @property
    def two_sided(self) -> bool:
        """Whether the gradient is a data term minus a walker term."""
        return "data" in self.terms
