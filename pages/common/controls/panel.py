"""Controls: the widgets of a spec, drawn from its knobs, and the spec they ask for.

Nothing here knows a field by name, except the choices that decide which fields there are (target,
energy, method, optimizer) and the seed, which is typed and always in sight. Names come from the
blocks of the spec.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import streamlit as st

from ebm_engine.spec.edit import flatten, with_value
from ebm_engine.spec.kinds import OPTIMIZERS
from ebm_engine.spec.knobs import Knob, knobs
from ebm_engine.spec.methods import METHODS
from ebm_engine.spec.recommended import suited
from ebm_engine.spec.run_spec import RunSpec, SpecError
from pages.common.controls import choices, own_target
from pages.common.controls.widgets import widget
from pages.common.tab import display, session
from pages.common.tab.offers import offer
from pages.common.tab.plain_text import plain
from pages.common.tab.session import Held

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
    "This step size caps ESS/N at {:.3g} even with frozen parameters: "
    "with a threshold above that, the walkers are resampled all the time."
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
    chosen = choices.preset(held)
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


def story(held: Held) -> str:
    """The description of the preset, or what the run is made of if its target or energy differs."""
    known, spec = offer(held.slot).presets[held.preset], held.spec
    if spec.target == known.spec.target and spec.energy.kind == known.spec.energy.kind:
        return known.story
    return " · ".join(block.title for block in (spec.target, spec.energy, spec.method))


def choose(held: Held) -> RunSpec:
    """Draw the choices of target, energy and method; the spec they ask for, with what suits it."""
    spec, kinds = held.spec, offer(held.slot).kinds
    with st.container(horizontal=True, vertical_alignment="bottom", gap="xsmall"):
        kind = choices.select("Target", kinds["target"], TARGET_HELP, held)
        if display.of(held.slot).frees("target") and display.of(held.slot).shows("target"):
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
    kind = choices.segments("Energy", kinds["energy"], energy_help, held)
    spec = _suited(spec, "energy", kind) if spec == held.spec else spec
    kind = choices.select("Method", kinds["method"], METHOD_HELP, held)
    return _suited(spec, "method", kind) if spec == held.spec else spec


def draw(held: Held) -> RunSpec:
    """Draw all other controls and return the spec they ask for, an equal one if nothing moved.

    Another optimizer comes alone, with what suits it: the other widgets do not show that yet.
    """
    spec, options = held.spec, display.of(held.slot)
    basics, notes = st.container(gap="xsmall"), st.container()
    folded = st.expander("More") if options.shows("more") else None
    groups, exact, kind = {}, False, spec.optimizer.kind
    if folded is not None:
        with folded:
            exact = st.toggle("Type exact values", help="Number fields instead of sliders.")
        groups = _groups(folded, spec)
        with groups["optimizer"]:
            kind = choices.segments("Optimizer", OPTIMIZERS, OPTIMIZER_HELP, held, hidden=True)
    asked = _suited(spec, "optimizer", kind)
    if asked != spec:
        return asked
    for knob in knobs(spec):
        place = basics if knob.basic or knob.path == "seed" else groups.get(_head(knob))
        if place is not None and options.shows(knob.path):
            with place:
                spec = _asked(held, spec, knob, exact=exact)
    if folded is not None:
        with folded:
            again = (held.slot, held.preset, offer(held.slot).presets[held.preset].spec)
            st.button("Back to the preset", on_click=session.restart, args=again)
            st.caption("The address bar holds this run: anyone who opens it gets the same one.")
    with notes:
        _hint(held, spec)
    return spec


def _asked(held: Held, spec: RunSpec, knob: Knob, *, exact: bool) -> RunSpec:
    """Draw the widget of a knob; the spec with its value."""
    typed, locked = exact or knob.path == "seed", not display.of(held.slot).frees(knob.path)
    value = widget(knob, flatten(spec)[knob.path], held.scope, typed=typed, disabled=locked)
    return spec if locked else _moved(spec, knob.path, value)


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
    threshold = spec.method.ess_threshold
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
    snapshot = now.snapshot if now is not None else None
    return snapshot.ess_ceiling if snapshot is not None and snapshot.spec == spec else None


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
