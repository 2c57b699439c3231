"""RunSpec: everything that defines a run, as one frozen, validated value.

One spec serves five uses: the widgets of a page, the share link, the label of a snapshot, the
builder of the trainer and the JSON file.
"""

from __future__ import annotations

from functools import reduce
from operator import or_
from typing import Annotated, Any, Literal

from pydantic import Field, ValidationError, model_validator

from ebm_engine.runs.checks import CHECKS
from ebm_engine.spec import image_targets, networks, targets
from ebm_engine.spec.fields import Block, knob
from ebm_engine.spec.methods import METHODS
from ebm_engine.spec.mixtures import MixtureEnergy, MixtureTarget
from ebm_engine.spec.sampler import SGD, Adam, Sampler, Walkers

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


class SpecError(ValueError):
    """A specification that cannot be run; the message is one sentence with value and limit."""


def _one_of(table: dict[str, type[Block]]) -> Any:
    """The blocks of a table as one type, told apart by their kind."""
    return Annotated[reduce(or_, table.values()), Field(discriminator="kind")]


class RunSpec(Block):
    """Everything that defines a run: same spec, same bits on the same kind of hardware."""

    target: _one_of(KINDS["target"]) = MixtureTarget()
    energy: _one_of(KINDS["energy"]) = MixtureEnergy()
    method: _one_of(METHODS) = METHODS["weighted-ula"]()
    sampler: Sampler = Sampler()
    walkers: Walkers = Walkers()
    optimizer: _one_of(OPTIMIZERS) = SGD()
    seed: int = knob(
        0,
        "Seed of every random number of the run.",
        label="Seed",
        usual=(0, 9999),
        ge=0,
        le=2**31 - 1,
    )
    dtype: Literal["float32", "float64"] = knob(
        "float32",
        "Precision of the walkers; log-weights are always float64.",
        label="Precision",
    )
    device: Literal["auto", "cpu", "cuda"] = knob(
        "cpu",
        "Where the run is computed; auto takes a GPU when there is one.",
        label="Device",
    )

    @model_validator(mode="before")
    @classmethod
    def _default_kinds(cls, content: Any) -> Any:
        """A block without a kind has the default one, as every field has a default."""
        if not isinstance(content, dict):
            return content
        named = {name: {"kind": kind} for name, kind in DEFAULT_KINDS.items()}
        blocks = {n: named[n] | content[n] for n in named if isinstance(content.get(n), dict)}
        return content | blocks

    @model_validator(mode="after")
    def _fits(self) -> RunSpec:
        for check in CHECKS:
            check(self)
        return self

    @property
    def dim(self) -> int:
        """Dimension d of the space the walkers live in."""
        if self.target.kind in IMAGE_TARGETS:
            latent = self.energy.space == "latent"
            return self.energy.dim if latent else image_targets.SIDES[self.target.kind] ** 2
        return len(self.target.means[0]) if self.target.kind == "mixture" else 2


def parse_spec(content: Any) -> RunSpec:
    """A RunSpec from parsed JSON; raises SpecError with one sentence on anything wrong."""
    if not isinstance(content, dict):
        raise SpecError(f"a spec must be a JSON object, not {type(content).__name__}")
    try:
        return RunSpec.model_validate(content)
    except ValidationError as error:
        raise SpecError(explain(error)) from None


def explain(error: ValidationError) -> str:
    """The first problem of a pydantic error as one sentence: field = value: what is allowed."""
    problem = error.errors()[0]
    where = [str(part) for part in problem["loc"]]
    if len(where) > 1 and where[1] in KINDS.get(where[0], ()):
        del where[1]  # pydantic names the kind of a block in the path
    path = ".".join(where)
    if problem["type"] == "value_error":
        return str(problem["ctx"]["error"])
    if problem["type"] == "extra_forbidden":
        return f"{path} is not a field of the spec"
    if problem["type"].startswith("union_tag"):
        given = problem["input"].get("kind") if isinstance(problem["input"], dict) else None
        allowed = ", ".join(repr(kind) for kind in KINDS[where[0]])
        return f"{path}.kind = {given!r} is unknown, allowed are {allowed}"
    message = problem["msg"][0].lower() + problem["msg"][1:]
    shown = repr(problem["input"])
    return f"{path} = {shown if len(shown) <= 60 else shown[:57] + '…'}: {message}"


def flatten(spec: RunSpec) -> dict[str, Any]:
    """The spec as {dotted path: JSON value}; lists stay values."""
    flat: dict[str, Any] = {}
    for name, value in spec.model_dump(mode="json").items():
        if isinstance(value, dict):
            flat |= {f"{name}.{key}": leaf for key, leaf in value.items()}
        else:
            flat[name] = value
    return flat


def with_value(spec: RunSpec, path: str, value: Any) -> RunSpec:
    """The spec with one field changed.

    Setting the kind of a block to another kind starts from that kind's defaults; what two kinds
    of target, energy or optimizer have in common is kept. Raises SpecError with one sentence on an
    unknown path or a value outside its limits.
    """
    content = spec.model_dump(mode="json")
    head, _, leaf = path.partition(".")
    if head not in content or (leaf and not isinstance(content[head], dict)):
        raise SpecError(f"{path} is not a field of the spec")
    if not leaf:
        content[head] = value
    elif leaf == "kind" and content[head].get("kind", value) != value:
        content[head] = {"kind": value, **_in_common(head, content[head], value)}
    elif leaf not in content[head]:
        raise SpecError(
            f"{path} is not a field of the spec with {head}.kind = "
            f"{content[head].get('kind', head)!r}"
        )
    else:
        content[head][leaf] = value
    return parse_spec(content)


def _in_common(head: str, block: dict[str, Any], kind: Any) -> dict[str, Any]:
    """The fields of a block that another kind has as well and that mean the same there."""
    goal = KINDS[head].get(kind) if isinstance(kind, str) else None
    if goal is None or head == "method":
        return {}
    shapes = {"means", "masses", "stds", "modes", "arms", "std", "noise", "classes", "counts"}
    return {n: v for n, v in block.items() if n in goal.model_fields and n not in shapes | {"kind"}}
