"""Energies put together by and, or, not: fixed energies that chains can walk on.

and: U = Σᵢ wᵢUᵢ, the product of the densities; the same energy twice is that energy at T = ½.
or:  U = −(1/s) log Σᵢ exp(−s(Uᵢ + log Zᵢ)), between minᵢ − log(n)/s and minᵢ. With s = 1 it is the
     mixture with equal shares; without the log Zᵢ the shares are Zᵢ/ΣZ.
not: U = U₁ − wU₂. On Gaussian bases it is a density only while 1/σ₁² − w/σ₂² > 0: networks grow
     linearly far out, so the quadratic terms decide.

x (n, d), wᵢ and s positive. The parts live on the same points. None has parameters to be trained.
(Hinton 2002, Neural Computation 14; Du, Li and Mordatch 2020, arXiv 2004.06030.)
"""

from __future__ import annotations

import math
from typing import NamedTuple, Protocol

import torch
from torch import Tensor

from ebm_engine.core.types import Evaluation, Parameters, Potential

ROUNDING = 1e-9  # of a weight, relative: nearer to its limit the base is as good as flat


class Part(Potential, Protocol):
    """What a composition asks of an energy; far out it grows as |x|²/2σ² with σ = base_std."""

    @property
    def base_std(self) -> float:
        """σ."""
        ...

    def value(self, x: Tensor, parameters: Parameters | None = None) -> Tensor:
        """U (n,) as a function that autograd can differentiate in x."""
        ...

    def confinement(self, x: Tensor) -> Tensor:
        """The part of U (n,) that training left alone."""
        ...


class WeightedSum(NamedTuple):
    """U = Σᵢ wᵢUᵢ with weights of any sign; base_std: σ of the sum of the bases."""

    parts: tuple[Part, ...]
    weights: tuple[float, ...]
    base_std: float

    def evaluate(self, x: Tensor, *, gradient: bool = True) -> Evaluation:
        """U (n,) and, unless told otherwise, ∇ₓU = Σᵢ wᵢ∇ₓUᵢ (n, d), at x (n, d)."""
        found = [part.evaluate(x, gradient=gradient) for part in self.parts]
        energies, slopes = [at.energy for at in found], [at.gradient for at in found]
        return Evaluation(self._sum(energies), self._sum(slopes))

    def value(self, x: Tensor, parameters: Parameters | None = None) -> Tensor:
        """U (n,) as a function that autograd can differentiate in x; `parameters` has no effect."""
        return self._sum([part.value(x) for part in self.parts])

    def confinement(self, x: Tensor) -> Tensor:
        """Σᵢ wᵢ times the confinement of each part, (n,)."""
        return self._sum([part.confinement(x) for part in self.parts])

    def _sum(self, values: list[Tensor]) -> Tensor:
        """Σᵢ wᵢvᵢ."""
        total = torch.zeros_like(values[0])
        for weight, value in zip(self.weights, values, strict=True):
            total = total + weight * value
        return total


class SoftMinimum(NamedTuple):
    """U = −(1/s) log Σᵢ exp(−s(Uᵢ + cᵢ)); sharpness: s, offsets: cᵢ; base_std: the widest σ."""

    parts: tuple[Part, ...]
    sharpness: float
    offsets: tuple[float, ...]
    base_std: float

    def evaluate(self, x: Tensor, *, gradient: bool = True) -> Evaluation:
        """U (n,) and, unless told otherwise, ∇ₓU = Σᵢ rᵢ∇ₓUᵢ (n, d), r = softmax(−s(Uᵢ + cᵢ))."""
        found = [part.evaluate(x, gradient=gradient) for part in self.parts]
        scores = self._scores([at.energy for at in found])  # (parts, n)
        energy = -torch.logsumexp(scores, 0) / self.sharpness
        if not gradient:
            return Evaluation(energy, x[:0])
        shares = torch.softmax(scores, 0)[:, :, None]
        return Evaluation(energy, (shares * torch.stack([at.gradient for at in found])).sum(0))

    def value(self, x: Tensor, parameters: Parameters | None = None) -> Tensor:
        """U (n,) as a function that autograd can differentiate in x; `parameters` has no effect."""
        scores = self._scores([part.value(x) for part in self.parts])
        return -torch.logsumexp(scores, 0) / self.sharpness

    def confinement(self, x: Tensor) -> Tensor:
        """0 (n,): a soft minimum has no part that is added to the rest."""
        return torch.zeros_like(x[:, 0])

    def _scores(self, energies: list[Tensor]) -> Tensor:
        """−s(Uᵢ + cᵢ), (parts, n)."""
        pairs = zip(energies, self.offsets, strict=True)
        return -self.sharpness * torch.stack([energy + offset for energy, offset in pairs])


def all_of(energies: tuple[Part, ...], weights: tuple[float, ...] | None = None) -> WeightedSum:
    """and: Σᵢ wᵢUᵢ with positive weights, all 1 when not given.

    Raises ValueError for no energy, another number of weights, or a weight that is not positive.
    """
    _require_some(energies)
    weights = (1.0,) * len(energies) if weights is None else tuple(weights)
    _require_length("weights", weights, energies)
    for weight in weights:
        _require_positive("a weight", weight)
    precision = sum(w / e.base_std**2 for w, e in zip(weights, energies, strict=True))
    return WeightedSum(tuple(energies), weights, precision**-0.5)


def any_of(
    energies: tuple[Part, ...], sharpness: float = 1.0, log_z: tuple[float, ...] | None = None
) -> SoftMinimum:
    """or: the soft minimum of the Uᵢ, or of Uᵢ + log Zᵢ = −log pᵢ where `log_z` is given, in nats.

    Raises ValueError for no energy, another number of log Zᵢ, or a sharpness that is not positive.
    """
    _require_some(energies)
    _require_positive("the sharpness", sharpness)
    offsets = (0.0,) * len(energies) if log_z is None else tuple(log_z)
    _require_length("values of log Z", offsets, energies)
    return SoftMinimum(tuple(energies), sharpness, offsets, max(e.base_std for e in energies))


def but_not(energy: Part, other: Part, weight: float) -> WeightedSum:
    """not: U₁ − wU₂. Raises ValueError unless the weight is positive and the rest is `bounded`."""
    _require_positive("a weight", weight)
    return WeightedSum((energy, other), (1.0, -weight), bounded(energy, other, weight))


def bounded(energy: Part, other: Part, weight: float) -> float:
    """σ of the Gaussian base that U₁ − wU₂ is left with: 1/σ² = 1/σ₁² − w/σ₂².

    Raises ValueError where 1/σ² ≤ 0, that is w ≥ σ₂²/σ₁²: no density has this energy.
    """
    limit = (other.base_std / energy.base_std) ** 2
    if weight >= limit * (1 - ROUNDING):
        raise ValueError(
            f"this negation has no lower bound: its weight must stay below {limit:.4g}; "
            f"it is {weight:g}"
        )
    return energy.base_std * (1 - weight / limit) ** -0.5


def _require_some(energies: tuple[Part, ...]) -> None:
    if not energies:
        raise ValueError("a composition needs at least 1 energy; it has 0")


def _require_length(what: str, values: tuple[float, ...], energies: tuple[Part, ...]) -> None:
    if len(values) != len(energies):
        raise ValueError(f"{len(energies)} energies need as many {what}; there are {len(values)}")


def _require_positive(what: str, value: float) -> None:
    if not 0 < value < math.inf:
        raise ValueError(f"{what} must be positive and finite; it is {value}")
