"""Suited: each rule by which a choice of target, energy or method brings settings along."""

import math

import pytest

from ebm_engine.files import uploads
from ebm_engine.run.run import Run
from ebm_engine.spec.edit import flatten, parse_spec, with_value
from ebm_engine.spec.kinds import ENERGIES, TARGETS
from ebm_engine.spec.methods import METHODS
from ebm_engine.spec.presets import preset, presets
from ebm_engine.spec.recommended import on_target, suited
from ebm_engine.spec.run_spec import RunSpec, SpecError

DENSITIES = [kind for kind in TARGETS if kind != "points"]
NETWORK = suited(RunSpec(), "energy", "mlp")


def own_path(scale=1.0):
    rows = [(scale * (i % 7), scale * (i % 5)) for i in range(70)]
    return uploads.keep("".join(f"{x},{y}\n" for x, y in rows))


def test_a_network_gets_adam_batches_many_walkers_and_a_witness():
    assert NETWORK.optimizer.kind == "adam"
    assert (NETWORK.optimizer.lr, NETWORK.optimizer.betas) == (0.001, (0.0, 0.999))
    assert (NETWORK.optimizer.batch, NETWORK.optimizer.decay_over) == (500, 0)
    assert NETWORK.walkers.count == 2000
    assert (NETWORK.method.witness, NETWORK.method.refresh_every) == (500, 600)


@pytest.mark.parametrize(
    ("target", "step"),
    [
        ("mixture", 0.05),
        ("ring", 0.02),
        ("grid", 0.01),
        ("moons", 0.01),
        ("checkerboard", 0.02),
        ("spirals", 0.004),
        ("swiss-roll", 0.005),
        ("pinwheel", 0.005),
    ],
)
def test_the_step_of_a_network_follows_the_width_of_the_target(target, step):
    """h ≈ 0.2·s² in one digit; with s in place of s² the ring's would be 0.06."""
    assert suited(NETWORK, "target", target).sampler.step_size == step
    straight = on_target(RunSpec(), {"kind": target}, "mlp")
    assert straight.sampler.step_size == step


def test_detailed_shapes_get_momentum_and_a_short_length_scale_and_give_them_back():
    specs = {kind: suited(NETWORK, "target", kind) for kind in DENSITIES}
    detailed = {kind for kind, spec in specs.items() if spec.optimizer.betas[0] == 0.9}
    assert detailed == set(DENSITIES) - {"mixture", "ring"}
    assert {kind for kind, spec in specs.items() if spec.energy.length == 0.5} == detailed
    back = suited(specs["grid"], "target", "ring")
    assert (back.energy.length, back.optimizer.betas) == (0.0, (0.0, 0.999))


def test_a_narrow_drawn_mode_makes_the_step_small():
    """s = 0.2: 0.2·0.04 = 0.008; the mean of the widths would give 0.05."""
    modes = {"kind": "mixture", "means": [[0, 0], [3, 0]], "masses": [0.5, 0.5], "stds": [0.2, 1.0]}
    assert on_target(RunSpec(), modes, "mlp").sampler.step_size == 0.008


@pytest.mark.parametrize("scale", [1.0, 10.0])
def test_the_step_on_own_points_scales_with_their_variance(scale):
    """0.002 · 4 · scale²: the variance of 0, 1, …, 6 is 4."""
    spec = on_target(RunSpec(), {"kind": "points", "path": own_path(scale)}, "mlp")
    assert spec.sampler.step_size == pytest.approx(0.008 * scale**2)


def test_points_that_are_gone_are_named_in_one_sentence():
    with pytest.raises(SpecError, match="There is no file gone"):
        on_target(RunSpec(), {"kind": "points", "path": "gone.csv"}, "mlp")


@pytest.mark.parametrize("target", DENSITIES)
@pytest.mark.parametrize("energy", ENERGIES)
def test_another_target_keeps_the_kind_of_energy_where_it_fits(target, energy):
    spec = suited(RunSpec(), "energy", energy) if energy != "mixture" else RunSpec()
    assert suited(spec, "target", target).energy.kind == energy


