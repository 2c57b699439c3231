"""Image models put together by and, or, not, with Langevin chains that walk on the result.

The chains live in the space of the first model. Another model with a space of its own sees the
image a point stands for: its coordinates are Az + b, with A and b from decoding there and encoding
here, and its energy U(Az + b) grows as |Az|²/2σ². For a negation that counts with the largest
singular value s of A, as if its base had the width σ/s; U₁ − wU₂ is a density while
1/σ₁² − ws²/σ₂² > 0. “or” is the mixture with equal shares: it needs each log Z, which a short climb
estimates (core.bracket), less log|det A| for what A does to volumes, so A must be square and of
full rank. z (n, d), A (k, d), b (k,).
(Du, Li and Mordatch 2020, arXiv 2004.06030; the rules are those of core.energies.compose.)
"""

from __future__ import annotations

from collections.abc import Iterator
from time import perf_counter
from typing import NamedTuple

import numpy as np
import torch
from torch import Generator, Tensor

from ebm_engine.core.energies.compose import Part, all_of, any_of, but_not
from ebm_engine.core.kernels.adaptation import adapted
from ebm_engine.core.kernels.mala import MALA
from ebm_engine.core.rng import gaussian
from ebm_engine.core.smc.bracket import climb
from ebm_engine.core.smc.population import log_z_estimate, move, plain_start
from ebm_engine.core.types import Evaluation, Parameters, Walkers
from ebm_engine.run.run import Run
from ebm_engine.studies.ais import first_kernel, image_run, images_of, network_of
from ebm_engine.studies.result import Result, Steps, TaskError
from ebm_engine.studies.specs.images import CompositionSpec

SHOWN = 64  # tiles
WALKERS, CLIMB = 200, 200  # walkers and steps of the climbs for “or”
ROWS = 400  # of the curve, at most
LOOK_GAP = 0.4  # seconds between two looks at the chains
FLAT = 1e-4  # singular value of A, relative to the largest, that counts as 0
SAME = 1e-4  # largest entry of A − I and b that counts as none


class Affine(NamedTuple):
    """U(Az + b) for an energy of other coordinates; matrix: A (k, d), offset: b (k,).

    base_std: σ/s, the width of the base where it is narrowest in z.
    """

    energy: Part
    matrix: Tensor
    offset: Tensor
    base_std: float

    def evaluate(self, x: Tensor, *, gradient: bool = True) -> Evaluation:
        """U (n,) and, with `gradient`, ∇U = Aᵀ∇U(Az + b) (n, d), at x (n, d)."""
        at = self.energy.evaluate(self._there(x), gradient=gradient)
        return Evaluation(at.energy, at.gradient @ self.matrix if gradient else x[:0])

    def value(self, x: Tensor, parameters: Parameters | None = None) -> Tensor:
        """U (n,) as a function that autograd can differentiate in x; `parameters` has no effect."""
        return self.energy.value(self._there(x))

    def confinement(self, x: Tensor) -> Tensor:
        """The part of U (n,) that training left alone."""
        return self.energy.confinement(self._there(x))

    def _there(self, x: Tensor) -> Tensor:
        return x @ self.matrix.T + self.offset


def compose(spec: CompositionSpec) -> Steps:
    """Walk the chains; yields what they are now about twice a second.

    Raises TaskError when the models cannot be put together, with the reason.
    """
    runs = [image_run(checkpoint) for checkpoint in spec.checkpoints]
    parts = parts_of(runs)
    rng = Generator(device=runs[0].parts.device).manual_seed(spec.seed)
    log_z = []
    if spec.rule == "or":
        volumes = [log_volume(part, place) for place, part in enumerate(parts, start=1)]
        for run, volume in zip(runs, volumes, strict=True):
            yield 0.0, None
            log_z.append(climbed_log_z(run, rng) - volume)
    energy = composed(spec, parts, tuple(log_z))
    for walkers, curve in _walk(spec, energy, runs[0], rng):
        step = curve[-1][0]
        yield step / spec.steps, _result(runs, parts, walkers, curve)


def composed(spec: CompositionSpec, parts: tuple[Part, ...], log_z: tuple[float, ...]) -> Part:
    """The energy of a spec; log_z: of each part, for “or”, else ().

    Raises TaskError with the reason where the rule makes no density.
    """
    weights = spec.weights or (1.0,) * len(parts)
    try:
        if spec.rule == "and":
            return all_of(parts, weights)
        if spec.rule == "or":
            return any_of(parts, log_z=log_z)
        rest: Part = all_of(parts[:1], weights[:1])
        for part, weight in zip(parts[1:], weights[1:], strict=True):
            rest = but_not(rest, part, weight)
        return rest
    except ValueError as error:
        raise TaskError(str(error)) from None


