"""The term that contrastive divergence leaves out, in closed form for one Gaussian.

Energy E = θx²/2, so the model is N(0, 1/θ); data N(0, s²); one Langevin step of size η from the
data gives q = N(0, v) with v = (1 − ηθ)²s² + 2η. The CD objective and its exact derivative are
C(θ) = KL(data ‖ model) − KL(q ‖ model),
dC/dθ = (E_data[∂E/∂θ] − E_q[∂E/∂θ]) − (∂q/∂θ)·(∂KL(q ‖ model)/∂q),
with KL(N(0, a) ‖ model) = ½(aθ − 1 − log aθ). Plain contrastive divergence (Hinton 2002) keeps the
first part only. Improved CD (Du et al. 2021, arXiv 2012.01316) adds KL(q ‖ model) with the model
held fixed to its loss, hence PLUS the third term: it regularises the sampler towards the model and
is not the part that dC/dθ misses, which carries a minus.
"""

from __future__ import annotations

import math
from typing import NamedTuple

RELATIVE_SHIFT = 1e-5  # of θ: balances truncation and rounding of a central difference


class MissingTerm(NamedTuple):
    """The CD objective in nats and its derivatives in nats per unit of θ.

    objective: C; cd_part: ½(s² − v); third_term: (∂v/∂θ)·½(θ − 1/v); exact: cd_part − third_term;
    numeric: the central difference of C; regularised: cd_part + third_term, the direction of
    improved CD with KL coefficient 1 and the exact entropy of q.
    """

    objective: float
    cd_part: float
    third_term: float
    exact: float
    numeric: float
    regularised: float


def missing_term(data_variance: float, step_size: float, theta: float) -> MissingTerm:
    """All terms of dC/dθ for variance s², step size η and precision θ.

    Raises ValueError for an argument that is not a finite number above 0.
    """
    s2, eta = data_variance, step_size
    shift = RELATIVE_SHIFT * theta
    v = step_variance(s2, eta, theta)
    cd_part = 0.5 * (s2 - v)
    third_term = -2 * eta * (1 - eta * theta) * s2 * 0.5 * (theta - 1 / v)
    difference = cd_objective(s2, eta, theta + shift) - cd_objective(s2, eta, theta - shift)
    return MissingTerm(
        objective=cd_objective(s2, eta, theta),
        cd_part=cd_part,
        third_term=third_term,
        exact=cd_part - third_term,
        numeric=difference / (2 * shift),
        regularised=cd_part + third_term,
    )


def cd_objective(data_variance: float, step_size: float, theta: float) -> float:
    """C(θ) = ½(θ(s² − v) − log(s²/v)) in nats.

    Raises ValueError for an argument that is not a finite number above 0.
    """
    v = step_variance(data_variance, step_size, theta)
    return 0.5 * (theta * (data_variance - v) - math.log(data_variance / v))


def step_variance(data_variance: float, step_size: float, theta: float) -> float:
    """v = (1 − ηθ)²s² + 2η, the variance of x − ηθx + √(2η)ξ for x ~ N(0, s²).

    Raises ValueError for an argument that is not a finite number above 0.
    """
    given = {"data variance": data_variance, "step size": step_size, "theta": theta}
    for name, value in given.items():
        if not 0 < value < math.inf:
            raise ValueError(f"{name} is {value}; it must be a finite number above 0")
    return (1 - step_size * theta) ** 2 * data_variance + 2 * step_size
