"""The kinds of each block: which targets, energies, methods and optimizers there are."""

from __future__ import annotations

from collections.abc import Mapping

from ebm_engine.spec.blocks import EnergyBlock, KindBlock, TargetBlock
from ebm_engine.spec.methods import METHODS
from ebm_engine.spec.mixtures import MixtureEnergy
from ebm_engine.spec.networks import CNN, MLP, MultiScale
from ebm_engine.spec.optimizer import SGD, Adam, OptimizerBlock
from ebm_engine.spec.targets import IMAGE_TARGETS, TARGETS

ENERGIES: dict[str, type[EnergyBlock]] = {
    "mixture": MixtureEnergy,
    "mlp": MLP,
    "multiscale": MultiScale,
}
IMAGE_ENERGIES: dict[str, type[EnergyBlock]] = {
    "mlp": MLP,
    "multiscale": MultiScale,
    "cnn": CNN,
}
OPTIMIZERS: dict[str, type[OptimizerBlock]] = {"sgd": SGD, "adam": Adam}
# TARGETS and ENERGIES are for points in space; images have their own, and share the networks.
ALL_TARGETS: dict[str, type[TargetBlock]] = {**TARGETS, **IMAGE_TARGETS}
KINDS: dict[str, Mapping[str, type[KindBlock]]] = {
    "target": ALL_TARGETS,
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
