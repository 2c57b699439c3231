"""A small sweep for tests: two methods, two knobs, runs of a few updates."""

from ebm_engine.spec.edit import with_value
from ebm_engine.spec.presets import preset
from ebm_engine.sweep.sweep_spec import parse_sweep


def small_base():
    """Two known modes, few walkers and few points: an update takes less than a millisecond."""
    spec = with_value(preset("masses-only").spec, "walkers.count", 50)
    spec = with_value(spec, "method.witness", 0)
    return with_value(spec, "target.samples", 200)


def small_sweep(**changes):
    """A SweepSpec of 2 methods × 2 × 2 cells of 20 updates, with changes."""
    content = {
        "preset": "masses-only",
        "base": small_base(),
        "x": {"path": "sampler.step_size", "values": (0.1, 0.5)},
        "y": {"path": "walkers.count", "values": (20, 50)},
        "methods": ("weighted-ula", "pcd"),
        "updates": 20,
    }
    return parse_sweep(content | changes)