def climbed_log_z(run: Run, rng: Generator) -> float:
    """log Z of a model in its own coordinates by a short climb, in nats."""
    goal = network_of(run)
    climbing = climb(goal.origin(), goal, WALKERS, CLIMB, first_kernel(goal, run.spec.dim), rng)
    with torch.no_grad():
        *_, top = climbing
    return log_z_estimate(top)[0]


def log_volume(part: Part, place: int) -> float:
    """log|det A| of a part, 0 in the first one's own coordinates.

    Raises TaskError where A is not square or flat along some direction.
    """
    if not isinstance(part, Affine):
        return 0.0
    (theirs, ours), sizes = part.matrix.shape, torch.linalg.svdvals(part.matrix.double())
    rank = int((sizes > FLAT * sizes[0]).sum())
    if not theirs == ours == rank:
        raise TaskError(
            f"“or” needs models of the same directions: the first has {ours}, model {place} has "
            f"{theirs} and shares {rank} of them"
        )
    return float(sizes.log().sum())


def _walk(
    spec: CompositionSpec, energy: Part, run: Run, rng: Generator
) -> Iterator[tuple[Walkers, list[tuple[int, float, float]]]]:
    """The chains about twice a second and at the end, with (step, mean U, acceptance) so far."""
    empty = images_of(run).x.new_empty(spec.chains, run.spec.dim)
    kernel = MALA(spec.step_size)
    walkers = plain_start(energy, energy.base_std * gaussian(empty, rng))
    curve, stride, due = [], max(1, spec.steps // ROWS), perf_counter()
    for step in range(1, spec.steps + 1):
        with torch.no_grad():
            walkers = move(walkers, energy, kernel, rng, previous=energy)
        walkers = adapted(walkers, walkers.log_w, kernel.target_acceptance)
        look = perf_counter() >= due or step == spec.steps
        if look or step % stride == 0:
            curve.append((step, float(walkers.at.energy.double().mean()), walkers.acceptance))
        if look:
            yield walkers, curve
            due = perf_counter() + LOOK_GAP


def parts_of(runs: list[Run]) -> tuple[Part, ...]:
    """The models as energies on the space of the first one.

    Raises TaskError for fewer than 2 models and for images of another size.
    """
    if len(runs) < 2:
        raise TaskError(f"a composition needs at least 2 models; there are {len(runs)}")
    first = runs[0]
    for run in runs[1:]:
        ours, theirs = images_of(first).size, images_of(run).size
        if ours != theirs:
            raise TaskError(
                f"the images of the models have {ours[1]} × {ours[0]} and {theirs[1]} × "
                f"{theirs[0]} pixels, and they must be equal"
            )
    return (network_of(first), *(_seen(first, run) for run in runs[1:]))


def _seen(first: Run, other: Run) -> Part:
    """The model of `other` on the space of `first`; as it is where the coordinates are the same."""
    here, there = images_of(first), images_of(other)
    dim = first.spec.dim
    corners = torch.cat([here.x.new_zeros(1, dim), torch.eye(dim).to(here.x)])
    mapped = there.encode(here.decode(corners))
    offset, matrix = mapped[0], (mapped[1:] - mapped[0]).T.contiguous()
    model = network_of(other)
    if first.spec.dim == other.spec.dim:
        same = (matrix - torch.eye(dim).to(matrix)).abs().max() < SAME
        if bool(same & (offset.abs().max() < SAME)):
            return model
    largest = float(torch.linalg.matrix_norm(matrix.double(), 2))
    return Affine(model, matrix, offset, model.base_std / largest)


def _result(
    runs: list[Run],
    parts: tuple[Part, ...],
    walkers: Walkers,
    curve: list[tuple[int, float, float]],
) -> Result:
    """Where the chains are, as images, with what each model says of them."""
    images, x = images_of(runs[0]), walkers.x
    pixels = images.decode(x[:SHOWN]).clamp(0, 1).reshape(-1, *images.size)
    found = np.array(curve)
    with torch.no_grad():
        energy = [part.evaluate(x, gradient=False).energy.double().mean() for part in parts]
    return {
        "step": curve[-1][0],
        "count": len(x),
        "tiles": (pixels * 255).round().byte().cpu().numpy(),
        "class_names": tuple(images_of(run).class_names for run in runs),
        "shares": tuple(_shares(run, images.decode(x)) for run in runs),
        "part_energy": np.array([float(value) for value in energy]),
        "curve_step": found[:, 0],
        "curve": found[:, 1],
        "acceptance": walkers.acceptance,
    }


def _shares(run: Run, pixels: Tensor) -> np.ndarray:
    """What the classifier of a run reads in the chains: shares (J,) of its own classes."""
    images = images_of(run)
    return images.classes().shares(images.encode(pixels)).mean(0).numpy()
