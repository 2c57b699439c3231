"""Energy and probability on a line: what a shift and a temperature do to each.

Two unit modes at ∓4 with masses ¼ and ¾,  U₀(x) = −log(¼N(x; −4, 1) + ¾N(x; 4, 1)),  so log Z is 0.
The energy shown is U = U₀ + c, and at temperature T

    p(x) = exp(−U(x)/T) / Z,    Z = ∫ exp(−U(x)/T) dx.

c cancels in p and moves log Z by −c/T. Where the modes do not overlap, masses ¼ and ¾ become
proportional to ¼^(1/T) and ¾^(1/T), since each mode widens by the same √T. x (m,), energies in kT
at T = 1, log Z in nats. (Textbook statistical mechanics; for learning: LeCun et al. 2006.)
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ebm_engine.spec.fields import Block, knob

MEANS = np.array([-4.0, 4.0])
MASSES = np.array([0.25, 0.75])
REACH = 40.0  # the widest mode has a width of √10: nothing is left out
SHOWN = 10.0  # what a figure shows, from −SHOWN to SHOWN
POINTS = 8001


class EnergyCutSpec(Block):
    """The two sliders of the figure: a constant added to the energy, and the temperature."""

    shift: float = knob(
        0.0,
        "Constant c added to the energy everywhere.",
        label="Shift c",
        unit="kT",
        usual=(-5, 5),
        outside="Any value gives the same density: only differences of energy matter.",
        ge=-50,
        le=50,
    )
    temperature: float = knob(
        1.0,
        "Temperature T in p ∝ exp(−U/T).",
        label="Temperature T",
        usual=(0.5, 10),
        log=True,
        outside="High temperatures make the two masses equal, low ones leave one mode.",
        ge=0.1,
        le=10,
    )


class EnergyCut(NamedTuple):
    """x, energy U and density p, all (m,); log_z: log Z; left_mass: probability of x < 0."""

    x: np.ndarray
    energy: np.ndarray
    density: np.ndarray
    log_z: float
    left_mass: float


def energy_cut(shift: float, temperature: float) -> EnergyCut:
    """U = U₀ + c and p ∝ exp(−U/T) on the part of the line that a figure shows.

    Raises ValueError (pydantic) for a shift or temperature outside the limits of EnergyCutSpec.
    """
    EnergyCutSpec(shift=shift, temperature=temperature)
    x = np.linspace(-REACH, REACH, POINTS)
    energy = _energy(x) + shift
    # The lowest energy is taken out before the exponential, so that no shift can overflow.
    exponent = -(energy - energy.min()) / temperature
    scale = np.trapezoid(np.exp(exponent), x)
    density = np.exp(exponent) / scale
    half = POINTS // 2 + 1  # x = 0 ends the left half
    shown = np.abs(x) <= SHOWN
    return EnergyCut(
        x=x[shown],
        energy=energy[shown],
        density=density[shown],
        log_z=float(np.log(scale) - energy.min() / temperature),
        left_mass=float(np.trapezoid(density[:half], x[:half])),
    )


def _energy(x: np.ndarray) -> np.ndarray:
    """U₀ (m,), by log-sum-exp: far out the density itself is 0 in double precision."""
    logs = np.log(MASSES) - 0.5 * (x[:, None] - MEANS) ** 2 - 0.5 * np.log(2 * np.pi)
    return -np.logaddexp(logs[:, 0], logs[:, 1])
