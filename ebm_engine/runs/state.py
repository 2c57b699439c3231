"""What a checkpoint holds of a run, and how it is put back."""

from __future__ import annotations

import math
from collections import deque
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from ebm_engine.core.training import TrainState
from ebm_engine.core.types import Evaluation, Populations, Walkers
from ebm_engine.runs.checkpoint import CheckpointError
from ebm_engine.runs.recorder import EVENTS, MARKS
from ebm_engine.runs.snapshot import Divergence

if TYPE_CHECKING:
    from ebm_engine.runs.run import Run

POPULATIONS = ("train", "witness")


def capture(run: Run) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """Tensors and facts that, with the spec, define everything a run does from here on."""
    trainer, walkers = run.parts.trainer, run.state.walkers
    tensors = {f"parameter.{n}": p for n, p in trainer.energy.parameters.items()}
    history = run.history
    tensors["history"] = torch.from_numpy(history.rows[: history.count].copy())
    tensors["masses"] = torch.from_numpy(history.masses[: history.count].copy())
    tensors |= {f"rng.{use}": g.get_state() for use, g in run.parts.rngs.items()}
    for index, slots in trainer.optimizer.state_dict()["state"].items():
        tensors |= {f"optimizer.{index}.{k}": v for k, v in slots.items() if v is not None}
    facts: dict[str, Any] = {
        "spec": run.spec.model_dump(mode="json"),
        "step": run.step,
        "stride": history.stride,
        "resamplings": run.resamplings,
        "resampled_at": list(run.resampled_at),
        "marks": list(run.marks),
        "crossings": run.trails.crossings,
        "low_ess_for": run._low_ess_for,
        "divergence": vars(run.divergence) if run.divergence else None,
    }
    for name in POPULATIONS:
        population: Walkers | None = getattr(walkers, name)
        if population is None:
            continue
        for part in ("x", "log_w", "ancestors"):
            tensors[f"{name}.{part}"] = getattr(population, part)
        # Computed again from x alone, a resampled cache would differ in its last bits.
        tensors |= {f"{name}.at.{k}": v for k, v in population.at._asdict().items()}
        norm = None if math.isnan(population.log_norm) else population.log_norm
        facts[name] = [norm, population.ess]
    return tensors, facts


def restore(run: Run, tensors: dict[str, Tensor], facts: dict[str, Any]) -> None:
    """Put a captured state into a freshly built run; raises CheckpointError on a misfit."""
    trainer = run.parts.trainer
    try:
        with torch.no_grad():
            for name, parameter in trainer.energy.parameters.items():
                parameter.copy_(tensors[f"parameter.{name}"])
            restored = {
                name: _population(run, tensors, name, facts[name])
                for name in POPULATIONS
                if name in facts
            }
            data_at = trainer.energy.evaluate(trainer.data, gradient=False)
        run.state = TrainState(facts["step"], Populations(**restored), data_at, run.parts.rngs)
        for use, generator in run.parts.rngs.items():
            generator.set_state(tensors[f"rng.{use}"])
        _restore_optimizer(run, tensors)
        rows = tensors["history"].numpy()
        run.history.rows[: len(rows)] = rows
        run.history.masses[: len(rows)] = tensors["masses"].numpy()
        run.history.count, run.history.stride = len(rows), facts["stride"]
        run.resamplings, run._low_ess_for = facts["resamplings"], facts["low_ess_for"]
        run.resampled_at = deque(facts["resampled_at"], maxlen=EVENTS)
        run.marks = deque(((int(s), str(text)) for s, text in facts["marks"]), maxlen=MARKS)
        run.divergence = Divergence(**facts["divergence"]) if facts["divergence"] else None
    except (KeyError, RuntimeError, TypeError, ValueError) as error:
        raise CheckpointError(f"the checkpoint does not fit its spec: {error}") from None
    run.restart_recording(facts["crossings"])


def _population(run: Run, tensors: dict[str, Tensor], name: str, scalars: list[Any]) -> Walkers:
    def stored(part: str) -> Tensor:
        # A copy: what a matrix product rounds to may depend on where its memory begins.
        return tensors[f"{name}.{part}"].clone().to(run.parts.device)

    at = Evaluation(*(stored(f"at.{part}") for part in Evaluation._fields))
    norm, ess = scalars
    log_norm = math.nan if norm is None else norm
    return Walkers(stored("x"), at, stored("log_w"), log_norm, stored("ancestors"), ess=ess)


def _restore_optimizer(run: Run, tensors: dict[str, Tensor]) -> None:
    optimizer = run.parts.trainer.optimizer
    state = optimizer.state_dict()
    for name, tensor in tensors.items():
        if name.startswith("optimizer."):
            _, index, slot = name.split(".", 2)
            state["state"].setdefault(int(index), {})[slot] = tensor
    optimizer.load_state_dict(state)
