"""The referee: exact answers written from the definitions, never from what they judge.

Everything is float64 and uses differences x − a, exp and log only: no energy class, no weights, no
walkers. A mixture here is (means (J, d), log_masses (J,)), density Σⱼ e^{bⱼ − logΣe^b} N(aⱼ, I).
In up to two dimensions integrals are sums over a grid (the trapezoid rule converges faster than
any power for such smooth, decaying integrands); beyond that KL is a Monte-Carlo mean over a fixed
set of target points, with its standard error.
"""

from __future__ import annotations

import math

import torch
from torch import Generator, Tensor

from ebm_engine.core.referees.referee import Verdict
from ebm_engine.core.types import Energy, Parameters

GRID_SPACING = 0.4  # in units of a mode's width; the error is about exp(−2π²/0.4²)
GRID_MARGIN = 8.0
NEGLIGIBLE = 1e-12  # grid points below this density hold less than 1e-9 of the mass
MONTE_CARLO_POINTS = 20_000
TWO_PI = 2 * math.pi


def log_z(z: Tensor, dim: int) -> float:
    """log Z of exp(−U) = Σⱼ exp(−½|x−aⱼ|² − zⱼ): each mode integrates to (2π)^{d/2} e^{−zⱼ}."""
    return float(torch.log(torch.exp(-z.double()).sum())) + 0.5 * dim * math.log(TWO_PI)


def log_density(x: Tensor, means: Tensor, log_masses: Tensor, stds: Tensor | None = None) -> Tensor:
    """log of the normalised mixture density at x (n, d), float64 (n,); stds (J,), else 1."""
    x, means = x.double(), means.double()
    share = torch.log_softmax(log_masses.double(), 0) - 0.5 * x.shape[1] * math.log(TWO_PI)
    # Differences x − a in one pass; the other mode of cdist expands the square as the engine does.
    distance = torch.cdist(means, x, compute_mode="donot_use_mm_for_euclid_dist")  # (J, n)
    if stds is not None:
        share = share - x.shape[1] * torch.log(stds.double())
        distance = distance / stds.double()[:, None]
    return torch.logsumexp(share[:, None] - 0.5 * distance**2, 0)


def grid_points(means: Tensor, spacing: float, margin: float) -> tuple[Tensor, float]:
    """Regular grid (m, d) around the means for d ≤ 2, and the volume of one cell."""
    low, high = means.double().amin(0) - margin, means.double().amax(0) + margin
    axes = [
        torch.arange(float(a), float(b), spacing, dtype=torch.float64)
        for a, b in zip(low, high, strict=True)
    ]
    mesh = torch.meshgrid(*axes, indexing="ij")
    return torch.stack([m.reshape(-1) for m in mesh], 1), spacing ** len(axes)


class MixtureReferee:
    """Judges mixtures against one known mixture and its training points, in any dimension.

    target_means (J*, d), target_masses (J*,) and target_stds (J*,), 1 if not given; data (n, d).
    `rng` draws the Monte-Carlo points in more than two dimensions.
    """

    def __init__(
        self,
        target_means: Tensor,
        target_masses: Tensor,
        data: Tensor,
        rng: Generator,
        target_stds: Tensor | None = None,
    ) -> None:
        self.means = target_means.double().cpu()
        self.log_masses = torch.log(target_masses.double().cpu())
        ones = torch.ones_like(self.log_masses)
        self.stds = ones if target_stds is None else target_stds.double().cpu()
        self.data = data.double().cpu()
        self.data_log_density = float(self._log_target(self.data).mean())
        self.exact = self.means.shape[1] <= 2
        self._points, self._share = self._grid() if self.exact else self._draws(rng)
        self._log_target_at_points = self._log_target(self._points)

    def judge(self, energy: Energy) -> Verdict:
        """KL(target ‖ model), KL on the data, total variation, log Z and masses of a mixture."""
        means, z = (energy.parameters[name].double().cpu() for name in ("means", "log_masses"))
        ratio = self._log_target_at_points - log_density(self._points, means, -z)
        kl = float((self._share * ratio).sum())
        se = 0.0 if self.exact else float(ratio.std()) / math.sqrt(len(ratio))
        # ½∫|p* − p| = ∫(p* − p)₊ = E*[(1 − p/p*)₊], which lives where the target does.
        total_variation = float((self._share * (1 - torch.exp(-ratio)).clamp_min(0)).sum())
        kl_data = self.data_log_density - float(log_density(self.data, means, -z).mean())
        mass = torch.exp(-z) / torch.exp(-z).sum()
        z_total = log_z(z, means.shape[1])
        data_energy = kl_data - self.data_log_density - z_total
        return Verdict(kl, se, kl_data, z_total, mass, total_variation, data_energy)

    def gradient(self, energy: Energy) -> Parameters:
        """Exact ∂H/∂θ of the cross-entropy on the data, by differentiating its definition.

        It is computed in float64 and returned in the dtype and on the device of the parameters.
        """
        with torch.inference_mode(False), torch.enable_grad():
            means, z = (
                energy.parameters[name].double().cpu().clone().requires_grad_()
                for name in ("means", "log_masses")
            )
            cross_entropy = -log_density(self.data, means, -z).mean()
            by_means, by_z = torch.autograd.grad(cross_entropy, (means, z))
        exact = {"means": by_means, "log_masses": by_z}
        return {name: g.to(energy.parameters[name]) for name, g in exact.items()}

    def true_masses(self, energy: Energy) -> Tensor:
        """True mass (J,) of the target modes that lie nearest to each of the energy's means."""
        means = energy.parameters["means"]
        distance = torch.cdist(self.means, means.double().cpu())  # (J*, J)
        shares = torch.zeros(len(means), dtype=torch.float64)
        return shares.index_add(0, distance.argmin(1), torch.exp(self.log_masses))

    def _log_target(self, x: Tensor) -> Tensor:
        return log_density(x, self.means, self.log_masses, self.stds)

    def _grid(self) -> tuple[Tensor, Tensor]:
        narrow, wide = float(self.stds.min()), float(self.stds.max())
        points, cell = grid_points(self.means, GRID_SPACING * narrow, GRID_MARGIN * wide)
        density = torch.exp(self._log_target(points))
        kept = density > NEGLIGIBLE
        return points[kept], density[kept] * cell

    def _draws(self, rng: Generator) -> tuple[Tensor, Tensor]:
        shares = torch.exp(self.log_masses)
        labels = torch.multinomial(shares, MONTE_CARLO_POINTS, replacement=True, generator=rng)
        centres = self.means[labels]
        noise = torch.randn(centres.shape, generator=rng, dtype=torch.float64)
        noise *= self.stds[labels, None]
        share = torch.full((MONTE_CARLO_POINTS,), 1 / MONTE_CARLO_POINTS, dtype=torch.float64)
        return centres + noise, share


def gradient_bias(estimate: dict[str, Tensor], exact: dict[str, Tensor]) -> tuple[float, float]:
    """Cosine and norm ratio between an estimated gradient and the exact one, NaN for zero norms."""
    a = torch.cat([estimate[name].double().cpu().reshape(-1) for name in exact])
    b = torch.cat([exact[name].double().cpu().reshape(-1) for name in exact])
    norm_a, norm_b = float(a.norm()), float(b.norm())
    if norm_a == 0 or norm_b == 0:
        return math.nan, math.nan
    return float(a @ b) / (norm_a * norm_b), norm_a / norm_b
