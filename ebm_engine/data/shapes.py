"""Two densities in closed form: the pinwheel and the checkerboard.

Pinwheel with K arms: an arm is a Gaussian z ~ N((R, 0), diag(σᵣ², σₜ²)), turned by the angle
φ(|z|) + 2πk/K. A turn by an angle that depends on the radius alone keeps areas, so
p(x) = 1/K Σₖ N(turned back by φ(|x|) + 2πk/K; (R, 0), diag(σᵣ², σₜ²)), with φ(r) = rate · exp(r/R).
After Johnson et al. (2016), arXiv:1603.06277, who turn by the first coordinate of z instead of its
length, which does not keep areas.

Checkerboard: uniform on the 8 dark squares of a 4 × 4 board of side 8; an edge belongs to its dark
square, so points that are rounded on to it keep their density.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import partial
from typing import final

import torch
from torch import Generator, Tensor

from ebm_engine.core.energies.fixed import DensityEnergy
from ebm_engine.core.rng import gaussian
from ebm_engine.data.cells import Box, cells, region_masses, require
from ebm_engine.data.densities import TAIL, mode_counts

RADIUS = 2.0  # R
FARTHEST = 4.0  # in units of R: φ stays constant beyond, where exp would overflow
NEAREST = 0.2  # radius of the innermost anchor: the arms share the centre
ANCHORS = 32  # per arm
SQUARES, SIDE = 4, 2.0
LINES = 30  # quadrature points per square in each direction


@final
@dataclass(frozen=True, eq=False)
class Pinwheel:
    """Turned Gaussian arms; arms: K, radial_std: σᵣ, tangential_std: σₜ. See Density."""

    arms: int
    radial_std: float
    tangential_std: float
    rate: float
    box: Box
    width: float
    anchors: Tensor
    labels: Tensor
    centres: Tensor
    masses: Tensor
    known: bool = True

    def sample(self, count: int, rng: Generator, like: Tensor) -> Tensor:
        """`count` points (count, 2); each arm gets its exact share."""
        z = gaussian(like.new_empty(count, 2), rng)
        z = z * z.new_tensor([self.radial_std, self.tangential_std]) + z.new_tensor([RADIUS, 0.0])
        arm = _exact_shares(self.arms, count).to(like.device)
        x = _turn(z, _twist(z.norm(dim=1), self.rate) + 2 * math.pi / self.arms * arm)
        return x[torch.randperm(count, generator=rng, device=like.device)]

    def log_density(self, x: Tensor) -> Tensor:
        """log p(x) in nats (n,) at x (n, 2)."""
        return _pinwheel_log_density(
            x, self.arms, (self.radial_std, self.tangential_std), self.rate
        )

    def energy(self) -> DensityEnergy:
        """−log p with its slope by autograd."""
        return DensityEnergy(self.log_density)

    def grid(self) -> tuple[Tensor, Tensor]:
        """Points (m, 2) and masses (m,) of the cells that hold the arms."""
        return cells(self.log_density, self.box, self.width)


def pinwheel(arms: int, radial_std: float, tangential_std: float, rate: float) -> Pinwheel:
    """`arms` turned Gaussian arms around radius 2; mode k is arm k.

    Raises ValueError for arms outside 2…12, radial_std outside [0.1, 0.6], tangential_std outside
    [0.1, 0.5] or a rate outside [0, 0.4].
    """
    _check_pinwheel(arms, radial_std, tangential_std, rate)
    stds = (radial_std, tangential_std)
    width, reach = _narrowest(*stds, rate), math.hypot(RADIUS + TAIL * stds[0], TAIL * stds[1])
    box = (-reach, reach, -reach, reach)
    near, far = max(RADIUS - 3 * radial_std, NEAREST), RADIUS + 3 * radial_std
    ridge = torch.linspace(near, far, ANCHORS, dtype=torch.float64)
    anchors, labels = _along_arms(ridge, arms, rate), torch.arange(arms).repeat_interleave(ANCHORS)
    density = partial(_pinwheel_log_density, arms=arms, stds=stds, rate=rate)
    return Pinwheel(
        arms=arms,
        radial_std=radial_std,
        tangential_std=tangential_std,
        rate=rate,
        box=box,
        width=width,
        anchors=anchors,
        labels=labels,
        centres=_along_arms(torch.tensor([RADIUS], dtype=torch.float64), arms, rate),
        masses=region_masses(density, box, width, anchors, labels),
    )


@final
@dataclass(frozen=True, eq=False)
class Checkerboard:
    """Uniform on the squares of side 2 around `centres` (8, 2); the squares are the modes."""

    box: Box
    width: float
    anchors: Tensor
    labels: Tensor
    centres: Tensor
    masses: Tensor
    known: bool = True

    def sample(self, count: int, rng: Generator, like: Tensor) -> Tensor:
        """`count` points (count, 2); each square gets its exact share."""
        offset = torch.rand(count, 2, generator=rng, device=like.device).to(like.dtype) - 0.5
        square = _exact_shares(len(self.centres), count).to(like.device)
        x = self.centres.to(like)[square] + SIDE * offset
        return x[torch.randperm(count, generator=rng, device=like.device)]

    def log_density(self, x: Tensor) -> Tensor:
        """−log 32 on the dark squares, −∞ elsewhere, (n,) at x (n, 2)."""
        distance = (x.double().cpu()[:, None, :] - self.centres).abs().amax(2)  # (n, 8)
        inside = (distance <= SIDE / 2).any(1)
        level = torch.full((len(x),), -math.log(len(self.centres) * SIDE**2), dtype=torch.float64)
        return level.masked_fill(~inside, -math.inf)

    def energy(self) -> DensityEnergy:
        """Raises ValueError: it is flat with walls."""
        raise ValueError("The checkerboard is flat with walls, so no slope shows the way.")

    def grid(self) -> tuple[Tensor, Tensor]:
        """Midpoints (m, 2) of equal cells that fill the dark squares, each of mass 1/m."""
        line = SIDE * ((torch.arange(LINES, dtype=torch.float64) + 0.5) / LINES - 0.5)
        points = (self.centres[:, None, :] + torch.cartesian_prod(line, line)).reshape(-1, 2)
        return points, torch.full((len(points),), 1 / len(points), dtype=torch.float64)


def checkerboard() -> Checkerboard:
    """The board on [−4, 4]² with a dark square in the lower left corner."""
    dark = [(i, j) for i in range(SQUARES) for j in range(SQUARES) if (i + j) % 2 == 0]
    corner = -SIDE * SQUARES / 2
    centres = corner + SIDE * (torch.tensor(dark, dtype=torch.float64) + 0.5)
    return Checkerboard(
        box=(corner, -corner, corner, -corner),
        width=SIDE / math.sqrt(12),
        anchors=centres,
        labels=torch.arange(len(dark)),
        centres=centres,
        masses=torch.full((len(dark),), 1 / len(dark), dtype=torch.float64),
    )


def _check_pinwheel(arms: int, radial_std: float, tangential_std: float, rate: float) -> None:
    require("The number of arms", arms, 2, 12)
    require("The radial width of an arm", radial_std, 0.1, 0.6)
    require("The tangential width of an arm", tangential_std, 0.1, 0.5)
    require("The rate of the twist", rate, 0, 0.4)


def _exact_shares(parts: int, count: int) -> Tensor:
    """Labels (count,) of `parts` equal parts, in order."""
    counts = mode_counts(torch.full((parts,), 1 / parts, dtype=torch.float64), count)
    return torch.arange(parts).repeat_interleave(counts)


def _twist(radius: Tensor, rate: float) -> Tensor:
    """φ(r) in radians."""
    return rate * torch.exp((radius / RADIUS).clamp(max=FARTHEST))


def _narrowest(radial_std: float, tangential_std: float, rate: float) -> float:
    """Thickness of an arm two σᵣ outside R: the twist shears it the more, the farther out."""
    r = 1 + 2 * radial_std / RADIUS
    shear = r * rate * math.exp(r)
    return min(radial_std, tangential_std) / math.hypot(1, shear)


def _turn(z: Tensor, angle: Tensor) -> Tensor:
    """z (n, 2) turned to the left by angle (n,)."""
    cos, sin = angle.cos(), angle.sin()
    return torch.stack([cos * z[:, 0] - sin * z[:, 1], sin * z[:, 0] + cos * z[:, 1]], 1)


def _along_arms(radii: Tensor, arms: int, rate: float) -> Tensor:
    """Points (arms · m, 2) on the middle lines of the arms at the given radii (m,)."""
    starts = 2 * math.pi / arms * torch.arange(arms, dtype=torch.float64)
    angle = (starts[:, None] + _twist(radii, rate)).reshape(-1)
    return radii.repeat(arms)[:, None] * torch.stack([angle.cos(), angle.sin()], 1)


def _pinwheel_log_density(x: Tensor, arms: int, stds: tuple[float, float], rate: float) -> Tensor:
    """log 1/K Σₖ N(x turned back; (R, 0), diag(σᵣ², σₜ²)) in nats (n,)."""
    x = x.double().cpu()
    twist = _twist(x.norm(dim=1), rate)
    parts = []
    for k in range(arms):
        z = _turn(x, -twist - 2 * math.pi * k / arms)
        parts.append(-0.5 * (((z[:, 0] - RADIUS) / stds[0]) ** 2 + (z[:, 1] / stds[1]) ** 2))
    constant = math.log(2 * math.pi * stds[0] * stds[1] * arms)
    return torch.logsumexp(torch.stack(parts), 0) - constant
