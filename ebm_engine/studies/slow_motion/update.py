"""One update of a run in slow motion: what each part of it did to the parameters and the walkers.

The run is loaded from its checkpoint and makes its next update by its own `Run.advance`. A probe
stands in for the kernel: it passes every move on unchanged and keeps the first one with its noise.
So the numbers are those of the update itself,

    y = x − h∇U(x) + √(2hT) ξ,   ∂H/∂θ = data term − walker term (+ what the method adds),

with x, y (n, d), ξ (n, d) standard normal, θ by parameter. Where the walkers resample, the same
update is made once more with the threshold at 0, which shows where they stood just before.
(Carbone et al. 2023, arXiv 2305.19414, Algorithm 1.)
"""

from __future__ import annotations

import math

import numpy as np
import torch
from torch import Tensor

from ebm_engine.build.trainer import build_kernel
from ebm_engine.core.types import Walkers
from ebm_engine.run.arrays import as_numpy
from ebm_engine.run.point_plane import means_of
from ebm_engine.run.run import Run
from ebm_engine.spec.knobs import needs_reset
from ebm_engine.studies.result import Steps, TaskError
from ebm_engine.studies.slow_motion.probe import FirstMove, Probe
from ebm_engine.studies.slow_motion.terms import Before, parameter_terms, walker_weights
from ebm_engine.studies.specs.slow_motion import ModelOnPlane, Motion, Moves, SlowMotionSpec


def of_checkpoint(spec: SlowMotionSpec) -> Steps:
    """The task: the next update of the run in a checkpoint.

    Raises TaskError without a checkpoint, for a run of images and for one that has diverged.
    """
    run = load(spec)
    yield 0.3, None
    yield 1.0, one_update(run, spec)._asdict()


def load(spec: SlowMotionSpec) -> Run:
    """The run of the checkpoint with its present settings; raises TaskError when it has none."""
    if not spec.checkpoint:
        raise TaskError("there is nothing to slow down yet: start the run and pause it")
    run = Run.load(spec.checkpoint)
    if spec.spec is not None and spec.spec != run.spec:
        if needs_reset(run.spec, spec.spec):
            raise TaskError("the run was restarted with other settings: pause it again")
        run.change(spec.spec)
    if run.parts.images is not None:
        raise TaskError(f"slow motion is for points on the plane, not for {run.spec.target.kind}")
    if run.divergence is not None:
        raise TaskError(f"the run has diverged: {run.divergence.message}")
    return run


def one_update(run: Run, spec: SlowMotionSpec) -> Motion:
    """Let a freshly loaded run make its next update and take it apart; the run is used up."""
    trainer, step = run.parts.trainer, run.step
    before = Before(run.state.walkers.train, run.state.batch)
    moving, model = _moving(run), _model(run)
    probe = Probe(build_kernel(run.spec.sampler, run.spec.method.backward))
    trainer.method = trainer.method._replace(kernel=probe)
    run.advance()
    if probe.first is None:
        raise TaskError("this update moved no walkers")
    model_after, end = _model(run), before_resampling(run, spec)
    with torch.inference_mode():
        return Motion(
            step=step,
            box=run.state.plane.box,
            before=model,
            after=model_after,
            moves=_moves(run, before.walkers, probe.first, moving, end),
            weights=walker_weights(run, before, end),
            parameters=tuple(trainer.energy.parameters),
            terms=parameter_terms(run, before),
            refreshed=refreshed(run),
            new_chains=end.path is not None,
            only_shown=not run.spec.method.reads_walkers,
            divergence=run.divergence.message if run.divergence else "",
        )


def _model(run: Run) -> ModelOnPlane:
    energy = run.parts.trainer.energy
    return ModelOnPlane(run.state.plane.field(energy, run.step, playing=False), means_of(energy))


def _moving(run: Run) -> Tensor:
    """The walkers (m,) that the next update moves, in the order in which it takes them."""
    count, batch = len(run.state.walkers.train.x), run.spec.method.walker_batch
    device = run.state.walkers.train.x.device
    if not 0 < batch < count:
        return torch.arange(count, device=device)
    rng = run.parts.rngs["noise"].clone_state()
    return torch.randperm(count, generator=rng, device=device)[:batch]


def before_resampling(run: Run, spec: SlowMotionSpec) -> Walkers:
    """The walkers of a run that has just updated, as they were before they resampled, if so."""
    now = run.state.walkers.train
    if not now.resampled:
        return now
    again = load(spec)
    trainer = again.parts.trainer
    trainer.method = trainer.method._replace(threshold=0.0)
    again.advance()
    return again.state.walkers.train


def _moves(run: Run, before: Walkers, first: FirstMove, moving: Tensor, end: Walkers) -> Moves:
    """Where the walkers were and went: before, in the first move of some of them, in the end."""
    project = run.state.plane.project
    start = before.x if end.path is None else first.x
    if refreshed(run):  # the first move was that of another population
        moving = moving[:0]

    def spread(rows: Tensor) -> Tensor:
        """Rows (m, d) of the moving walkers at their places among all (n, d), NaN elsewhere."""
        return torch.full_like(start, math.nan).index_copy(0, moving, rows[: len(moving)])

    drift = noise = proposal = start[:0]
    if first.langevin is not None:
        drift, noise, proposal = (spread(part) for part in first.langevin)
    return Moves(
        start=project(start),
        first_end=project(spread(first.y)),
        proposal=project(proposal),
        end=project(end.x),
        drift=on_plane(as_numpy(drift)),
        noise=on_plane(as_numpy(noise)),
        moved=np.isin(np.arange(len(start)), moving.cpu().numpy()),
    )


def refreshed(run: Run) -> bool:
    """Whether weighted walkers have just been replaced by a population annealed from θ₀."""
    parents = run.state.walkers.train.parents
    return run.spec.method.weighted and parents is not None and bool((parents < 0).all())


def on_plane(vectors: np.ndarray) -> np.ndarray:
    """The first two components (n, 2) of vectors (n, d), 0 where d = 1."""
    shown = vectors[:, :2]
    return np.pad(shown, ((0, 0), (0, 2 - shown.shape[1])))
