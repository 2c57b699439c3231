"""What a checkpoint holds of a run, and how it is put back."""

from __future__ import annotations

import json
import math
from collections import deque
from typing import Any

import numpy as np
import safetensors.torch
import torch
from safetensors import SafetensorError
from torch import Generator, Tensor

from ebm_engine.core.rng import generators
from ebm_engine.core.training import TrainState
from ebm_engine.core.types import Batch, Buffer, Evaluation, Populations, Walkers
from ebm_engine.run.checkpoint_file import VERSION, CheckpointError, facts_of
from ebm_engine.run.history import EVENTS, MARKS
from ebm_engine.run.snapshot import HISTORY, Divergence
from ebm_engine.run.state import RunState
from ebm_engine.run.timeline import ChangeLog, Replay
from ebm_engine.writing.json_number import json_number
from ebm_engine.writing.tensor_file import CHECKSUM, EMPTY, sealed

POPULATIONS = ("train", "witness")
ROWS = ("energy", "gradient", "responsibilities")
SCALARS = ("log_norm", "ess", "step_scale", "acceptance")
MOVED = "moved to {device}: new random numbers"
PER_WALKER = ("x", "log_w", "ancestors", "momentum", "before_last")


def capture(state: RunState) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """Tensors and facts that, with the spec, define everything a run does from here on."""
    trainer, walkers = state.parts.trainer, state.walkers
    tensors = {f"parameter.{n}": p for n, p in trainer.energy.parameters.items()}
    if trainer.average is not None:
        tensors |= {f"average.{n}": p for n, p in trainer.average.parameters.items()}
    if trainer.extras.batch:
        tensors["batch"] = state.batch.x
    if walkers.buffer is not None:
        tensors["buffer"] = walkers.buffer.x
    history = state.history
    tensors["history"] = torch.from_numpy(history.rows[: history.count].copy())
    tensors["masses"] = torch.from_numpy(history.masses[: history.count].copy())
    tensors |= {f"rng.{use}": g.get_state() for use, g in state.parts.rngs.items()}
    for index, slots in trainer.optimizer.state_dict()["state"].items():
        tensors |= {f"optimizer.{index}.{k}": v for k, v in slots.items() if v is not None}
    facts: dict[str, Any] = {
        "spec": state.spec.model_dump(mode="json"),
        "step": state.step,
        "stride": history.stride,
        "columns": list(HISTORY),
        "resamplings": state.resamplings,
        "resampled_at": list(state.resampled_at),
        "marks": list(state.marks),
        "crossings": state.trails.crossings,
        "low_ess_for": state.low_ess_for,
        "divergence": vars(state.divergence) if state.divergence else None,
        "rate": state.training.rate,
        "buffer": list(walkers.buffer[1:]) if walkers.buffer else None,
    } | _past(state)
    genealogy = state.genealogy
    tensors["genealogy_steps"] = torch.from_numpy(genealogy.steps)
    tensors["genealogy"] = torch.from_numpy(genealogy.rows.astype(np.int32))
    for name in POPULATIONS:
        population: Walkers | None = getattr(walkers, name)
        if population is None:
            continue
        rows = population._asdict()
        tensors |= {f"{name}.{part}": rows[part] for part in PER_WALKER if rows[part] is not None}
        # Computed again from x alone, a resampled cache would differ in its last bits. A network's
        # layers are large and follow from x: they are not kept.
        at = population.at._asdict()
        kept = {part: at[part] for part in ROWS if at[part] is not None}
        tensors |= {f"{name}.at.{part}": tensor for part, tensor in kept.items()}
        facts[name] = [json_number(getattr(population, scalar)) for scalar in SCALARS]
    return tensors, facts


def _past(state: RunState) -> dict[str, Any]:
    """How the run came here: its first spec, its live changes, and what it has still to repeat."""
    return {
        "origin": state.origin,
        "changes": list(state.changes.entries),
        "change_count": state.changes.count,
        "replay": state.replay,
        "genealogy_stride": state.genealogy.stride,
    }


def _restore_past(state: RunState, tensors: dict[str, Tensor], facts: dict[str, Any]) -> None:
    """A checkpoint of an earlier release knows nothing of it: the run then has no known origin."""
    state.origin = facts.get("origin")
    state.changes = ChangeLog(facts.get("changes", ()), facts.get("change_count"))
    goal, changes = facts.get("replay", Replay())
    state.replay = Replay(int(goal), tuple((int(step), dict(values)) for step, values in changes))
    if "genealogy" in tensors:
        steps, rows = (tensors[name].numpy() for name in ("genealogy_steps", "genealogy"))
        state.genealogy.restore(steps, rows, facts["genealogy_stride"])


