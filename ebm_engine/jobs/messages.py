"""What the job queue and its helper process say to each other."""

from __future__ import annotations

from dataclasses import dataclass

from ebm_engine.spec.fields import Block
from ebm_engine.studies.result import Result


@dataclass(frozen=True)
class Begin:
    """Do this task; the next one is sent after its end."""

    job_id: int
    name: str
    arguments: Block


@dataclass(frozen=True)
class Drop:
    """Nobody wants the rest of this job."""

    job_id: int


@dataclass(frozen=True)
class Progress:
    """How far a job is, from 0 to 1, and what is known so far."""

    job_id: int
    share: float
    result: Result | None


@dataclass(frozen=True)
class Ended:
    """A job is over; error: "" or one sentence."""

    job_id: int
    error: str
