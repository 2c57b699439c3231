"""The tasks of the helper process and the messages about them.

A task is a name, a block of arguments, and the generator that does it.

A generator yields (progress from 0 to 1, result so far or None); a result holds numpy arrays,
numbers and text only. The maths is imported when a task starts: importing this module never loads
torch.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from pydantic import ValidationError

from ebm_engine.files.model_file import ModelSpec
from ebm_engine.spec.edit import explain
from ebm_engine.spec.fields import Block
from ebm_engine.studies.result import Steps, TaskError
from ebm_engine.studies.specs.chains import ChainsSpec
from ebm_engine.studies.specs.images import (
    AisSpec,
    CompositionSpec,
    EnergiesSpec,
    FetchSpec,
    KlTermSpec,
    OodSpec,
)
from ebm_engine.studies.specs.langevin import BiasSpec, EvidenceSpec
from ebm_engine.studies.specs.runs import SeedsSpec, SlowMotionSpec
from ebm_engine.sweep.job import SweepJob

STUDIES, SHORT, SWEEPS = "studies", "short", "sweeps"


class Task(NamedTuple):
    """arguments: the block that the arguments must fit; run: from that block to its steps; lane:
    which helper process does it.
    """

    arguments: type[Block]
    run: Callable[[Any], Steps]
    lane: str = STUDIES


def _langevin(spec: ChainsSpec) -> Steps:
    from ebm_engine.studies.chains import walk

    return walk(spec)


def _step_size_bias(spec: BiasSpec) -> Steps:
    from ebm_engine.studies.step_bias import variances

    return variances(spec)


def _jala_em(spec: EvidenceSpec) -> Steps:
    from ebm_engine.studies.step_bias import evidence

    return evidence(spec)


def _ais(spec: AisSpec) -> Steps:
    from ebm_engine.studies.ais import of_checkpoint

    return of_checkpoint(spec)


def _ood(spec: OodSpec) -> Steps:
    from ebm_engine.studies.ood import detect

    return detect(spec)


def _composition(spec: CompositionSpec) -> Steps:
    from ebm_engine.studies.composition import compose

    return compose(spec)


def _energies(spec: EnergiesSpec) -> Steps:
    from ebm_engine.studies.energies import spread

    return spread(spec)


def _kl_term(spec: KlTermSpec) -> Steps:
    from ebm_engine.studies.kl_term import gaps

    return gaps(spec)


def _fetch_mnist(spec: FetchSpec) -> Steps:
    from ebm_engine.jobs.fetch_mnist import fetch

    return fetch(spec)


def _slow_motion(spec: SlowMotionSpec) -> Steps:
    from ebm_engine.studies.slow_motion.update import of_checkpoint

    return of_checkpoint(spec)


def _seeds(spec: SeedsSpec) -> Steps:
    from ebm_engine.studies.seeds import over_seeds

    return over_seeds(spec)


def _model_start(spec: ModelSpec) -> Steps:
    from ebm_engine.jobs.model_start import start_of

    return start_of(spec)


def _sweep(spec: SweepJob) -> Steps:
    from ebm_engine.sweep.job import steps

    return steps(spec)


TASKS: dict[str, Task] = {
    "langevin": Task(ChainsSpec, _langevin),
    "step-size-bias": Task(BiasSpec, _step_size_bias),
    "jala-em": Task(EvidenceSpec, _jala_em),
    "ais": Task(AisSpec, _ais),
    "ood": Task(OodSpec, _ood),
    "composition": Task(CompositionSpec, _composition),
    "energies": Task(EnergiesSpec, _energies),
    "kl-term": Task(KlTermSpec, _kl_term),
    "fetch-mnist": Task(FetchSpec, _fetch_mnist),
    "slow-motion": Task(SlowMotionSpec, _slow_motion, SHORT),
    "seeds": Task(SeedsSpec, _seeds),
    "model-start": Task(ModelSpec, _model_start, SHORT),
    "sweep": Task(SweepJob, _sweep, SWEEPS),
}


def parse_task(name: str, arguments: dict[str, Any]) -> Block:
    """The checked arguments of a task; raises TaskError with one sentence on anything wrong."""
    if name not in TASKS:
        raise TaskError(f"task {name!r} is unknown, allowed are {', '.join(TASKS)}")
    try:
        return TASKS[name].arguments.model_validate(arguments)
    except ValidationError as error:
        raise TaskError(explain(error)) from None
