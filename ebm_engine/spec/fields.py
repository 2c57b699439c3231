"""Fields of a spec: the frozen block, and the knob that carries what a control needs to know."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

from pydantic import BaseModel, ConfigDict, Field

if TYPE_CHECKING:
    from collections.abc import Callable

    from ebm_engine.core.types import Energy, Kernel, Parameters

Only = dict[str, tuple[Any, ...]]


class Block(BaseModel):
    """A frozen part of a spec; an unknown field is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class Kit(NamedTuple):
    """What a method is built from, besides its own fields.

    kernel: the Markov move; count: number N of walkers; base: the energy that walkers start from,
    which can be sampled exactly: that at θ₀, or the Gaussian base of a network that starts random;
    exact_gradient: ∂H/∂θ of the cross-entropy on all training points, without sampling; adapt:
    whether the walkers adapt their step size.
    """

    kernel: Kernel
    count: int
    base: Energy
    exact_gradient: Callable[[Energy], Parameters]
    adapt: bool = False


class MethodBlock(Block):
    """The fields of a method, with how it is named and built.

    title: its name in menus; label: its name in figures, where {field} stands for a field's value;
    help: what it does, in a sentence; weighted: whether its walkers carry weights; reads_walkers:
    whether its gradient uses them, or they are only shown; reads_batch: whether it uses the
    training points of the update, or always all of them; any_kernel: whether it takes other moves
    than ULA. Every method block has a function
    `build(kit: Kit)` that returns a `core.types.Method`; it imports the maths when it is called,
    so that specs do not need torch.
    """

    title: ClassVar[str]
    label: ClassVar[str]
    help: ClassVar[str]
    weighted: ClassVar[bool] = False
    reads_walkers: ClassVar[bool] = True
    reads_batch: ClassVar[bool] = True
    any_kernel: ClassVar[bool] = True


def knob(
    default: Any,
    text: str,
    *,
    label: str,
    unit: str = "",
    live: bool = False,
    basic: bool = False,
    usual: tuple[float, float] | None = None,
    log: bool = False,
    outside: str = "",
    only: Only | None = None,
    **limits: Any,
) -> Any:
    """A field with what its control shows.

    `usual` is the range of the widget (the limits may be wider), `outside` says what breaks beyond
    it, `live` whether a change applies at the next update (else the run starts again), and `only`
    names the values of other fields that give this one an effect: {path: values}. What every
    method says of itself counts as a field: method.weighted, reads_walkers, reads_batch and
    any_kernel.
    """
    extra = {"label": label, "unit": unit, "live": live, "basic": basic, "log": log}
    extra |= {"usual": usual, "outside": outside, "only": only or {}}
    return Field(default, description=text, json_schema_extra=extra, **limits)
