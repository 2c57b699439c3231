"""The kinds of each block: which targets, energies, methods and optimizers there are."""

from __future__ import annotations

from ebm_engine.spec import image_targets, networks, targets
from ebm_engine.spec.fields import Block
from ebm_engine.spec.methods import METHODS
from ebm_engine.spec.mixtures import MixtureEnergy, MixtureTarget
from ebm_engine.spec.optimizer import SGD, Adam

TARGETS: dict[str, type[Block]] = {
    "mixture": MixtureTarget,
    "ring": targets.Ring,
    "grid": targets.Grid,
    "moons": targets.Moons,
    "checkerboard": targets.Checkerboard,
    "spirals": targets.Spirals,
    "pinwheel": targets.Pinwheel,
    "swiss-roll": targets.SwissRoll,
    "points": targets.Points,
}
IMAGE_TARGETS: dict[str, type[Block]] = {
    "mnist": image_targets.Mnist,
    "digits": image_targets.Digits,
    "images": image_targets.Images,
}
ENERGIES: dict[str, type[Block]] = {
    "mixture": MixtureEnergy,
    "mlp": networks.MLP,
    "multiscale": networks.MultiScale,
}
IMAGE_ENERGIES: dict[str, type[Block]] = {
    "mlp": networks.MLP,
    "multiscale": networks.MultiScale,
    "cnn": networks.CNN,
}
OPTIMIZERS: dict[str, type[Block]] = {"sgd": SGD, "adam": Adam}
# TARGETS and ENERGIES are for points in space; images have their own, and share the networks.
KINDS = {
    "target": TARGETS | IMAGE_TARGETS,
    "energy": ENERGIES | IMAGE_ENERGIES,
    "method": METHODS,
    "optimizer": OPTIMIZERS,
}
DEFAULT_KINDS = {
    "target": "mixture",
    "energy": "mixture",
    "method": "weighted-ula",
    "optimizer": "sgd",
}
