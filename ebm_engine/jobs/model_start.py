"""Model start: a run at update 0 whose parameters are those of a model file.

The walkers start as the method of the spec starts them at these parameters: by exact draws where
the model can be sampled, else with the weights of a tempered path to it, so that their log Ẑ is
right in either case. Optimizer and curves begin anew.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import torch

from ebm_engine.build.trainer import build_method
from ebm_engine.files.model_file import ModelFile, ModelFileError, ModelSpec, read_model
from ebm_engine.run.checkpoint import capture, pack
from ebm_engine.run.run import Run
from ebm_engine.run.snapshot import MARK
from ebm_engine.studies.result import Steps


def start_of(spec: ModelSpec) -> Steps:
    """The task: the checkpoint, as bytes (m,) uint8, of the run that starts at a model.

    Raises ModelFileError or SpecError with one sentence.
    """
    model = read_model(spec.content)
    yield 0.1, None
    content = started(model)
    yield 1.0, {"checkpoint": np.frombuffer(content, dtype=np.uint8)}


def started(model: ModelFile) -> bytes:
    """The checkpoint of update 0 of a run at the parameters of a model."""
    run = Run(model.spec)
    _put(model, run)
    trainer, parts = run.parts.trainer, run.parts
    with torch.no_grad():
        trainer.method = build_method(model.spec, trainer.energy.frozen(), parts.referee)
        run.state.training = trainer.start(parts.rngs)
    tensors, facts = capture(run.state)
    tensors["history"], tensors["masses"] = tensors["history"][:0], tensors["masses"][:0]
    facts["marks"] = [(0, MARK)]
    fresh = Run.load(pack(tensors, facts))
    recent = fresh.recent(playing=False)
    fresh.state.history.add(recent.row, recent.verdict.masses.numpy())
    return fresh.save()


def _put(model: ModelFile, run: Run) -> None:
    """Give the run the model's parameters; raises ModelFileError unless names and shapes fit."""
    trainer = run.parts.trainer
    own = trainer.energy.parameters
    if set(own) != set(model.parameters):
        raise ModelFileError(
            f"the file has the parameters {_listed(model.parameters)}, and its spec needs "
            f"{_listed(own)}"
        )
    energies = [trainer.energy] if trainer.average is None else [trainer.energy, trainer.average]
    for name, values in model.parameters.items():
        if values.shape != tuple(own[name].shape):
            raise ModelFileError(
                f"the parameter {name!r} of the file has shape {values.shape}, and its spec needs "
                f"{tuple(own[name].shape)}"
            )
        with torch.no_grad():
            for energy in energies:
                energy.parameters[name].copy_(torch.from_numpy(values.copy()))


def _listed(names: Iterable[str]) -> str:
    return ", ".join(sorted(names)[:8]) or "none"
