"""The studies there are: the one place that lists them."""

from __future__ import annotations

from ebm_engine.reproduce import gmm50, mass1d, mnist, stability, toy
from ebm_engine.reproduce.study import Study

STUDIES: dict[str, Study] = {
    "gmm50": gmm50.STUDY,
    "mass1d": mass1d.STUDY,
    "toy": toy.STUDY,
    "stability": stability.STUDY,
    "mnist": mnist.STUDY,
}
