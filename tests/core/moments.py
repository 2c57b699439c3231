"""Closed-form moments E[e^{mA}] along a path of 1-D Gaussians, apart from the engine.

Every weight rule of this family is a quadratic form ΔA = αx² + βxy + γy² + δ of the old and the new
point, and y = (1 − h/s)x + √(2hT)ξ. Going backwards from f_K = 1, each
fₖ(x) = E[exp(m Σ_{j≥k} ΔAⱼ) | Xₖ = x] is exp(c + ½qx²): two numbers per step, no random draw.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

import torch

from ebm_engine.core.kernels.ula import ULA
from tests.core.quadratic import gaussian_energy


class Form(NamedTuple):
    """ΔA = xx·x² + xy·xy + yy·y² + constant."""

    xx: float
    xy: float
    yy: float
    constant: float = 0.0


Rule = Callable[[ULA, float, float], Form]


def engine_rule(kernel: ULA, old: float, new: float) -> Form:
    """The engine's own increment, read off at three pairs of points."""
    x = torch.tensor([[0.0], [1.0], [0.0], [1.0]], dtype=torch.float64)
    y = torch.tensor([[0.0], [0.0], [1.0], [1.0]], dtype=torch.float64)
    before, after = gaussian_energy(old), gaussian_energy(new)
    c, xx, yy, both = kernel.log_ratio(x, before.evaluate(x), y, after.evaluate(y)).tolist()
    return Form(xx - c, both - xx - yy + c, yy - c, c)


def aliased_rule(kernel: ULA, old: float, new: float) -> Form:
    """WRONG: the old point was overwritten by the move, so both energies are read at y."""
    y = torch.tensor([[1.0]], dtype=torch.float64)
    before, after = gaussian_energy(old).evaluate(y), gaussian_energy(new).evaluate(y)
    return Form(0.0, 0.0, float(kernel.log_ratio(y, before, y, after)))


def energy_rule_at_x(kernel: ULA, old: float, new: float) -> Form:
    """WRONG at finite h: Uₖ(x) − Uₖ₊₁(x), without the discretisation terms."""
    return Form(0.5 / old - 0.5 / new, 0.0, 0.0)


def energy_rule_at_y(kernel: ULA, old: float, new: float) -> Form:
    """WRONG at finite h: Uₖ(y) − Uₖ₊₁(y), the same at the new point."""
    return Form(0.0, 0.0, 0.5 / old - 0.5 / new)


def swapped_rule(kernel: ULA, old: float, new: float) -> Form:
    """WRONG: the indices k and k + 1 of the parameters exchanged."""
    return engine_rule(kernel, new, old)


def frozen_rule(kernel: ULA, old: float, new: float) -> Form:
    """WRONG: the new parameters are never used."""
    return engine_rule(kernel, old, old)


def moment(path: list[float], kernel: ULA, power: float, rule: Rule = engine_rule) -> float:
    """E[e^{mA_K}] for X₀ ~ N(0, s₀) and variances `path`; infinite where it does not exist."""
    c = q = 0.0
    noise = 2 * kernel.step_size * kernel.temperature
    for old, new in zip(path[-2::-1], path[:0:-1], strict=True):
        form = rule(kernel, old, new)
        drift = 1 - kernel.step_size / old
        in_y, mixed = q + 2 * power * form.yy, power * form.xy
        left = 1 - in_y * noise
        if left <= 0:
            return math.inf
        spread = in_y * drift**2 + 2 * mixed * drift + mixed**2 * noise
        q = 2 * power * form.xx + spread / left
        c += power * form.constant - 0.5 * math.log(left)
    left = 1 - q * path[0]
    return math.inf if left <= 0 else math.exp(c) / math.sqrt(left)
