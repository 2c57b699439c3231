"""Speed of one update of a network energy, ours against torchebm 0.8.9; `make bench` prints ratios.

All do the same work in one process on one thread: PCD with N persistent walkers, one Langevin step
per update, N training points per update, Adam, a network of two hidden layers of 128 SiLU units on
the plane, float32. "weighted" does the weighted step on top. Repetitions are interleaved and
medians of CPU time are compared. No time is asserted anywhere.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable

import torch
from torch import Tensor, nn
from torchebm.core import BaseModel
from torchebm.losses import ContrastiveDivergence
from torchebm.samplers import LangevinDynamics

from ebm_engine.build.parts import build
from ebm_engine.run.run import prepare_process
from ebm_engine.spec.edit import parse_spec
from tests.benchmarks.engine import medians

COUNTS = (1000, 4096)
WIDTH = 128
STEP_SIZE = 0.05
RATE = 1e-3


def ours(count: int, method: str) -> Callable[[], None]:
    """One update of the real trainer."""
    spec = parse_spec(
        {
            "target": {"kind": "ring", "samples": count},
            "energy": {"kind": "mlp", "width": WIDTH},
            "method": {"kind": method},
            "sampler": {"step_size": STEP_SIZE},
            "walkers": {"count": count},
            "optimizer": {"kind": "adam", "lr": RATE},
        }
    )
    parts = build(spec)
    state = parts.trainer.start(parts.rngs)

    def update() -> None:
        nonlocal state
        with torch.inference_mode():
            state, _ = parts.trainer.step(state)

    return update


class Network(BaseModel):
    """The same energy as a torchebm model: |x|²/2σ₀² + f(x)."""

    def __init__(self, base_std: float) -> None:
        super().__init__()
        self.base_std = base_std
        self.layers = nn.Sequential(
            nn.Linear(2, WIDTH), nn.SiLU(), nn.Linear(WIDTH, WIDTH), nn.SiLU(), nn.Linear(WIDTH, 1)
        )

    def forward(self, x: Tensor) -> Tensor:
        """U (n,) at x (n, 2)."""
        return 0.5 * x.square().sum(-1) / self.base_std**2 + self.layers(x).squeeze(-1)


def torchebm_pcd(count: int) -> Callable[[], None]:
    """One update of torchebm's persistent contrastive divergence, as its documentation does it."""
    data = build(
        parse_spec({"target": {"kind": "ring", "samples": count}, "energy": {"kind": "mlp"}})
    ).trainer.data
    model = Network(float(data.std()))
    loss = ContrastiveDivergence(
        model,
        LangevinDynamics(model, step_size=STEP_SIZE, noise_scale=1.0),
        k_steps=1,
        persistent=True,
        buffer_size=count,
        init_steps=0,
        new_sample_ratio=0.0,
        energy_reg_weight=0.0,
    )
    optimizer = torch.optim.Adam(model.parameters(), lr=RATE)

    def update() -> None:
        optimizer.zero_grad()
        value, _ = loss(data)
        value.backward()
        optimizer.step()

    return update


def main() -> None:
    """Print one line per number of walkers with times and ratios."""
    argparse.ArgumentParser(description=__doc__).parse_args()
    prepare_process()
    names = ("plain", "weighted", "torchebm")
    print("CPU ms per update of a 2 × 128 network, one thread, medians; and × our PCD")
    print("     N" + "".join(f"{name:>10}" for name in names))
    for count in COUNTS:
        ms = medians(
            {
                "plain": ours(count, "pcd"),
                "weighted": ours(count, "weighted-ula"),
                "torchebm": torchebm_pcd(count),
            }
        )
        print(f"{count:6}" + "".join(f"{ms[name]:10.3f}" for name in names))
        print(" " * 6 + "".join(f"{ms[name] / ms['plain']:9.2f}x" for name in names))


if __name__ == "__main__":
    main()
