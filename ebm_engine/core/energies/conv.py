"""Energies of images: convolutional networks on top of a Gaussian.

U(x) = |x − c|²/2σ₀² + λ Σₛ fₛ(Dˢ P(x)), with points x (n, d), the image P(x) (n, side²) that a
point stands for, networks fₛ on images halved s times by D (28, 14, 7 pixels), and the share λ, 1
for the model itself. P is the identity in pixel space, and affine, m + xB, on coordinates of a
latent space (see pyramid). While the networks are zero the model is N(c, σ₀²I) exactly, where
weighted walkers start; |x − c|²/2σ₀² keeps exp(−U) proper, as the networks grow only linearly.
∇ₓU = (x − c)/σ₀² + λ Pᵀ(∇f₀ + Dᵀ(∇f₁ + Dᵀ∇f₂)): one force, that of the sum.
(Carbone et al. 2023, arXiv 2305.19414; the sum over scales: Du et al. 2021, arXiv 2012.01316.)
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace

import torch
from torch import Generator, Tensor

from ebm_engine.core.energies.networks.conv import ConvNetwork, ConvShape, fresh_conv_network
from ebm_engine.core.energies.networks.pyramid import Decoder, Pyramid
from ebm_engine.core.rng import gaussian
from ebm_engine.core.types import Evaluation, Parameters


@dataclass(frozen=True, eq=False)
class ConvEnergy:
    """U(x) = |x − c|²/2σ₀² + λ Σₛ fₛ(Dˢ P(x)); owns the tensors of its networks.

    networks: fₛ from fine to coarse; pyramid: P and D; base_std: σ₀; centre: c (d,);
    spectral_limit: largest spectral norm of a kernel as a matrix after `constrain`, 0 for none;
    share: λ.
    """

    networks: tuple[ConvNetwork, ...]
    pyramid: Pyramid
    base_std: float
    centre: Tensor
    spectral_limit: float = 0.0
    share: float = 1.0

    @property
    def parameters(self) -> Parameters:
        """The tensors that an optimiser may change in place."""
        return {name: p for network in self.networks for name, p in network.parameters.items()}

    def evaluate(self, x: Tensor, *, gradient: bool = True) -> Evaluation:
        """U and, unless told otherwise, ∇ₓU at x (n, d), with what ∂U/∂θ needs in `layers`.

        Autograd takes no part, attention apart. Each row is its own, but its last bits may depend
        on how many rows are evaluated together.
        """
        x = x.contiguous()
        energy, layers = self.confinement(x), ()
        for network, pixels in zip(self.networks, self.pyramid.images(x), strict=True):
            value, kept = network.evaluate(pixels)
            energy.add_(value, alpha=self.share)
            layers += kept
        if not gradient:
            return Evaluation(energy, x[:0], layers=layers)
        slopes = [network.gradient(kept) for network, kept in self._by_network(layers)]
        total = (x - self.centre) / self.base_std**2
        total.add_(self.pyramid.transposed(slopes), alpha=self.share)
        return Evaluation(energy, total, layers=layers)

    def value(self, x: Tensor, parameters: Parameters | None = None) -> Tensor:
        """U (n,) as a function that autograd can differentiate twice, in x and in `parameters`."""
        tensors = self.parameters if parameters is None else parameters
        pairs = zip(self.networks, self.pyramid.images(x), strict=True)
        parts = sum(network.using(tensors).value(pixels) for network, pixels in pairs)
        return self.confinement(x) + self.share * parts

    def parameter_gradient(self, x: Tensor, at: Evaluation, weights: Tensor) -> Parameters:
        """Σᵢ wᵢ ∂U/∂θ(xᵢ) by name; weights (n,) of any sign.

        `at` is an evaluation at the present θ. Its layers are used where it has them, and computed
        again from x where resampling or a checkpoint dropped them.
        """
        layers = at.layers or self.evaluate(x, gradient=False).layers
        shares = (self.share * weights).to(x.dtype)
        found = {}
        for network, kept in self._by_network(layers):
            found |= network.parameter_gradient(kept, shares)
        return found

    def confinement(self, x: Tensor) -> Tensor:
        """|x − c|²/2σ₀² (n,)."""
        offset = x - self.centre
        return torch.linalg.vecdot(offset, offset) * (0.5 / self.base_std**2)

    @property
    def exact(self) -> bool:
        """Whether the model is N(c, σ₀²I): share 0, or all output weights 0."""
        return self.share == 0 or not any(bool(n.output.any()) for n in self.networks)

    def sample(self, count: int, rng: Generator) -> Tensor:
        """`count` draws (count, d) from N(c, σ₀²I). Raises ValueError unless `exact`."""
        self._refuse_unless_exact("an exact draw")
        centres = self.centre.expand(count, -1)
        return centres + self.base_std * gaussian(centres, rng)

    def log_z(self) -> float:
        """(d/2) log 2πσ₀² − λ Σₛ bₛ in nats, with fₛ = bₛ. Raises ValueError unless `exact`."""
        self._refuse_unless_exact("log Z")
        constant = self.share * sum(float(network.constant) for network in self.networks)
        return 0.5 * len(self.centre) * math.log(2 * math.pi * self.base_std**2) - constant

    def constrain(self) -> None:
        """Scale kernels back to the spectral limit, if there is one."""
        if self.spectral_limit > 0:
            for network in self.networks:
                network.project(self.spectral_limit)

    def frozen(self) -> ConvEnergy:
        """A copy that later updates of θ leave alone."""
        return replace(self, networks=tuple(network.copy() for network in self.networks))

    def origin(self) -> ConvEnergy:
        """|x − c|²/2σ₀²: this energy at share 0."""
        return replace(self, share=0.0)

    def toward(self, goal: ConvEnergy, share: float) -> ConvEnergy:
        """|x − c|²/2σ₀² + share·(U_goal − |x − c|²/2σ₀²), on the goal's own tensors.

        Raises ValueError unless the path starts at the Gaussian that the goal is built on.
        """
        self._refuse_unless_exact("the start of a path")
        if goal.base_std != self.base_std or not torch.equal(goal.centre, self.centre):
            raise ValueError(
                "both ends of a path need the same base and centre; "
                f"σ₀ is {self.base_std} and {goal.base_std}"
            )
        return replace(goal, share=share * goal.share)

    def _by_network(
        self, layers: tuple[Tensor, ...]
    ) -> Iterator[tuple[ConvNetwork, tuple[Tensor, ...]]]:
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


def conv_energy(
    size: int,
    hidden: int,
    base_std: float,
    rng: Generator,
    like: Tensor,
    last_layer: str = "zero",
    scales: int = 1,
    *,
    attention: bool = False,
    spectral_limit: float = 0.0,
    decode: Decoder | None = None,
    centre: Tensor | None = None,
) -> ConvEnergy:
    """An energy of size × size images, in dtype and device of `like`, centred at 0 unless told.

    With several scales the networks are independent and their names start with "scale0." and on.
    Raises ValueError for a value out of range.
    """
    for name, value in (("size", size), ("scales", scales)):
        if value < 1:
            raise ValueError(f"{name} must be at least 1; it is {value}")
    if not (base_std > 0 and math.isfinite(base_std)):
        raise ValueError(f"base_std must be positive and finite; it is {base_std}")
    if spectral_limit < 0:
        raise ValueError(f"spectral_limit must be 0 (none) or more; it is {spectral_limit}")
    if decode is not None and len(decode.mean) != size**2:
        raise ValueError(f"the decoder makes {len(decode.mean)} pixels, the images have {size**2}")
    pyramid = Pyramid(size, scales, decode)
    prefixes = [f"scale{s}." if scales > 1 else "" for s in range(scales)]
    networks = tuple(
        fresh_conv_network(ConvShape(side, hidden, attention), prefix, last_layer, like, rng)
        for side, prefix in zip(pyramid.sides, prefixes, strict=True)
    )
    centre = like.new_zeros(pyramid.dim) if centre is None else centre
    if centre.shape != (pyramid.dim,):
        raise ValueError(
            f"the centre has shape {tuple(centre.shape)}, the points have ({pyramid.dim},)"
        )
    energy = ConvEnergy(networks, pyramid, base_std, centre, spectral_limit)
    energy.constrain()
    return energy
