"""The seams of the engine: what an energy, a kernel and a training method must offer.

Symbols: U energy, θ parameters, x walkers (n, d), A log-weights (n,), h step size, T temperature.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple, Protocol, Self

from torch import Generator, Tensor

Parameters = dict[str, Tensor]


class Evaluation(NamedTuple):
    """An energy at n points, all at one θ: every row belongs to one point.

    energy: U (n,); gradient: ∇ₓU (n, d), or (0, d) when it was not asked for; responsibilities:
    rⱼ(x) (n, J), the posterior probabilities of a mixture's modes, None for other energies; layers:
    what a network keeps for ∂U/∂θ, valid only until θ changes, () when it has to be computed again.
    """

    energy: Tensor
    gradient: Tensor
    responsibilities: Tensor | None = None
    layers: tuple[Tensor, ...] = ()

    @property
    def modes(self) -> Tensor:
        """The responsibilities rⱼ(x) (n, J). Raises ValueError for an energy without modes."""
        if self.responsibilities is None:
            raise ValueError("this energy has no modes of its own")
        return self.responsibilities

    def take(self, index: Tensor) -> Evaluation:
        """The evaluation with its rows permuted or repeated by `index` (m,), without layers."""
        rows = self.responsibilities
        taken = None if rows is None else rows[index]
        return Evaluation(self.energy[index], self.gradient[index], taken)


class Potential(Protocol):
    """U and its force: all that chains ask of an energy."""

    def evaluate(self, x: Tensor, *, gradient: bool = True) -> Evaluation:
        """U and, unless told otherwise, ∇ₓU at x (n, d), in one pass."""
        ...


class Energy(Potential, Protocol):
    """U_θ with p ∝ exp(−U_θ); the parameters may be changed in place by an optimiser."""

    @property
    def parameters(self) -> Parameters:
        """θ by name."""
        ...

    def value(self, x: Tensor, parameters: Parameters | None = None) -> Tensor:
        """U (n,) as a function that autograd can differentiate, in x and in `parameters`."""
        ...

    def parameter_gradient(self, x: Tensor, at: Evaluation, weights: Tensor) -> Parameters:
        """Σᵢ wᵢ ∂U/∂θ(xᵢ) from an evaluation at the present θ; weights (n,) of any sign."""
        ...

    def confinement(self, x: Tensor) -> Tensor:
        """The part of U (n,) that does not depend on θ; 0 where there is none."""
        ...

    def sample(self, count: int, rng: Generator) -> Tensor:
        """`count` exact draws (count, d) from p. Raises ValueError where `exact` is False."""
        ...

    def log_z(self) -> float:
        """log ∫ exp(−U) dx in nats. Raises ValueError where `exact` is False."""
        ...

    @property
    def exact(self) -> bool:
        """Whether p can be sampled exactly and log Z is known in closed form at the present θ."""
        ...

    def constrain(self) -> None:
        """Put θ back into the allowed set after an update."""
        ...

    def frozen(self) -> Self:
        """A copy that later updates of θ leave alone."""
        ...

    def origin(self) -> Self:
        """The exact energy that an annealed path to this one starts from."""
        ...

    def toward(self, goal: Self, share: float) -> Self:
        """The energy on the path from here (share 0) to `goal` (share 1)."""
        ...


class Walkers(NamedTuple):
    """A population of weighted Langevin chains.

    x: (n, d); at: the energy at x for the present θ; log_w: A (n,) float64; log_norm: log Z_θ₀ plus
    log-mean-exp(A) at each past resampling, NaN for walkers without weights; ancestors: (n,) index
    of each walker's first ancestor; parents: (n,) slot each walker held before the last update, −1
    for a walker that was put back to a start, None when every walker stayed in its slot; ess: ESS/N
    of the weights in use; ess_before: the same before the last update resampled, if it did;
    resampled: whether it did; path: (s, m, d) positions of the first walkers within the last
    update, or None; momentum: (n, d) for kernels that keep one, else None; step_scale: factor of
    the kernel's step size, 1 unless it adapts; acceptance: share of accepted proposals in the last
    move, NaN for kernels without Metropolis test; before_last: (m, d) positions of the first
    walkers before their last step, for a method that differentiates through it, else None.
    """

    x: Tensor
    at: Evaluation
    log_w: Tensor
    log_norm: float
    ancestors: Tensor
    parents: Tensor | None = None
    ess: float = 1.0
    ess_before: float = 1.0
    resampled: bool = False
    path: Tensor | None = None
    momentum: Tensor | None = None
    step_scale: float = 1.0
    acceptance: float = math.nan
    before_last: Tensor | None = None


class Kernel(Protocol):
    """A Markov move whose exact log-weight increment is known."""

    def move(
        self, walkers: Walkers, energy: Potential, rng: Generator, previous: Potential | None = None
    ) -> tuple[Walkers, Tensor]:
        """One move from (θₖ, x) to `energy` (θₖ₊₁), and the increment (n,) of the log-weights.

        `walkers.at` is the evaluation at θₖ, which is what a kernel that moves with the old
        parameters uses; `previous` holds θₖ for those that need it at new points. When θ did not
        change the two agree. Only x, at, momentum and acceptance change; log_w is the caller's.
        """
        ...


class Buffer(NamedTuple):
    """A replay buffer of past chains: x (capacity, d), of which the first `filled` rows count.

    seen: states offered so far; place: slot written next by the FIFO scheme.
    """

    x: Tensor
    filled: int = 0
    seen: int = 0
    place: int = 0


class Populations(NamedTuple):
    """The training walkers; the witnesses, never used for a gradient; the replay buffer."""

    train: Walkers
    witness: Walkers | None = None
    buffer: Buffer | None = None

    @property
    def past(self) -> Buffer:
        """The replay buffer. Raises ValueError for a method without one."""
        if self.buffer is None:
            raise ValueError("these populations have no replay buffer")
        return self.buffer


class Batch(NamedTuple):
    """The training points of one update, x (m, d), and the energy there for the present θ."""

    x: Tensor
    at: Evaluation


class Method(Protocol):
    """How ∂H/∂θ is estimated: one method, one file; a NamedTuple, with its kernel as `kernel`."""

    def _replace(self, **settings: Any) -> Self:
        """The method with other settings, as every NamedTuple has it."""
        ...

    def start(self, energy: Energy, data: Tensor, rngs: dict[str, Generator]) -> Populations:
        """The walkers at θ₀; data (n, d)."""
        ...

    def before_gradient(
        self, walkers: Populations, energy: Energy, data: Tensor, rngs: dict[str, Generator]
    ) -> Populations:
        """The walkers that stand for the model at θₖ."""
        ...

    def gradient(
        self, walkers: Populations, energy: Energy, batch: Batch, rngs: dict[str, Generator]
    ) -> Parameters:
        """The estimate of ∂H/∂θ at θₖ by parameter."""
        ...

    def after_update(
        self,
        walkers: Populations,
        previous: Energy,
        energy: Energy,
        data: Tensor,
        step: int,
        rngs: dict[str, Generator],
    ) -> Populations:
        """The walkers moved on; `previous` holds θₖ, `energy` θₖ₊₁ and `step` is k + 1."""
        ...
