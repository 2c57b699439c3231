"""Improved contrastive divergence (Du et al. 2021, arXiv 2012.01316).

L = E_data[U_θ] − E_q[U_θ] + c_kl E[U_sg(x_K(θ))] − c_ent mean log ρ(x_K(θ)), sg = held fixed.
q is the law of x_K, the end of K Langevin steps; the first two terms hold q fixed and the last two
let θ act on the samples through the LAST step alone: with x = x_{K−1} and
x_K = x − h∇ₓU_θ(x) + √(2hT) ξ, their gradient is ∂/∂θ Σᵢ cᵢ·(−h ∇ₓU_θ(xᵢ)) at fixed
cᵢ = c_kl/n ∇U(x_K,ᵢ) − c_ent/n ∂(Σ log ρ)/∂x_K,ᵢ.

Together the two approximate KL(q_θ‖p_sg) and pull the sampler towards the model. They are a
regulariser: the exact derivative of contrastive divergence has this term with a minus sign.
Chains start from a replay buffer, augmented when read. x (n, d), U in nats, h step size.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import torch
from torch import Generator, Tensor

from ebm_engine.core.kernels.ula import ULA
from ebm_engine.core.methods.cd import run_chains
from ebm_engine.core.methods.parts.augment import AUGMENTATIONS
from ebm_engine.core.methods.parts.buffer import PUSHES, draw, empty, push
from ebm_engine.core.methods.parts.contrast import contrast
from ebm_engine.core.methods.parts.derivatives import copied, parameter_derivative, slope
from ebm_engine.core.methods.parts.entropy import log_nearest, log_spacing
from ebm_engine.core.smc.population import plain_start
from ebm_engine.core.types import Batch, Buffer, Energy, Parameters, Populations, Walkers

ENTROPIES = ("nearest", "kozachenko-leonenko")
REFERENCES = 100  # past samples to which distances are measured, as in the authors' code


class ICDSettings(NamedTuple):
    """What improved CD adds to contrastive divergence.

    kl_weight, entropy_weight: c_kl and c_ent, 0 switches a term off; kl_samples: chains that both
    are taken on; entropy: "nearest" (ρ to past samples) or "kozachenko-leonenko" (ρ within the
    batch, times d: the gradient of an entropy in nats); scheme, capacity: of the replay buffer;
    restart: probability that a chain starts from the base instead; augment, augment_scale: what
    happens to a state when it is read, with its angle in degrees or its standard deviation.
    """

    kl_weight: float = 1.0
    entropy_weight: float = 0.3
    entropy: str = "nearest"
    scheme: str = "fifo"
    capacity: int = 10_000
    restart: float = 0.05
    augment: str = "none"
    augment_scale: float = 0.0
    kl_samples: int = 128


class ImprovedCD(NamedTuple):
    """`count` chains of `steps` ULA steps from the buffer or, if restarted, from `base`.

    Only ULA: another kernel's last step is not x − h∇U + noise, which the gradient goes through.
    """

    kernel: ULA
    count: int
    base: Energy
    steps: int
    settings: ICDSettings

    def start(self, energy: Energy, data: Tensor, rngs: dict[str, Generator]) -> Populations:
        """Walkers on draws from the base, nothing in the buffer.

        Raises ValueError when the buffer has fewer slots than there are chains, when no step is
        made or when a choice has no such name.
        """
        _require("entropy", self.settings.entropy, ENTROPIES)
        _require("buffer scheme", self.settings.scheme, PUSHES)
        _require("augmentation", self.settings.augment, AUGMENTATIONS)
        if self.settings.capacity < self.count:
            raise ValueError(
                f"the replay buffer has {self.settings.capacity} slots, "
                f"it needs one for each of {self.count} chains"
            )
        if self.steps < 1:
            raise ValueError(f"improved CD makes {self.steps} steps, it needs at least 1")
        x = self.base.sample(self.count, rngs["walkers"])
        return Populations(plain_start(energy, x), buffer=empty(self.settings.capacity, x))

    def before_gradient(
        self, walkers: Populations, energy: Energy, data: Tensor, rngs: dict[str, Generator]
    ) -> Populations:
        """New chains after K steps at the present θ; until after the update, `parents` names the
        buffer slot that each came from.
        """
        x, slots = self._starts(walkers.past, rngs)
        kept = min(self.count, self.settings.kl_samples) if self._regularised else 0
        chains = run_chains(x, energy, self.kernel, self.steps, rngs["noise"], kept)
        return Populations(chains._replace(parents=slots), buffer=walkers.buffer)

    def gradient(
        self, walkers: Populations, energy: Energy, batch: Batch, rngs: dict[str, Generator]
    ) -> Parameters:
        """Data against the end points, plus what the last step contributes."""
        plain = contrast(walkers.train, energy, batch)
        if not self._regularised:
            return plain
        before = walkers.train.before_last
        assert before is not None, "before_gradient keeps it for a method with these terms"
        pull = self._pull(walkers.train, len(before), walkers.past, rngs["resampling"])
        h = self.kernel.step_size * walkers.train.step_scale
        extra = through_last_step(energy, before, pull, h)
        return {name: plain[name] + extra[name] for name in plain}

    def after_update(
        self,
        walkers: Populations,
        previous: Energy,
        energy: Energy,
        data: Tensor,
        step: int,
        rngs: dict[str, Generator],
    ) -> Populations:
        """The same end points, seen with the new parameters; the buffer takes them in."""
        chains, slots = walkers.train, walkers.train.parents
        assert slots is not None, "before_gradient names the slots"
        buffer = push(walkers.past, chains.x, self.settings.scheme, slots, rngs["resampling"])
        at, restarted = energy.evaluate(chains.x), torch.full_like(slots, -1)
        chains = chains._replace(at=at, parents=restarted, before_last=None)
        return Populations(chains, buffer=buffer)

    @property
    def _regularised(self) -> bool:
        return self.settings.kl_weight > 0 or self.settings.entropy_weight > 0

    def _starts(self, buffer: Buffer, rngs: dict[str, Generator]) -> tuple[Tensor, Tensor]:
        """Where the chains begin (n, d) and the buffer slot each came from (n,), −1 for none."""
        rng, device = rngs["resampling"], buffer.x.device
        if buffer.filled < self.count:
            x = self.base.sample(self.count, rngs["restart"])
            return x, torch.full((self.count,), -1, device=device)
        x, slots = self._read(buffer, self.count, rng)
        fresh = torch.rand(self.count, generator=rng, device=device) < self.settings.restart
        x[fresh] = self.base.sample(int(fresh.sum()), rngs["restart"])
        return x, slots.masked_fill(fresh, -1)

    def _read(self, buffer: Buffer, count: int, rng: Generator) -> tuple[Tensor, Tensor]:
        x, slots = draw(buffer, count, rng)
        augment = AUGMENTATIONS[self.settings.augment]
        return augment(x, self.settings.augment_scale, rng), slots

    def _pull(self, train: Walkers, n: int, buffer: Buffer, rng: Generator) -> Tensor:
        """cᵢ = ∂L/∂x_K,ᵢ (n, d) of the two terms that θ reaches through the last step."""
        pull = self.settings.kl_weight / n * train.at.gradient[:n]
        if not self.settings.entropy_weight:
            return pull
        return pull - self.settings.entropy_weight / n * self._spread(train.x[:n], buffer, rng)

    def _spread(self, x: Tensor, buffer: Buffer, rng: Generator) -> Tensor:
        """The direction (m, d) in which the summed log distance to neighbours grows."""
        if self.settings.entropy == "kozachenko-leonenko":
            return x.shape[1] * log_spacing(x)[1]
        if not buffer.filled:
            return torch.zeros_like(x)
        # The buffer holds earlier updates only; its states are augmented as chain starts are.
        past, _ = self._read(buffer, min(REFERENCES, buffer.filled), rng)
        return log_nearest(x, past)[1]


def _require(choice: str, name: str, known: Iterable[str]) -> None:
    if name not in known:
        raise ValueError(f"the {choice} {name!r} is unknown, it can be {', '.join(known)}")


def through_last_step(energy: Energy, before: Tensor, pull: Tensor, h: float) -> Parameters:
    """∂/∂θ Σᵢ cᵢ·(−h ∇ₓU_θ(xᵢ)) at x = `before` (m, d) with c = `pull` (m, d) held fixed."""

    def moved(theta: Parameters) -> Tensor:
        _, gradient = slope(energy, before, theta)
        return -h * (copied(pull) * gradient).sum()

    return parameter_derivative(energy, moved)
