"""The targets there are: the one place that lists them."""

from __future__ import annotations

from ebm_engine.spec.blocks import PointTarget
from ebm_engine.spec.targets.images import Digits, Images, ImageTarget, Mnist
from ebm_engine.spec.targets.modes import Grid, MixtureTarget, Ring
from ebm_engine.spec.targets.own_points import Points
from ebm_engine.spec.targets.shapes import Checkerboard, Moons, Pinwheel, Spirals, SwissRoll

TARGETS: dict[str, type[PointTarget]] = {
    "mixture": MixtureTarget,
    "ring": Ring,
    "grid": Grid,
    "moons": Moons,
    "checkerboard": Checkerboard,
    "spirals": Spirals,
    "pinwheel": Pinwheel,
    "swiss-roll": SwissRoll,
    "points": Points,
}
IMAGE_TARGETS: dict[str, type[ImageTarget]] = {
    "mnist": Mnist,
    "digits": Digits,
    "images": Images,
}