def restore(state: RunState, tensors: dict[str, Tensor], facts: dict[str, Any]) -> None:
    """Put a captured state into a freshly built run; raises CheckpointError on a misfit."""
    trainer = state.parts.trainer
    try:
        with torch.no_grad():
            for name, parameter in trainer.energy.parameters.items():
                parameter.copy_(tensors[f"parameter.{name}"])
            if trainer.average is not None:
                for name, mean in trainer.average.parameters.items():
                    mean.copy_(tensors[f"average.{name}"])
            train = _population(state, tensors, "train", facts["train"])
            witness = None
            if "witness" in facts:
                witness = _population(state, tensors, "witness", facts["witness"])
            buffer = None
            if facts["buffer"] is not None:
                own = tensors["buffer"].clone().to(state.parts.device)
                buffer = Buffer(own, *facts["buffer"])
            x = trainer.data
            if trainer.extras.batch:
                x = tensors["batch"].clone().to(state.parts.device)
            batch = Batch(x, trainer.energy.evaluate(x, gradient=False))
        populations = Populations(train, witness, buffer)
        rngs, moved = _generators(state, tensors, facts["step"])
        state.training = TrainState(facts["step"], populations, batch, rngs, facts["rate"])
        _restore_optimizer(trainer.optimizer, tensors)
        rows, masses = tensors["history"].numpy(), tensors["masses"].numpy()
        state.history.restore(rows, facts.get("columns"), masses)
        state.history.stride = facts["stride"]
        state.resamplings, state.low_ess_for = facts["resamplings"], facts["low_ess_for"]
        state.resampled_at = deque(facts["resampled_at"], maxlen=EVENTS)
        state.marks = deque(((int(s), str(text)) for s, text in facts["marks"]), maxlen=MARKS)
        state.divergence = Divergence(**facts["divergence"]) if facts["divergence"] else None
        _restore_past(state, tensors, facts)
        if moved:
            state.marks.append((facts["step"], MOVED.format(device=state.parts.device)))
    except (AttributeError, IndexError, KeyError, RuntimeError, TypeError, ValueError) as error:
        raise CheckpointError(f"the checkpoint does not fit its spec: {error}") from None


def _generators(
    state: RunState, tensors: dict[str, Tensor], step: int
) -> tuple[dict[str, Generator], bool]:
    """The random numbers of a run as they were saved, or new ones; whether they are new.

    A GPU's generators and the CPU's are different machines: a state of the one, which has another
    length, means nothing to the other.
    """
    rngs = state.parts.rngs
    saved = {use: tensors[f"rng.{use}"] for use in rngs}
    if any(len(saved[use]) != len(rng.get_state()) for use, rng in rngs.items()):
        rngs.update(generators(state.spec.seed, state.parts.device, after=step))
        return rngs, True
    for use, rng in rngs.items():
        rng.set_state(saved[use])
    return rngs, False


def _population(
    state: RunState, tensors: dict[str, Tensor], name: str, scalars: list[Any]
) -> Walkers:
    def stored(part: str) -> Tensor:
        # A copy: what a matrix product rounds to may depend on where its memory begins.
        return tensors[f"{name}.{part}"].clone().to(state.parts.device)

    def stored_if(part: str) -> Tensor | None:
        return stored(part) if f"{name}.{part}" in tensors else None

    at = Evaluation(stored("at.energy"), stored("at.gradient"), stored_if("at.responsibilities"))
    x, log_w = stored("x"), stored("log_w")
    if x.shape != (len(log_w), state.spec.dim):
        raise ValueError(
            f"{name} walkers of shape {tuple(x.shape)}, {len(log_w)} log-weights and "
            f"{state.spec.dim} dimensions"
        )
    numbers = [math.nan if number is None else float(number) for number in scalars]
    log_norm, ess, step_scale, acceptance = numbers
    return Walkers(
        x,
        at,
        log_w,
        log_norm,
        stored("ancestors"),
        ess=ess,
        momentum=stored_if("momentum"),
        step_scale=step_scale,
        acceptance=acceptance,
        before_last=stored_if("before_last"),
    )


def _restore_optimizer(optimizer: torch.optim.Optimizer, tensors: dict[str, Tensor]) -> None:
    content = optimizer.state_dict()
    for name, tensor in tensors.items():
        if name.startswith("optimizer."):
            _, index, slot = name.split(".", 2)
            content["state"].setdefault(int(index), {})[slot] = tensor
    optimizer.load_state_dict(content)


def pack(tensors: dict[str, Tensor], facts: dict[str, Any]) -> bytes:
    """One safetensors file: tensors, JSON facts in its header, and a checksum."""
    owned = {name: t.detach().cpu().contiguous() for name, t in tensors.items()}
    metadata = {"version": str(VERSION), "run": json.dumps(facts), CHECKSUM: EMPTY}
    return sealed(safetensors.torch.save(owned, metadata=metadata))


def unpack(content: bytes) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """The tensors and facts of a checkpoint; raises CheckpointError on anything else."""
    facts = facts_of(content)
    try:
        return safetensors.torch.load(content), facts
    except (SafetensorError, KeyError, ValueError) as error:
        raise CheckpointError(f"this is not a checkpoint of EBM Lab: {error}") from None
