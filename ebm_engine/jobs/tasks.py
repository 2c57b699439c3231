"""The tasks of the helper process: a name, a block of arguments, and the generator that does it.

A generator yields (progress from 0 to 1, result so far or None); a result holds numpy arrays,
numbers and text only. The maths is imported when a task starts: importing this module never loads
torch.
"""

from __future__ import annotations

from importlib import import_module
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
from ebm_engine.studies.specs.runs import SeedsSpec
from ebm_engine.studies.specs.slow_motion import SlowMotionSpec
from ebm_engine.sweep.job import SweepJob

STUDIES, SHORT, SWEEPS = "studies", "short", "sweeps"


class Task(NamedTuple):
    """arguments: the block that the arguments must fit; steps: "module:function", from that block
    to the generator; lane: which helper process does it.
    """

    arguments: type[Block]
    steps: str
    lane: str = STUDIES

    def run(self, arguments: Block) -> Steps:
        """The steps of the task for these arguments."""
        module, function = self.steps.split(":")
        return getattr(import_module(module), function)(arguments)


TASKS: dict[str, Task] = {
    "langevin": Task(ChainsSpec, "ebm_engine.studies.chains:walk"),
    "step-size-bias": Task(BiasSpec, "ebm_engine.studies.step_bias:variances"),
    "jala-em": Task(EvidenceSpec, "ebm_engine.studies.step_bias:evidence"),
    "ais": Task(AisSpec, "ebm_engine.studies.ais:of_checkpoint"),
    "ood": Task(OodSpec, "ebm_engine.studies.ood:detect"),
    "composition": Task(CompositionSpec, "ebm_engine.studies.composition:compose"),
    "energies": Task(EnergiesSpec, "ebm_engine.studies.energies:spread"),
    "kl-term": Task(KlTermSpec, "ebm_engine.studies.kl_term:gaps"),
    "fetch-mnist": Task(FetchSpec, "ebm_engine.jobs.fetch_mnist:fetch"),
    "slow-motion": Task(
        SlowMotionSpec, "ebm_engine.studies.slow_motion.update:of_checkpoint", SHORT
    ),
    "seeds": Task(SeedsSpec, "ebm_engine.studies.seeds:over_seeds"),
    "model-start": Task(ModelSpec, "ebm_engine.jobs.model_start:start_of", SHORT),
    "sweep": Task(SweepJob, "ebm_engine.sweep.job:steps", SWEEPS),
}


def parse_task(name: str, arguments: dict[str, Any]) -> Block:
    """The checked arguments of a task; raises TaskError with one sentence on anything wrong."""
    if name not in TASKS:
        raise TaskError(f"task {name!r} is unknown, allowed are {', '.join(TASKS)}")
    try:
        return TASKS[name].arguments.model_validate(arguments)
    except ValidationError as error:
        raise TaskError(explain(error)) from None
