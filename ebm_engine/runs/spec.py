"""RunSpec: everything that defines a run, as one frozen, validated value.

One spec serves five uses: the widgets of a page, the share link, the label of a snapshot, the
builder of the trainer and the JSON file.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, ValidationError, model_validator

from ebm_engine.runs.blocks import CD, PCD, SGD, Adam, Sampler, Walkers, WeightedULA
from ebm_engine.runs.fields import Block, knob
from ebm_engine.runs.mixtures import MixtureEnergy, MixtureTarget

MAX_ELEMENTS = 10_000_000  # points × dimensions: 40 MB in float32, and a run holds several of them


class SpecError(ValueError):
    """A specification that cannot be run; the message is one sentence with value and limit."""


Target = MixtureTarget
Energy = MixtureEnergy
Method = Annotated[CD | PCD | WeightedULA, Field(discriminator="kind")]
Optimizer = Annotated[SGD | Adam, Field(discriminator="kind")]

METHODS: dict[str, type[CD] | type[PCD] | type[WeightedULA]] = {
    "cd": CD,
    "pcd": PCD,
    "weighted-ula": WeightedULA,
}
OPTIMIZERS: dict[str, type[SGD] | type[Adam]] = {"sgd": SGD, "adam": Adam}
DEFAULT_KINDS = {"method": "weighted-ula", "optimizer": "sgd"}


class RunSpec(Block):
    """Everything that defines a run: same spec, same bits on the same kind of hardware."""

    target: Target = Target()
    energy: Energy = Energy()
    method: Method = WeightedULA()
    sampler: Sampler = Sampler()
    walkers: Walkers = Walkers()
    optimizer: Optimizer = SGD()
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
        d, d_model = len(self.target.means[0]), len(self.energy.means[0])
        if d != d_model:
            raise ValueError(f"target has dimension {d} and energy {d_model}, they must be equal")
        witness = self.method.witness if isinstance(self.method, WeightedULA) else 0
        points = max(self.walkers.count, self.target.samples, witness)
        if points * d > MAX_ELEMENTS:
            raise ValueError(
                f"{points} points in dimension {d} make {points * d} numbers, "
                f"the limit is {MAX_ELEMENTS}"
            )
        return self

    @property
    def dim(self) -> int:
        """Dimension d of the space the walkers live in."""
        return len(self.target.means[0])


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
    kinds = {"cd", "pcd", "weighted-ula", "sgd", "adam"}
    path = ".".join(str(p) for p in problem["loc"] if p not in kinds)
    if problem["type"] == "value_error":
        return str(problem["ctx"]["error"])
    if problem["type"] == "extra_forbidden":
        return f"{path} is not a field of the spec"
    if problem["type"].startswith("union_tag"):
        given = problem["input"].get("kind") if isinstance(problem["input"], dict) else None
        allowed = problem["ctx"].get("expected_tags", "'cd', 'pcd', 'weighted-ula'")
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

    Setting `method.kind` or `optimizer.kind` to another kind starts from that kind's defaults
    (learning rates are kept). Raises SpecError with one sentence on an unknown path or a value
    outside its limits.
    """
    content = spec.model_dump(mode="json")
    head, _, leaf = path.partition(".")
    if head not in content or (leaf and not isinstance(content[head], dict)):
        raise SpecError(f"{path} is not a field of the spec")
    if not leaf:
        content[head] = value
    elif leaf == "kind" and content[head]["kind"] != value:
        rates = {k: v for k, v in content[head].items() if k.startswith("lr_")}
        content[head] = {"kind": value, **rates}
    elif leaf not in content[head]:
        raise SpecError(
            f"{path} is not a field of the spec with {head}.kind = "
            f"{content[head].get('kind', head)!r}"
        )
    else:
        content[head][leaf] = value
    return parse_spec(content)
