"""Neural energies: networks on top of a Gaussian.

U(x) = |x − c|²/2σ₀² + λ Σₛ fₛ(x), with networks fₛ that each look at the point in their own way (at
a length scale, or as an image of some resolution) and the share λ, 1 for the model itself. While
the networks are zero the model is N(c, σ₀²I) exactly, with log Z = (d/2) log 2πσ₀², where weighted
walkers start; the path from there in λ is the usual one of annealed importance sampling. The
Gaussian keeps exp(−U) proper, as the networks grow only linearly. x (n, d), U (n,), c (d,).
(Carbone et al. 2023, arXiv 2305.19414; path: Neal 2001, arXiv physics/9803008.)
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Protocol, Self

import torch
from torch import Generator, Tensor

from ebm_engine.core.rng import gaussian
from ebm_engine.core.types import Evaluation, Parameters

Kept = tuple[Tensor, ...]  # what a network keeps of an evaluation for its derivatives


class Network(Protocol):
    """One network f on rows of inputs (n, ·)."""

    @property
    def parameters(self) -> Parameters:
        """The tensors by name."""
        ...

    @property
    def kept(self) -> int:
        """How many tensors `evaluate` keeps."""
        ...

    @property
    def output(self) -> Tensor:
        """The weights of the output layer; f is constant while they are 0."""
        ...

    @property
    def constant(self) -> float:
        """That constant."""
        ...

    def value(self, x: Tensor, /) -> Tensor:
        """f (n,), by operations that autograd can differentiate twice."""
        ...

    def evaluate(self, x: Tensor, /) -> tuple[Tensor, Kept]:
        """f (n,), and what its derivatives need, row by row."""
        ...

    def parameter_gradient(self, kept: Kept, weights: Tensor) -> Parameters:
        """Σᵢ wᵢ ∂f/∂θ(xᵢ) by name; weights (n,) of any sign, in the dtype of the network."""
        ...

    def project(self, limit: float) -> None:
        """Scale each weight matrix in place to a spectral norm of at most `limit`."""
        ...

    def copy(self) -> Self:
        """The same network in tensors of its own."""
        ...

    def using(self, parameters: Parameters) -> Self:
        """The network with other tensors under the same names; others in the dict are ignored."""
        ...


class NetworkSum(Protocol):
    """Σₛ fₛ on points of `dim` dimensions, and how each network sees a point."""

    @property
    def networks(self) -> tuple[Network, ...]:
        """fₛ, whose parameters have different names."""
        ...

    @property
    def dim(self) -> int:
        """d."""
        ...

    def inputs(self, x: Tensor, offset: Tensor) -> Sequence[Tensor]:
        """What each network sees of points x (n, d), which lie at `offset` (n, d) from c."""
        ...

    def add_gradient(self, total: Tensor, kept: Sequence[Kept], share: float) -> None:
        """Add share·∇ₓΣₛfₛ to `total` (n, d) in place, from what each network kept."""
        ...

    def copy(self) -> Self:
        """The same sum in tensors of its own."""
        ...


@dataclass(frozen=True, eq=False)
class NetworkEnergy:
    """U(x) = |x − c|²/2σ₀² + λ Σₛ fₛ(x); owns the tensors of its networks.

    learned: Σₛ fₛ; base_std: σ₀; spectral_limit: largest spectral norm of a weight matrix after
    `constrain`, 0 for
    none; share: λ; centre: c (d,), None for the origin.
    """

    learned: NetworkSum
    base_std: float
    spectral_limit: float = 0.0
    share: float = 1.0
    centre: Tensor | None = None

    @property
    def parameters(self) -> Parameters:
        """The tensors that an optimiser may change in place."""
        return {
            name: p for network in self.learned.networks for name, p in network.parameters.items()
        }

    def evaluate(self, x: Tensor, *, gradient: bool = True) -> Evaluation:
        """U and, unless told otherwise, ∇ₓU at x (n, d), with what ∂U/∂θ needs in `layers`.

        Autograd takes no part, attention apart. Each row is its own, but its last bits may depend
        on how many rows are evaluated together, as in every matrix product.
        """
        # So that the bits do not depend on how gathered or stored points lie in memory.
        x = x.contiguous()
        energy, layers, offset = self.confinement(x), (), self._offset(x)
        inputs = self.learned.inputs(x, offset)
        for network, seen in zip(self.learned.networks, inputs, strict=True):
            value, kept = network.evaluate(seen)
            energy.add_(value, alpha=self.share)
            layers += kept
        if not gradient:
            return Evaluation(energy, x[:0], layers=layers)
        total = offset / self.base_std**2
        self.learned.add_gradient(total, [kept for _, kept in self._by_network(layers)], self.share)
        return Evaluation(energy, total, layers=layers)

    def value(self, x: Tensor, parameters: Parameters | None = None) -> Tensor:
        """U (n,) as a function that autograd can differentiate twice, in x and in `parameters`."""
        tensors = self.parameters if parameters is None else parameters
        pairs = zip(self.learned.networks, self.learned.inputs(x, self._offset(x)), strict=True)
        total = sum(network.using(tensors).value(seen) for network, seen in pairs)
        return self.confinement(x) + self.share * total

    def parameter_gradient(self, x: Tensor, at: Evaluation, weights: Tensor) -> Parameters:
        """Σᵢ wᵢ ∂U/∂θ(xᵢ) by name; weights (n,) of any sign.

        `at` is an evaluation at the present θ. Its layers are used where it has them, and computed
        again from x where resampling or a checkpoint dropped them.
        """
        layers = at.layers or self.evaluate(x, gradient=False).layers
        shares = (self.share * weights).to(x.dtype)
        gradient: Parameters = {}
        for network, kept in self._by_network(layers):
            gradient |= network.parameter_gradient(kept, shares)
        return gradient

    def confinement(self, x: Tensor) -> Tensor:
        """|x − c|²/2σ₀² (n,)."""
        offset = self._offset(x)
        return torch.linalg.vecdot(offset, offset) * (0.5 / self.base_std**2)

    @property
    def exact(self) -> bool:
        """Whether the model is N(c, σ₀²I): share 0, or all output weights 0."""
        return self.share == 0 or not any(bool(n.output.any()) for n in self.learned.networks)

    def sample(self, count: int, rng: Generator) -> Tensor:
        """`count` draws (count, d) from N(c, σ₀²I). Raises ValueError unless `exact`."""
        self._refuse_unless_exact("an exact draw")
        like = self.learned.networks[0].output.new_empty(count, self.learned.dim)
        draws = self.base_std * gaussian(like, rng)
        return draws if self.centre is None else draws + self.centre

    def log_z(self) -> float:
        """(d/2) log 2πσ₀² − λ Σₛ bₛ in nats, with fₛ = bₛ. Raises ValueError unless `exact`."""
        self._refuse_unless_exact("log Z")
        constant = self.share * sum(network.constant for network in self.learned.networks)
        return 0.5 * self.learned.dim * math.log(2 * math.pi * self.base_std**2) - constant

    def constrain(self) -> None:
        """Scale weight matrices back to the spectral limit, if there is one."""
        if self.spectral_limit > 0:
            for network in self.learned.networks:
                network.project(self.spectral_limit)

    def frozen(self) -> NetworkEnergy:
        """A copy that later updates of θ leave alone."""
        return replace(self, learned=self.learned.copy())

    def origin(self) -> NetworkEnergy:
        """|x − c|²/2σ₀²: this energy at share 0."""
        return replace(self, share=0.0)

    def toward(self, goal: NetworkEnergy, share: float) -> NetworkEnergy:
        """|x − c|²/2σ₀² + share·(U_goal − |x − c|²/2σ₀²), on the goal's own tensors.

        Raises ValueError unless the path starts at the Gaussian that the goal is built on.
        """
        self._refuse_unless_exact("the start of a path")
        if goal.base_std != self.base_std or not _same(goal.centre, self.centre):
            raise ValueError(
                "both ends of a path need the same base and centre; "
                f"σ₀ is {self.base_std} and {goal.base_std}"
            )
        return replace(goal, share=share * goal.share)

    def _offset(self, x: Tensor) -> Tensor:
        """x − c (n, d)."""
        return x if self.centre is None else x - self.centre

    def _by_network(self, layers: Kept) -> Iterator[tuple[Network, Kept]]:
        start = 0
        for network in self.learned.networks:
            yield network, layers[start : start + network.kept]
            start += network.kept

    def _refuse_unless_exact(self, what: str) -> None:
        if not self.exact:
            largest = max(float(network.output.abs().max()) for network in self.learned.networks)
            raise ValueError(
                f"{what} needs share 0 or a zero output layer; "
                f"share is {self.share:g} and the largest output weight {largest:g}"
            )


def limited(
    networks: NetworkSum, base_std: float, spectral_limit: float, centre: Tensor | None = None
) -> NetworkEnergy:
    """The energy of these networks, within its limit. Raises ValueError for a negative limit."""
    if spectral_limit < 0:
        raise ValueError(f"spectral_limit must be 0 (none) or more; it is {spectral_limit}")
    energy = NetworkEnergy(networks, base_std, spectral_limit, centre=centre)
    energy.constrain()
    return energy


def _same(one: Tensor | None, other: Tensor | None) -> bool:
    if one is None or other is None:
        return one is other
    return torch.equal(one, other)