@pytest.mark.parametrize("target", [k for k in DENSITIES if k != "mixture"])
def test_a_mixture_in_fifty_dimensions_becomes_a_network_on_the_plane(target):
    spec = suited(preset("gmm50").spec, "target", target)
    assert spec.energy.kind == "mlp"
    assert spec.dim == 2


@pytest.mark.parametrize("target", DENSITIES)
def test_a_mixture_energy_starts_spread_over_the_target(target):
    """A sunflower: all means differ, lie within the disc and have their middle near its centre."""
    spec = suited(suited(NETWORK, "target", target), "energy", "mixture")
    means, count = spec.energy.means, len(spec.energy.means)
    assert len(set(means)) == count > 1
    assert spec.energy.masses == (1 / count,) * count
    assert max(math.hypot(*m) for m in means) < 6.5
    assert max(math.hypot(*m) for m in means) > 1
    # For J modes the sunflower's middle is off by at most half of its radius.
    assert math.hypot(*(sum(c) / count for c in zip(*means, strict=True))) < 3


def test_back_to_a_mixture_energy_brings_its_defaults_back():
    spec = suited(NETWORK, "energy", "mixture")
    assert spec.optimizer == RunSpec().optimizer
    assert spec.sampler.step_size == 0.1
    assert spec.walkers.count == 1000


def test_one_network_for_another_keeps_everything_else():
    before, after = flatten(NETWORK), flatten(suited(NETWORK, "energy", "multiscale"))
    assert {p for p in before.keys() & after.keys() if before[p] != after[p]} == {"energy.kind"}


def test_weights_on_a_network_come_with_a_witness_and_refreshes():
    other = suited(NETWORK, "method", "pcd")
    weighted = suited(other, "method", "weighted-ula").method
    assert (weighted.witness, weighted.refresh_every) == (500, 600)
    plain = suited(with_value(RunSpec(), "method.kind", "pcd"), "method", "weighted-ula").method
    assert plain == METHODS["weighted-ula"]()


def test_improved_cd_takes_the_kernel_back_to_the_one_it_differentiates():
    spec = suited(with_value(RunSpec(), "sampler.kernel", "mala"), "method", "improved-cd")
    assert spec.sampler.kernel == "ula"


def test_another_optimizer_brings_its_own_rate_to_a_network():
    assert suited(NETWORK, "optimizer", "sgd").optimizer.lr == 0.01
    assert suited(suited(NETWORK, "optimizer", "sgd"), "optimizer", "adam").optimizer.lr == 0.001


def test_a_kind_that_does_not_exist_or_fit_is_refused_in_one_sentence():
    with pytest.raises(SpecError, match="needs a target in 2 dimensions, not in 50"):
        suited(preset("gmm50").spec, "energy", "mlp")
    for head in ("target", "energy", "method", "optimizer"):
        with pytest.raises(SpecError, match="unknown"):
            suited(RunSpec(), head, "nonsense")


@pytest.mark.parametrize("name", presets())
def test_every_choice_from_every_preset_is_a_spec(name):
    for target in DENSITIES:
        spec = suited(preset(name).spec, "target", target)
        for method in METHODS:
            assert parse_spec(suited(spec, "method", method).model_dump(mode="json")).dim == 2


@pytest.mark.parametrize("target", ["ring", "moons"])
def test_what_suits_a_network_lets_it_learn(target):
    """KL falls by 40 % within 150 updates; with a tenth of the rate it falls by less than 15 %."""
    spec = suited(suited(RunSpec(), "energy", "mlp"), "target", target)
    for path, value in (("walkers.count", 500), ("method.witness", 0), ("target.samples", 1000)):
        spec = with_value(spec, path, value)
    run = Run(spec)
    first = run.parts.judge().kl
    for _ in range(150):
        run.advance()
    assert run.divergence is None
    assert run.parts.judge().kl < 0.6 * first
