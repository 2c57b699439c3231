"""Controls: the widgets of a spec, drawn from its knobs, and the spec they ask for.

Nothing here knows a field by name, except the choices that decide which fields there are (target,
energy, method, optimizer) and the seed, which is typed and always in sight. Names come from the
blocks of the spec.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import streamlit as st

from ebm_engine.runs.fields import Block
from ebm_engine.runs.knobs import Knob, knobs
from ebm_engine.runs.methods import METHODS
from ebm_engine.runs.spec import OPTIMIZERS, RunSpec, SpecError, flatten, with_value
from ebm_engine.runs.suited import suited
from pages.common import own_target, session
from pages.common.offers import offer
from pages.common.session import Held
from pages.common.widgets import plain, widget

TARGET_HELP = (
    "The true density, which the model has to learn from points. A change restarts the run with "
    "settings that suit the new target."
)
ENERGY_HELP = (
    "What is trained. **Mixture** is −log of a sum of Gaussians, all in closed form; **Network** "
    "is a neural network on a Gaussian base; **Multi-scale** adds three of them. Exact numbers of "
    "a network come from quadrature. A change restarts the run with settings that suit it."
)
METHOD_HELP = "\n".join(
    [
        "How the gradient of the model is estimated. A change restarts the run.",
        *[f"- **{block.title}** {block.help}." for block in METHODS.values()],
    ]
)
OPTIMIZER_HELP = "The rule that turns a gradient into an update. A change restarts the run."
CEILING_HINT = (
    "Frozen parameters already cap ESS/N at {:.3g} with this step size: "
    "a threshold above it resamples forever."
)
HINT_SECONDS = 1.0
GROUPS = {
    "target": "Target",
    "energy": "Energy",
    "method": "Method",
    "sampler": "Sampler",
    "walkers": "Walkers",
    "optimizer": "Optimizer",
    "": "Run",
}


def panel(held: Held, choose: Callable[[Held], RunSpec]) -> Held:
    """Draw all controls of a page's run and give the run what they ask for.

    `choose` draws what decides which other controls there are.
    """
    chosen = choose_preset(held)
    if chosen != held.preset:
        held = session.load(held.slot, chosen)
    asked = choose(held)
    if asked != held.spec:
        session.switch(held.slot, asked)
        st.rerun()
    asked = draw(held)
    if asked.optimizer.kind != held.spec.optimizer.kind:
        session.switch(held.slot, asked)
        st.rerun()
    return session.change(held.slot, asked)


def choose_preset(held: Held) -> str:
    """Draw the choice of a preset and return its name."""
    known = offer(held.slot).presets
    return st.selectbox(
        "Preset",
        list(known),
        list(known).index(held.preset),
        format_func=lambda name: known[name].title,
        key=f"preset#{held.edition}",
        help="Target, start of the model and settings in one. A change restarts the run.",
    )


def story(held: Held) -> str:
    """What the preset tells; what the run is made of when target or energy is another."""
    known, spec = offer(held.slot).presets[held.preset], held.spec
    if spec.target == known.spec.target and spec.energy.kind == known.spec.energy.kind:
        return known.story
    return " · ".join(block.title for block in (spec.target, spec.energy, spec.method))


def choose(held: Held) -> RunSpec:
    """Draw the choices of target, energy and method; the spec they ask for, with what suits it."""
    spec, kinds = held.spec, offer(held.slot).kinds
    with st.container(horizontal=True, vertical_alignment="bottom", gap="xsmall"):
        kind = select("Target", kinds["target"], TARGET_HELP, held)
        own_target.offer_drawing(held)
    own = None
    if kind == own_target.KIND:
        own = own_target.upload(held)
    else:
        spec = _suited(spec, "target", kind)
    return own or energy_and_method(held, spec, ENERGY_HELP)


def energy_and_method(held: Held, spec: RunSpec, energy_help: str) -> RunSpec:
    """Draw the choices of energy and method; `spec`, changed as they ask if it is `held`'s own."""
    kinds = offer(held.slot).kinds
    kind = _segments("Energy", kinds["energy"], energy_help, spec, held.scope)
    spec = _suited(spec, "energy", kind) if spec == held.spec else spec
    kind = select("Method", kinds["method"], METHOD_HELP, held)
    return _suited(spec, "method", kind) if spec == held.spec else spec


