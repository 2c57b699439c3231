"""The referee where neither log Z nor the density of the data is known: images.

It measures what needs neither: the mean energy of the training points. Then log Z, estimated by
walkers or by annealing, makes it a cross-entropy, log Z + E_data[U], in nats and in the coordinates
of the points. x (n, d), U (n,).
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

from ebm_engine.core.referees.referee import Verdict
from ebm_engine.core.types import Energy, Parameters


class HeldOutReferee:
    """Judges an energy by training points x (n, d).

    masses: (J,) the share of each class in the training points. data_log_density is 0: what would
    be a Kullback-Leibler divergence is a cross-entropy.
    """

    data_log_density = 0.0

    def __init__(self, data: Tensor, masses: Tensor) -> None:
        self.data = data
        self.masses = masses

    def judge(self, energy: Energy) -> Verdict:
        """Mean U of the training points; every other number is NaN."""
        nan = math.nan
        mean = mean_energy(energy, self.data)
        masses = torch.full_like(self.masses, nan)
        return Verdict(nan, nan, nan, nan, masses, nan, mean, nan, nan)

    def gradient(self, energy: Energy) -> Parameters:
        """Raises ValueError: the gradient of log Z is not known."""
        raise ValueError("the exact gradient needs log Z, which is not known on images")

    def true_masses(self, energy: Energy) -> Tensor:
        """The share (J,) of each class in the training points."""
        return self.masses


def mean_energy(energy: Energy, x: Tensor) -> float:
    """Mean U over x (n, d), in nats."""
    return float(energy.evaluate(x, gradient=False).energy.double().mean())
