"""The same specs on a CUDA GPU; these tests run where one exists."""

import math

import pytest
import torch

from ebm_engine.run.run import Run
from ebm_engine.spec.edit import with_value
from ebm_engine.spec.presets import preset

pytestmark = [
    pytest.mark.gpu,
    pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA GPU on this machine"),
]
PRESETS = ("two-modes", "net-ring", "digits-017", "digits-cnn")


def on(device, name):
    return Run(with_value(preset(name).spec, "device", device))


@pytest.mark.parametrize("name", PRESETS)
def test_energy_and_gradient_are_those_of_the_cpu(name):
    """The same θ at the same points, up to float32 rounding in another order."""
    here, there = (on(device, name).parts.trainer for device in ("cpu", "cuda"))
    with torch.no_grad():
        for key, parameter in there.energy.parameters.items():
            parameter.copy_(here.energy.parameters[key])
    x = here.data[:64]
    mine, other = here.energy.evaluate(x), there.energy.evaluate(x.cuda())
    torch.testing.assert_close(other.energy.cpu(), mine.energy, rtol=1e-3, atol=1e-3)
    torch.testing.assert_close(other.gradient.cpu(), mine.gradient, rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize("name", PRESETS)
def test_a_checkpoint_goes_on_with_the_same_bits(name):
    """A run that was saved and one that was not stand at the same walkers ten updates on."""
    run = on("cuda", name)
    for _ in range(5):
        run.advance()
    again = Run.load(run.save())
    for each in (run, again):
        for _ in range(10):
            each.advance()
    assert torch.equal(run.state.walkers.train.x, again.state.walkers.train.x)


def test_weighted_ula_learns_there_too():
    """After 2000 updates of two-modes the exact KL is below .1, as on the CPU (.03 at seed 0)."""
    run = on("cuda", "two-modes")
    for _ in range(2000):
        run.advance()
    kl = run.recent(playing=False).row["kl_exact"]
    assert math.isfinite(kl)
    assert kl < 0.1
