"""What the command line says: about a run that has ended, one that was interrupted, bad options."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ebm_engine.spec.kinds import IMAGE_TARGETS
from ebm_engine.spec.run_spec import RunSpec, SpecError


def summary(result: dict[str, Any]) -> str:
    """A few lines on the outcome of a run, from what run.json holds."""
    history, final = result["history"], result["final"]
    lines = [f"{result['spec']['method']['kind']}, update {history['step'][-1]}"]
    if result["diverged"]:
        lines.append(f"diverged: {result['diverged']['message']}")
    for name in ("kl_exact", "kl_data", "kl_estimate", "kl_witness"):
        value = history[name][-1]
        if value is not None:
            lines.append(f"{name:12} {value:.4f} nats")
    for name, masses in final["mode_mass"].items():
        shown = " ".join("      –  " if m is None else f"{100 * m:6.2f} %" for m in masses)
        lines.append(f"mass {name:8}" + shown)
    if "ais" in final:
        lines.append(_ais_lines(final))
    elif "not_measured" in final:
        lines.append(f"not measured: {final['not_measured']}")
    lines.append(f"{result['timing']['updates_per_second']:.0f} updates/s on {result['device']}")
    return "\n".join(lines)


def interrupted(done: int, total: int, folder: Path) -> str:
    """What Ctrl-C left of a study or sweep."""
    return (
        f"interrupted: {done} of {total} runs are finished and kept in {folder}; the same command "
        "goes on from there"
    )


def _ais_lines(final: dict[str, Any]) -> str:
    """The numbers measured by annealed walkers."""
    shares = zip(final["class_mass"]["model_ais"], final["class_mass"]["model_ais_se"], strict=True)
    log_z = final["log_z_ais"]
    return (
        "mass AIS     "
        + " ".join(f"{100 * m:.1f} ± {200 * se:.1f} %" for m, se in shares)
        + f"\nlog Z        {log_z['value']:.2f} ({log_z['low']:.2f} to {log_z['high']:.2f})"
        + f", held-out cross-entropy {final['cross_entropy_heldout']:.3f} nats"
    )


def check_ais(spec: RunSpec, updates: int) -> None:
    """Raise SpecError where --ais has nothing to measure: no image model, or no update."""
    if not spec.target.of_images:
        kinds = ", ".join(IMAGE_TARGETS)
        raise SpecError(f"--ais: target.kind is {spec.target.kind!r}, but must be one of {kinds}")
    if updates < 1:
        raise SpecError(f"--ais: updates = {updates}, but at least 1 is needed")
