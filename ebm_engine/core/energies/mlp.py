"""Neural energies of points: multilayer perceptrons on top of a Gaussian.

U(x) = |x|²/2σ₀² + λ Σₛ fₛ(x/ℓₛ), with networks fₛ at length scales ℓₛ (one network with ℓ = σ₀, or
several, see multiscale) and the share λ, 1 for the model itself. While the networks are zero the
model is N(0, σ₀²I) exactly, with log Z = (d/2) log 2πσ₀², where weighted walkers start; the path
from there in λ is the usual one of annealed importance sampling. |x|²/2σ₀² confines the walkers.
(Carbone et al. 2023, arXiv 2305.19414; path: Neal 2001, arXiv physics/9803008.)
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace

import torch
from torch import Generator, Tensor

from ebm_engine.core.energies.networks.mlp import Network, Shape, fresh_network
from ebm_engine.core.rng import gaussian
from ebm_engine.core.types import Evaluation, Parameters


@dataclass(frozen=True, eq=False)
class MLPEnergy:
    """U(x) = |x − c|²/2σ₀² + λ Σₛ fₛ((x − c)/ℓₛ); owns the tensors of its networks.

    base_std: σ₀; spectral_limit: largest spectral norm of a weight matrix after `constrain`, 0 for
    none; share: λ; centre: c (d,), None for the origin.
    """

    networks: tuple[Network, ...]
    base_std: float
    spectral_limit: float = 0.0
    share: float = 1.0
    centre: Tensor | None = None

    @property
    def parameters(self) -> Parameters:
        """The tensors that an optimiser may change in place."""
        return {name: p for network in self.networks for name, p in network.parameters.items()}

    def evaluate(self, x: Tensor, *, gradient: bool = True) -> Evaluation:
        """U and, unless told otherwise, ∇ₓU at x (n, d), with what ∂U/∂θ needs in `layers`.

        Autograd takes no part. Each row is its own, but its last bits may depend on how many rows
        are evaluated together, as in every matrix product.
        """
        # So that the bits do not depend on how gathered or stored points lie in memory.
        x = x.contiguous()
        energy, layers = self.confinement(x), ()
        x = self._relative(x)
        for network in self.networks:
            value, kept = network.evaluate(x)
            energy.add_(value, alpha=self.share)
            layers += kept
        if not gradient:
            return Evaluation(energy, x[:0], layers=layers)
        total = x / self.base_std**2
        for network, kept in self._by_network(layers):
            network.add_gradient(total, kept, self.share)
        return Evaluation(energy, total, layers=layers)

    def value(self, x: Tensor, parameters: Parameters | None = None) -> Tensor:
        """U (n,) as a function that autograd can differentiate twice, in x and in `parameters`."""
        tensors = self.parameters if parameters is None else parameters
        inner = self._relative(x)
        parts = sum(network.using(tensors).value(inner) for network in self.networks)
        return self.confinement(x) + self.share * parts

    def parameter_gradient(self, x: Tensor, at: Evaluation, weights: Tensor) -> Parameters:
        """Σᵢ wᵢ ∂U/∂θ(xᵢ) by name; weights (n,) of any sign.

        `at` is an evaluation at the present θ. Its layers are used where it has them, and computed
        again from x, to the same bits, where resampling or a checkpoint dropped them.
        """
        layers = at.layers or self.evaluate(x, gradient=False).layers
        shares = (self.share * weights).to(x.dtype)
        found = {}
        for network, kept in self._by_network(layers):
            found |= network.parameter_gradient(kept, shares)
        return found

    def confinement(self, x: Tensor) -> Tensor:
        """|x − c|²/2σ₀² (n,)."""
        x = self._relative(x)
        return torch.linalg.vecdot(x, x) * (0.5 / self.base_std**2)

    @property
    def exact(self) -> bool:
        """Whether the model is N(c, σ₀²I): share 0, or all output weights 0."""
        return self.share == 0 or not any(bool(n.output.any()) for n in self.networks)

    def sample(self, count: int, rng: Generator) -> Tensor:
        """`count` draws (count, d) from N(c, σ₀²I). Raises ValueError unless `exact`."""
        self._refuse_unless_exact("an exact draw")
        first = self.networks[0].weight(0)
        draws = self.base_std * gaussian(first.new_empty(count, len(first)), rng)
        return draws if self.centre is None else draws + self.centre

    def log_z(self) -> float:
        """(d/2) log 2πσ₀² in nats. Raises ValueError unless `exact`."""
        self._refuse_unless_exact("log Z")
        d = len(self.networks[0].weight(0))
        return 0.5 * d * math.log(2 * math.pi * self.base_std**2)

    def constrain(self) -> None:
        """Scale weight matrices back to the spectral limit, if there is one."""
        if self.spectral_limit > 0:
            for network in self.networks:
                network.project(self.spectral_limit)

    def frozen(self) -> MLPEnergy:
        """A copy that later updates of θ leave alone."""
        return replace(self, networks=tuple(network.copy() for network in self.networks))

    def origin(self) -> MLPEnergy:
        """|x|²/2σ₀²: this energy at share 0."""
        return replace(self, share=0.0)

    def toward(self, goal: MLPEnergy, share: float) -> MLPEnergy:
        """|x|²/2σ₀² + share·(U_goal − |x|²/2σ₀²), on the goal's own tensors.

        Raises ValueError unless the path starts at the Gaussian that the goal is built on.
        """
        self._refuse_unless_exact("the start of a path")
        if goal.base_std != self.base_std:
            raise ValueError(
                f"both ends of a path need the same base; σ₀ is {self.base_std} and {goal.base_std}"
            )
        return replace(goal, share=share * goal.share)

    def _relative(self, x: Tensor) -> Tensor:
        """x − c (n, d)."""
        return x if self.centre is None else x - self.centre

    def _by_network(
        self, layers: tuple[Tensor, ...]
    ) -> Iterator[tuple[Network, tuple[Tensor, ...]]]:
        start = 0
        for network in self.networks:
            yield network, layers[start : start + network.kept]
            start += network.kept

    def _refuse_unless_exact(self, what: str) -> None:
        if not self.exact:
            largest = max(float(network.output.abs().max()) for network in self.networks)
            raise ValueError(
                f"{what} needs share 0 or a zero output layer; "
                f"share is {self.share:g} and the largest output weight {largest:g}"
            )


def mlp_energy(
    dim: int,
    width: int,
    depth: int,
    activation: str,
    base_std: float,
    rng: Generator,
    like: Tensor,
    last_layer: str = "zero",
    spectral_limit: float = 0.0,
    length: float = 0.0,
) -> MLPEnergy:
    """An energy of one network at length scale `length`, in dtype and device of `like`.

    A length of 0 stands for σ₀/3: the hidden units then vary over less than the whole cloud of
    data. Raises ValueError for a value out of range.
    """
    shape = Shape(dim, width, depth, activation)
    network = fresh_network(shape, length or base_std / 3, "", last_layer, like, rng)
    return bounded((network,), base_std, spectral_limit)


def bounded(networks: tuple[Network, ...], base_std: float, spectral_limit: float) -> MLPEnergy:
    """The energy of these networks, within its limit. Raises ValueError for a negative limit."""
    if spectral_limit < 0:
        raise ValueError(f"spectral_limit must be 0 (none) or more; it is {spectral_limit}")
    energy = MLPEnergy(networks, base_std, spectral_limit)
    energy.constrain()
    return energy
