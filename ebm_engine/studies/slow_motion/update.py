"""One update of a run in slow motion: what each part of it did to the parameters and the walkers.

The run is loaded from its checkpoint and makes its next update by its own `Run.advance`. A witness
stands beside the kernel: it passes every move on unchanged and keeps the first one with its noise.
So the numbers are those of the update itself,

    y = x − h∇U(x) + √(2hT) ξ,   ∂H/∂θ = data term − walker term (+ what the method adds),

with x, y (n, d), ξ (n, d) standard normal, θ by parameter. Where the walkers resample, the same
update is made once more with the threshold at 0: that tells where they stood just before.
(Carbone et al. 2023, arXiv 2305.19414, Algorithm 1.)
"""

from __future__ import annotations

import math

import numpy as np
import torch
from torch import Tensor

from ebm_engine.core.types import Walkers
from ebm_engine.run.arrays import as_numpy
from ebm_engine.run.point_plane import means_of
from ebm_engine.run.run import Run
from ebm_engine.spec.knobs import needs_reset
from ebm_engine.studies.result import Result, Steps, TaskError
from ebm_engine.studies.slow_motion.probe import FirstMove, Witness
from ebm_engine.studies.slow_motion.terms import Before, parameter_terms, walker_weights
from ebm_engine.studies.specs.runs import SlowMotionSpec


def of_checkpoint(spec: SlowMotionSpec) -> Steps:
    """The task: the next update of the run in a checkpoint.

    Raises TaskError without a checkpoint, for a run of images and for one that has diverged.
    """
    run = load(spec)
    yield 0.3, None
    yield 1.0, one_update(run, spec)


def load(spec: SlowMotionSpec) -> Run:
    """The run of the checkpoint with its present settings; raises TaskError when it has none."""
    if not spec.checkpoint:
        raise TaskError("there is nothing to slow down yet: let the run begin and pause it")
    run = Run.load(spec.checkpoint)
    if spec.spec is not None and spec.spec != run.spec:
        if needs_reset(run.spec, spec.spec):
            raise TaskError("the run has begun again with other settings: pause it once more")
        run.change(spec.spec)
    if run.parts.images is not None:
        raise TaskError(f"slow motion is for points on the plane, not for {run.spec.target.kind}")
    if run.divergence is not None:
        raise TaskError(f"the run has diverged: {run.divergence.message}")
    return run


def one_update(run: Run, spec: SlowMotionSpec) -> Result:
    """Let a freshly loaded run make its next update and tell what happened; the run is used up."""
    trainer, plane, step = run.parts.trainer, run.state.plane, run.step
    before = Before(run.state.walkers.train, run.state.batch, trainer.factor(run.state.training))
    moving = _moving(run)
    scene = {"field": plane.field(trainer.energy, step, playing=False)}
    scene["means"] = means_of(trainer.energy)
    witness = Witness(trainer.method.kernel)
    trainer.method = trainer.method._replace(kernel=witness)
    run.advance()
    scene["field_after"] = plane.field(trainer.energy, step + 1, playing=False)
    scene["means_after"] = means_of(trainer.energy)
    end = before_resampling(run, spec)
    with torch.inference_mode():
        return {
            "step": step,
            "box": plane.box,
            **scene,
            **_positions(run, before.walkers, witness.first, moving, end),
            **walker_weights(run, before, end),
            **parameter_terms(run, before),
            "refreshed": refreshed(run),
            "chains": end.path is not None,
            "only_shown": not run.spec.method.reads_walkers,
            "divergence": run.divergence.message if run.divergence else "",
        }


def _moving(run: Run) -> Tensor:
    """The walkers (m,) that the next update moves, in the order in which it takes them."""
    count, batch = len(run.state.walkers.train.x), getattr(run.spec.method, "walker_batch", 0)
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


def _positions(run: Run, before: Walkers, first: FirstMove, moving: Tensor, end: Walkers) -> Result:
    """Where the walkers were and went, on the plane (n, 2); NaN for those that did not move.

    start: at the beginning; first_end: after the first move, of which drift, noise and proposal
    tell, empty for kernels with momentum; end: after the whole update, before any resampling.
    """
    fresh_chains = end.path is not None
    start = first.x if fresh_chains else before.x
    moves: dict[str, Tensor] = {"first_end": first.y}
    if first.langevin is not None:
        moves |= first.langevin._asdict()
    if refreshed(run):  # the first move was that of another population
        moves = {name: values[:0] for name, values in moves.items()}
        moving = moving[:0]
    result = {"start": run.state.plane.project(start), "end": run.state.plane.project(end.x)}
    for name in ("first_end", "proposal"):
        rows = _spread(moves[name], moving, start) if name in moves else start[:0]
        result[name] = run.state.plane.project(rows)
    for name in ("drift", "noise"):
        rows = _spread(moves[name], moving, start) if name in moves else start[:0]
        result[name] = on_plane(as_numpy(rows))
    h = run.spec.sampler.step_size * before.step_scale
    return result | {"step_size": h, "moved": np.isin(np.arange(len(start)), moving.cpu().numpy())}


def refreshed(run: Run) -> bool:
    """Whether weighted walkers have just been replaced by a population annealed from θ₀."""
    parents = run.state.walkers.train.parents
    return run.spec.method.weighted and parents is not None and bool((parents < 0).all())


def _spread(rows: Tensor, index: Tensor, like: Tensor) -> Tensor:
    """Rows (m, d) at their places among all walkers (n, d), NaN elsewhere."""
    return torch.full_like(like, math.nan).index_copy(0, index, rows)


def on_plane(vectors: np.ndarray) -> np.ndarray:
    """The first two components (n, 2) of vectors (n, d), 0 where d = 1."""
    shown = vectors[:, :2]
    return np.pad(shown, ((0, 0), (0, 2 - shown.shape[1])))
