"""The seams of the engine: what an energy, a kernel and a training method must offer.

Symbols: U energy, θ parameters, x walkers (n, d), A log-weights (n,), h step size, T temperature.
"""

from __future__ import annotations

from typing import NamedTuple, Protocol

from torch import Generator, Tensor

Parameters = dict[str, Tensor]


class Evaluation(NamedTuple):
    """An energy at n points, all at one θ: every row belongs to one walker.

    energy: U (n,); gradient: ∇ₓU (n, d); responsibilities: rⱼ(x) (n, J), the posterior
    probabilities of the modes, which also give ∂U/∂θ.
    """

    energy: Tensor
    gradient: Tensor
    responsibilities: Tensor

    def take(self, index: Tensor) -> Evaluation:
        """The evaluation with its rows permuted or repeated by `index` (m,)."""
        return Evaluation(*(part[index] for part in self))


class Energy(Protocol):
    """U_θ with p ∝ exp(−U_θ), exact sampling and exact log Z at least at the start."""

    parameters: Parameters

    def evaluate(self, x: Tensor, *, gradient: bool = True) -> Evaluation:
        """U and, unless told otherwise, ∇ₓU at x (n, d), in one pass."""

    def parameter_gradient(self, x: Tensor, at: Evaluation, weights: Tensor) -> Parameters:
        """Σᵢ wᵢ ∂U/∂θ(xᵢ) from an evaluation at the present θ; weights (n,)."""

    def sample(self, count: int, rng: Generator) -> Tensor:
        """`count` exact draws (count, d) from p."""

    def log_z(self) -> float:
        """log ∫ exp(−U) dx in nats."""

    def frozen(self) -> Energy:
        """A copy that later updates of θ leave alone."""

    def toward(self, goal: Energy, share: float) -> Energy:
        """The energy on the path from here (share 0) to `goal` (share 1)."""


class Kernel(Protocol):
    """A Markov move whose forward and backward densities are known."""

    def propose(self, x: Tensor, at: Evaluation, rng: Generator) -> Tensor:
        """One move of the walkers x (n, d), given the energy there."""

    def log_ratio(self, x: Tensor, at_x: Evaluation, y: Tensor, at_y: Evaluation) -> Tensor:
        """Increment (n,) of the log-weights for the move x → y."""


class Walkers(NamedTuple):
    """A population of weighted Langevin chains.

    x: (n, d); at: the energy at x for the present θ; log_w: A (n,) float64; log_norm: log Z_θ₀ plus
    log-mean-exp(A) at each past resampling, NaN for walkers without weights; ancestors: (n,) index
    of each walker's first ancestor; parents: (n,) slot each walker held before the last update, −1
    for a walker that was put back to a start, None when every walker stayed in its slot; ess: ESS/N
    of the weights in use; ess_before: the same before the last update resampled, if it did;
    resampled: whether it did; path: (s, m, d) positions of the first walkers within the last
    update, or None.
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


class Populations(NamedTuple):
    """The training walkers and, when asked for, the witnesses: never used for a gradient."""

    train: Walkers
    witness: Walkers | None = None


class Method(Protocol):
    """How the negative phase E_θ[∂U/∂θ] is estimated: one method, one file."""

    def start(self, energy: Energy, data: Tensor, rngs: dict[str, Generator]) -> Populations:
        """The walkers at θ₀."""

    def before_gradient(
        self, walkers: Populations, energy: Energy, data: Tensor, rngs: dict[str, Generator]
    ) -> Populations:
        """The walkers whose (weighted) mean of ∂U/∂θ is compared with the data, at θₖ."""

    def after_update(
        self,
        walkers: Populations,
        energy: Energy,
        data: Tensor,
        step: int,
        rngs: dict[str, Generator],
    ) -> Populations:
        """The walkers moved on; `energy` holds θₖ₊₁ and `step` is k + 1."""
