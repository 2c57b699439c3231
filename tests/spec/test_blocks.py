"""Every kind declares itself: what one leaves out is refused when its block is defined."""

from __future__ import annotations

import math
from typing import ClassVar, Literal

import pytest
import torch

from ebm_engine.build.density import density_of
from ebm_engine.spec.blocks import Disc, MethodBlock, PointTarget
from ebm_engine.spec.kinds import ALL_TARGETS, ENERGIES, IMAGE_ENERGIES, KINDS, TARGETS
from ebm_engine.spec.methods import METHODS
from ebm_engine.spec.presets import preset
from ebm_engine.spec.targets import IMAGE_TARGETS
from ebm_engine.studies.specs.chains import LANDSCAPES

KNOWN = [kind for kind in TARGETS if kind != "points"]


def test_a_target_without_its_density_and_title_cannot_be_defined():
    with pytest.raises(TypeError, match="density, detailed, disc, network_step, title"):

        class Bare(PointTarget):
            kind: Literal["bare"] = "bare"


def test_a_method_without_a_label_and_its_build_cannot_be_defined():
    with pytest.raises(TypeError, match="Bare does not declare build, help, label"):

        class Bare(MethodBlock):
            kind: Literal["bare"] = "bare"
            title: ClassVar[str] = "Bare"


@pytest.mark.parametrize("head", KINDS)
def test_a_block_is_listed_under_its_own_kind(head):
    assert {kind: block().kind for kind, block in KINDS[head].items()} == {
        k: k for k in KINDS[head]
    }


@pytest.mark.parametrize("kind", KNOWN)
def test_a_target_knows_its_density_its_step_and_where_modes_start(kind):
    """A mode starts where the density is, and a step is shorter than its finest width."""
    target = TARGETS[kind]()
    density, disc = density_of(target), target.disc()
    x_min, x_max, y_min, y_max = density.box
    assert isinstance(disc, Disc)
    assert x_min < disc.centre[0] - disc.radius / 2 < disc.centre[0] + disc.radius / 2 < x_max
    assert y_min < disc.centre[1] < y_max
    assert 0 < math.sqrt(2 * target.network_step()) < 2 * density.width
    assert target.dim == 2
    assert target.samples > 0


@pytest.mark.parametrize("kind", TARGETS)
def test_chains_are_offered_the_targets_whose_density_has_an_energy(kind):
    """U + log p is 0, and a target that is not offered says why or is the mixture."""
    target = TARGETS[kind]()
    assert (kind in LANDSCAPES) == target.fixed_energy
    if target.fixed_energy:
        assert LANDSCAPES[kind] == target.title
        density = density_of(target)
        x = density.sample(50, torch.Generator().manual_seed(0), torch.zeros(1).double())
        energy = density.energy().evaluate(x).energy
        torch.testing.assert_close(-energy, density.log_density(x), rtol=0, atol=1e-9)
    elif kind == "checkerboard":
        with pytest.raises(ValueError, match="flat with walls"):
            density_of(target).energy()


@pytest.mark.parametrize("kind", IMAGE_TARGETS)
def test_images_name_a_preset_whose_settings_suit_them(kind):
    target = IMAGE_TARGETS[kind]()
    assert target.of_images
    assert preset(target.preset).spec.target.of_images
    assert target.dim == target.image_side**2


def test_own_files_are_the_targets_that_no_link_carries():
    assert {kind for kind, block in ALL_TARGETS.items() if block.own_file} == {"points", "images"}


@pytest.mark.parametrize("kind", ENERGIES | IMAGE_ENERGIES)
def test_an_energy_says_what_an_evaluation_keeps(kind):
    """A network of 2 × 64 units, three of them, and 28²·16/4 maps; a mixture keeps none."""
    units = {"mixture": 0, "mlp": 128, "multiscale": 384, "cnn": 3136}
    block = (ENERGIES | IMAGE_ENERGIES)[kind]()
    assert block.hidden_units(28) == units[kind]
    assert block.is_network == (kind != "mixture")


@pytest.mark.parametrize("kind", METHODS)
def test_a_method_answers_for_settings_that_it_does_not_have(kind):
    method = METHODS[kind]()
    fields = type(method).model_fields
    assert method.steps == 1
    assert method.weighted == ("ess_threshold" in fields) == (method.ess_threshold > 0)
    assert (method.witness, method.refresh_every, method.walker_batch) == (0, 0, 0)
    assert method.has_kl_term == (method.kl_weight > 0)
    assert method.chains is None or "k" in fields
    assert "steps" not in method.model_dump() or kind == "weighted-ula"