def draw(held: Held) -> RunSpec:
    """Draw all other controls and return the spec they ask for, an equal one if nothing moved.

    Another optimizer comes alone, with what suits it: the other widgets do not show that yet.
    """
    spec, scope = held.spec, held.scope
    basics, notes, folded = st.container(gap="xsmall"), st.container(), st.expander("More")
    with folded:
        exact = st.toggle("Type exact values", help="Number fields in place of the sliders.")
    groups = _groups(folded, spec)
    with groups["optimizer"]:
        kind = _segments("Optimizer", OPTIMIZERS, OPTIMIZER_HELP, spec, scope, hidden=True)
    asked = _suited(spec, "optimizer", kind)
    if asked != spec:
        return asked
    for knob in knobs(spec):
        typed = exact or knob.path == "seed"
        in_sight = knob.basic or knob.path == "seed"
        with basics if in_sight else groups[_head(knob)]:
            value = widget(knob, flatten(spec)[knob.path], scope, typed=typed)
            spec = _moved(spec, knob.path, value)
    with folded:
        st.button("Back to the preset", on_click=session.load, args=(held.slot, held.preset))
        st.caption("The address bar holds this run: its link gives anyone the same one.")
    with notes:
        _hint(held, spec)
    return spec


def _groups(folded: Any, spec: RunSpec) -> dict[str, Any]:
    """A titled container for each block that has something folded."""
    filled = {_head(k) for k in knobs(spec) if not k.basic and k.path != "seed"} | {"optimizer"}
    places = {}
    for head in (name for name in GROUPS if name in filled):
        places[head] = folded.container(gap="xsmall")
        places[head].markdown(f"**{GROUPS[head]}**")
    return places


def _head(knob: Knob) -> str:
    return knob.path.partition(".")[0] if "." in knob.path else ""


def _hint(held: Held, spec: RunSpec) -> None:
    """Say when the resampling threshold lies above what this step size allows.

    The worker computes the ceiling, so the page looks again until a picture of this spec is there.
    """
    threshold = getattr(spec.method, "ess_threshold", 0.0)
    waiting = threshold > 0 and _ceiling(held, spec) is None

    def body() -> None:
        ceiling = _ceiling(held, spec)
        if ceiling is not None and waiting:
            st.rerun()
        if ceiling is not None and threshold > ceiling:
            st.info(CEILING_HINT.format(ceiling))

    st.fragment(body, run_every=HINT_SECONDS if waiting else None)()


def _ceiling(held: Held, spec: RunSpec) -> float | None:
    now = session.view(held)
    known = now is not None and now.snapshot is not None and now.snapshot.spec == spec
    return now.snapshot.ess_ceiling if known else None


def select(label: str, table: Mapping[str, type[Block]], text: str, held: Held) -> str:
    """Draw the choice of the kind of a block and return it."""
    path = f"{label.lower()}.kind"
    return st.selectbox(
        label,
        list(table),
        list(table).index(flatten(held.spec)[path]),
        format_func=lambda kind: table[kind].title,
        key=f"{path}#{held.scope}",
        help=text,
    )


def _segments(
    label: str,
    table: Mapping[str, type[Block]],
    text: str,
    spec: RunSpec,
    scope: str,
    *,
    hidden: bool = False,
) -> str:
    path = f"{label.lower()}.kind"
    return st.segmented_control(
        label,
        list(table),
        default=flatten(spec)[path],
        required=True,
        format_func=lambda kind: table[kind].title,
        key=f"{path}#{scope}",
        help=text,
        label_visibility="collapsed" if hidden else "visible",
        width="stretch",
    )


def _suited(spec: RunSpec, head: str, kind: str) -> RunSpec:
    """The spec with another kind and what suits it, or itself and one sentence."""
    if kind == getattr(spec, head).kind:
        return spec
    try:
        return suited(spec, head, kind)
    except SpecError as error:
        st.warning(plain(f"{error}. The run goes on with {getattr(spec, head).kind}."))
        return spec


def _moved(spec: RunSpec, path: str, value: Any) -> RunSpec:
    """The spec with the widget's value, or itself and one sentence when the value does not fit."""
    if value is None or value == flatten(spec)[path]:
        return spec
    try:
        return with_value(spec, path, value)
    except SpecError as error:
        st.warning(plain(f"{error}. The run goes on with {flatten(spec)[path]}."))
        return spec
