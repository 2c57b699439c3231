"""Gaussian-mixture energy in closed form.

U(x) = −log Σⱼ exp(−½|x − aⱼ|² − zⱼ), means aⱼ (J, d), zⱼ = −log(unnormalised mass) (J,).
With responsibilities rⱼ = softmaxⱼ(−½|x − aⱼ|² − zⱼ):
∇ₓU = x − Σⱼ rⱼaⱼ,  ∂U/∂aⱼ = rⱼ(aⱼ − x),  ∂U/∂zⱼ = rⱼ,
Z = (2π)^{d/2} Σⱼ e^{−zⱼ}, and the mass of mode j is softmax(−z)ⱼ.
(Carbone et al. 2023, arXiv 2305.19414, section on Gaussian mixtures.)
"""

from __future__ import annotations

import math

import torch
from torch import Generator, Tensor

from ebm_engine.core.rng import gaussian
from ebm_engine.core.types import Evaluation, Parameters


class MixtureEnergy:
    """U(x) = −log Σⱼ exp(−½|x − aⱼ|² − zⱼ) with learnable means and z; owns its two tensors."""

    def __init__(self, means: Tensor, z: Tensor) -> None:
        self.means = means  # (J, d)
        self.z = z  # (J,)

    @property
    def parameters(self) -> Parameters:
        """The tensors that an optimiser may change in place."""
        return {"means": self.means, "log_masses": self.z}

    def evaluate(self, x: Tensor, *, gradient: bool = True) -> Evaluation:
        """U, ∇ₓU and responsibilities at x (n, d) in one pass of matrix products.

        Without `gradient`, ∇ₓU is left empty (0, d): training points never move. Expanding
        |x − a|² takes ½|x|² out of the log-sum-exp; with modes in rows the reductions over them
        run along memory. Together that makes a step cheap.
        """
        offset = 0.5 * torch.linalg.vecdot(self.means, self.means) + self.z  # (J,)
        scores = torch.addmm(offset[:, None], self.means, x.T, beta=-1)  # (J, n)
        largest = scores.amax(0)  # (n,)
        shares = torch.exp(scores - largest)
        total = shares.sum(0)
        responsibilities = shares.div_(total).T  # (n, J)
        energy = 0.5 * torch.linalg.vecdot(x, x) - largest - total.log()
        if not gradient:
            return Evaluation(energy, x[:0], responsibilities)
        slope = torch.addmm(x, responsibilities, self.means, alpha=-1)  # (n, d)
        return Evaluation(energy, slope, responsibilities)

    def value(self, x: Tensor, parameters: Parameters | None = None) -> Tensor:
        """U (n,) as a function that autograd can differentiate, in x and in `parameters`."""
        theta = self.parameters if parameters is None else parameters
        means, z = theta["means"], theta["log_masses"]
        squares = 0.5 * (means.square().sum(1) + x.square().sum(1)[:, None])  # (n, J)
        return -torch.logsumexp(x @ means.T - squares - z, 1)

    def parameter_gradient(self, x: Tensor, at: Evaluation, weights: Tensor) -> Parameters:
        """Σᵢ wᵢ ∂U/∂aⱼ(xᵢ) (J, d) and Σᵢ wᵢ ∂U/∂zⱼ(xᵢ) (J,); weights (n,)."""
        # Contiguous, so that the sums do not depend on how a gathered or stored cache is laid out.
        weighted = at.modes.T.contiguous() * weights.to(x.dtype)  # (J, n)
        mass = weighted.sum(1)  # (J,)
        means = torch.addmm(mass[:, None] * self.means, weighted, x, alpha=-1)
        return {"means": means, "log_masses": mass}

    def confinement(self, x: Tensor) -> Tensor:
        """0 (n,): every part of a mixture's energy depends on θ."""
        return torch.zeros_like(x[:, 0])

    def sample(self, count: int, rng: Generator) -> Tensor:
        """`count` exact draws (count, d) in random order, modes drawn systematically.

        Each mode gets the floor or the ceiling of its expected count, so means over the draws are
        unbiased and the masses carry no multinomial noise.
        """
        masses = torch.softmax(-self.z.double(), 0)
        u = torch.rand(1, generator=rng, device=masses.device, dtype=masses.dtype)
        order = torch.randperm(count, generator=rng, device=masses.device)
        modes = torch.searchsorted(masses.cumsum(0), (order + u) / max(count, 1), right=True)
        centres = self.means[modes.clamp_max(len(self.means) - 1)]
        return centres + gaussian(centres, rng)

    def log_z(self) -> float:
        """log Z = (d/2) log 2π + logsumexp(−z), in nats."""
        d = self.means.shape[1]
        return 0.5 * d * math.log(2 * math.pi) + float(torch.logsumexp(-self.z.double(), 0))

    @property
    def exact(self) -> bool:
        """True: a mixture can be sampled and normalised at every θ."""
        return True

    def constrain(self) -> None:
        """Every θ is allowed."""

    def frozen(self) -> MixtureEnergy:
        """A copy that later updates of θ leave alone."""
        return MixtureEnergy(self.means.clone(), self.z.clone())

    def origin(self) -> MixtureEnergy:
        """Itself: a path to a mixture may start at any mixture."""
        return self.frozen()

    def toward(self, goal: MixtureEnergy, share: float) -> MixtureEnergy:
        """The mixture on the straight line in θ from here (share 0) to `goal` (share 1)."""
        return MixtureEnergy(
            torch.lerp(self.means, goal.means, share), torch.lerp(self.z, goal.z, share)
        )
