"""Offers: what a page with a run of its own lets a person choose from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from ebm_engine.files.mnist_here import why_no_mnist
from ebm_engine.spec.blocks import KindBlock
from ebm_engine.spec.kinds import ENERGIES, IMAGE_ENERGIES, IMAGE_TARGETS, OPTIMIZERS, TARGETS
from ebm_engine.spec.methods import METHODS
from ebm_engine.spec.presets import Preset, image_presets, presets

EXPLORER = "explorer"
IMAGES = "images"
OWN = "images"  # a file of the visitor: no preset has it


@dataclass(frozen=True)
class Offer:
    """presets by name, the first is where a bare visit starts; kinds: {block: {kind: class}}."""

    presets: Mapping[str, Preset]
    kinds: Mapping[str, Mapping[str, type[KindBlock]]]


def offer(slot: str) -> Offer:
    """What the page with this slot offers; all but the page of images offer the plane.

    Without MNIST on the machine the digits of 8 × 8 pixels are all there is.
    """
    return _plane() if slot != IMAGES else _images("digits" if why_no_mnist() else "mnist")


@cache
def _plane() -> Offer:
    kinds = {"target": TARGETS, "energy": ENERGIES, "method": METHODS, "optimizer": OPTIMIZERS}
    return Offer(presets(), kinds)


@cache
def _images(first: str) -> Offer:
    sets = (first, "digits") if first != "digits" else (first,)
    fitting = [p for p in image_presets().values() if p.spec.target.kind in sets]
    fitting.sort(key=lambda preset: sets.index(preset.spec.target.kind))
    kinds = {
        "target": {kind: IMAGE_TARGETS[kind] for kind in (*sets, OWN)},
        "energy": IMAGE_ENERGIES,
        "method": {k: block for k, block in METHODS.items() if block.on_images},
        "optimizer": OPTIMIZERS,
    }
    return Offer({preset.name: preset for preset in fitting}, kinds)
