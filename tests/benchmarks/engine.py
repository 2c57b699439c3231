"""Speed of a weighted update against the two obvious ways to write it; `make bench` prints ratios.

All variants do the same work in one process on one thread: one gradient step on two modes, one
weighted ULA step of all walkers, the effective sample size and the mean energy of the data, with
as many training points as walkers (as in the paper), float32 walkers, float64 log-weights.
Repetitions are interleaved and medians are compared, so a busy machine slows all of them alike. No
time is asserted anywhere.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable

import torch
from torch import Tensor

from ebm_engine.build.parts import build
from ebm_engine.run.run import prepare_process
from ebm_engine.spec.edit import parse_spec
from ebm_engine.spec.run_spec import RunSpec

CASES = ((1000, 2), (4096, 50))
STEP_SIZE = 0.1
RATE_MEANS, RATE_Z = 0.005, 0.025
REPETITIONS = 15
BLOCK_SECONDS = 0.15


def spec(count: int, dim: int, method: str) -> RunSpec:
    """Two modes at ∓5 on the first axis, N = count walkers in dimension dim."""

    def on_axis(position: float) -> list[float]:
        return [position] + [0.0] * (dim - 1)

    return parse_spec(
        {
            "target": {"means": [on_axis(-5.0), on_axis(5.0)], "samples": count},
            "energy": {"means": [on_axis(-0.1), on_axis(0.1)]},
            "method": {"kind": method},
            "walkers": {"count": count},
        }
    )


def engine(count: int, dim: int, method: str) -> Callable[[], None]:
    """One update of the real trainer."""
    parts = build(spec(count, dim, method))
    state = parts.trainer.start(parts.rngs)

    def update() -> None:
        nonlocal state
        with torch.inference_mode():
            state, _ = parts.trainer.step(state)

    return update


def energy_of(x: Tensor, means: Tensor, z: Tensor) -> Tensor:
    """U by its definition, differences first."""
    squared = ((x[:, None, :] - means) ** 2).sum(-1)
    return -torch.logsumexp(-0.5 * squared - z, 1)


class Restated:
    """The algebra of the paper's public script, written anew and run in our precision.

    Density, energy and each derivative are functions of their own that start from the points, so
    the mode terms are computed again in every one; ∂U/∂a is kept per point before it is averaged;
    α asks for one energy and two gradients, twice a step; the spread of the weights and both the
    estimated and the exact cross-entropy are taken at every step. The script runs in float64.
    """

    def __init__(self, count: int, dim: int, dtype: torch.dtype = torch.float32) -> None:
        trainer = build(spec(count, dim, "weighted-ula")).trainer
        self.data = trainer.data.to(dtype)
        self.means, self.z = trainer.energy.means.to(dtype), trainer.energy.z.to(dtype)
        self.x = self.means[torch.arange(count) % 2] + torch.randn(count, dim, dtype=dtype)
        self.log_w = torch.zeros(count, dtype=torch.float64)

    def terms(self, x: Tensor) -> Tensor:
        """exp(−½|x − aⱼ|² − zⱼ), (n, J)."""
        distance = torch.linalg.vector_norm(x[:, None, :] - self.means, dim=-1)
        return torch.exp(-0.5 * distance**2 - self.z)

    def density(self, x: Tensor) -> Tensor:
        return self.terms(x).sum(1)

    def energy(self, x: Tensor) -> Tensor:
        return -torch.log(self.density(x))

    def by_x(self, x: Tensor) -> Tensor:
        return x - (self.terms(x) @ self.means) / self.density(x)[:, None]

    def by_means(self, x: Tensor) -> Tensor:
        """∂U/∂aⱼ at each point, (J, d, n)."""
        towards = self.means - x[:, None, :]
        return torch.einsum("nj,njd->jdn", self.terms(x), towards) / self.density(x)

    def by_z(self, x: Tensor) -> Tensor:
        return self.terms(x).T / self.density(x)

    def alpha(self, x: Tensor, y: Tensor) -> Tensor:
        linear = ((y - x) * self.by_x(x)).sum(1)
        square = (self.by_x(x) ** 2).sum(1)
        return self.energy(x) + 0.5 * linear + 0.25 * STEP_SIZE * square

    def __call__(self) -> None:
        raw = torch.exp(self.log_w)
        self.spread = torch.exp(2 * self.log_w).mean() / raw.mean() ** 2 - 1
        weights = (raw / raw.sum()).to(self.x.dtype)
        means = (self.by_means(self.x) * weights).sum(-1) - self.by_means(self.data).mean(-1)
        z = (self.by_z(self.x) * weights).sum(-1) - self.by_z(self.data).mean(-1)
        noise = (2 * STEP_SIZE) ** 0.5 * torch.randn_like(self.x)
        moved = self.x - STEP_SIZE * self.by_x(self.x) + noise
        self.log_w = self.log_w + self.alpha(self.x, moved)
        self.means = self.means + RATE_MEANS * means
        self.z = self.z + RATE_Z * z
        self.log_w = self.log_w - self.alpha(moved, self.x)
        self.x = moved
        log_z = torch.log(torch.mean(torch.exp(self.log_w)))
        self.estimated = log_z + self.energy(self.data).mean()
        self.exact = torch.log(torch.exp(-self.z).sum()) + self.energy(self.data).mean()


class Autograd:
    """The general way with the same caching: one graph at the walkers serves ∇ₓ and ∂θ."""

    def __init__(self, count: int, dim: int) -> None:
        other = Restated(count, dim)
        self.data, self.log_w = other.data, other.log_w
        self.means, self.z = other.means.clone(), other.z.clone()
        self.means.requires_grad_()
        self.z.requires_grad_()
        self.at = self.evaluate(other.x)

    def evaluate(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        x = x.detach().requires_grad_()
        energy = energy_of(x, self.means, self.z)
        (gradient,) = torch.autograd.grad(energy.sum(), x, retain_graph=True)
        return x, energy, gradient

    def __call__(self) -> None:
        x, energy, gradient = self.at
        weights = torch.softmax(self.log_w, 0).float()
        loss = energy_of(self.data, self.means, self.z).mean() - torch.dot(weights, energy)
        by_means, by_z = torch.autograd.grad(loss, (self.means, self.z))
        with torch.no_grad():
            noise = (2 * STEP_SIZE) ** 0.5 * torch.randn_like(x)
            moved = x - STEP_SIZE * gradient + noise
            self.means = (self.means - RATE_MEANS * by_means).requires_grad_()
            self.z = (self.z - RATE_Z * by_z).requires_grad_()
        self.at = self.evaluate(moved)
        with torch.no_grad():
            _, energy_new, gradient_new = self.at
            linear = 0.5 * ((moved - x) * (gradient + gradient_new)).sum(1)
            square = 0.25 * STEP_SIZE * ((gradient**2).sum(1) - (gradient_new**2).sum(1))
            self.log_w = self.log_w + (energy - energy_new + linear + square)


def medians(variants: dict[str, Callable[[], None]]) -> dict[str, float]:
    """CPU milliseconds per update of each variant, median of interleaved blocks."""
    blocks = {}
    for name, update in variants.items():
        update()
        begin = time.process_time()
        for _ in range(20):
            update()
        blocks[name] = max(5, int(BLOCK_SECONDS / ((time.process_time() - begin) / 20)))
    times: dict[str, list[float]] = {name: [] for name in variants}
    for _ in range(REPETITIONS):
        for name, update in variants.items():
            begin = time.process_time()
            for _ in range(blocks[name]):
                update()
            times[name].append((time.process_time() - begin) / blocks[name] * 1e3)
    return {name: statistics.median(values) for name, values in times.items()}


def main() -> None:
    """Print one line per case with times and ratios."""
    argparse.ArgumentParser(description=__doc__).parse_args()
    prepare_process()
    names = ("weighted", "plain", "autograd", "script", "script64")
    print("CPU ms per update, one thread, medians; and how many weighted updates of ours that is")
    print("     N    d" + "".join(f"{name:>10}" for name in names))
    for count, dim in CASES:
        ms = medians(
            {
                "weighted": engine(count, dim, "weighted-ula"),
                "plain": engine(count, dim, "pcd"),
                "autograd": Autograd(count, dim),
                "script": Restated(count, dim),
                "script64": Restated(count, dim, torch.float64),
            }
        )
        print(f"{count:6} {dim:4}" + "".join(f"{ms[name]:10.3f}" for name in names))
        print(" " * 11 + "".join(f"{ms[name] / ms['weighted']:9.2f}x" for name in names))


if __name__ == "__main__":
    main()
