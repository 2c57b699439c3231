"""Composition: models that were kept in this tab, put together by and, or, not."""

from __future__ import annotations

from typing import NamedTuple

import streamlit as st

from ebm_engine.studies.specs.images import MOST_MODELS, CompositionSpec
from pages.common.controls import block
from pages.common.images import figures as figures
from pages.common.tab import jobs, session
from pages.common.tab.session import NO_MODEL, Held, checkpoint

SLOT = "composition"
MOST_KEPT = 8


class Kept(NamedTuple):
    """A trained model: what it is called, and its checkpoint."""

    name: str
    content: bytes


def show_composition(held: Held) -> None:
    """Draw the kept models, the controls of their composition, and its chains."""
    st.markdown(
        "Energies add up: **and** multiplies densities, **or** mixes them, **not** divides by one. "
        "Keep this model, train another one on other digits, and combine the two."
    )
    with st.container(horizontal=True, vertical_alignment="bottom"):
        if st.button("Keep this model", icon=":material/bookmark_add:"):
            _keep(held)
        names = [kept.name for kept in _models()]
        chosen = st.multiselect(
            "Models", names, default=names[-2:], max_selections=MOST_MODELS, key=f"kept{len(names)}"
        )
    with st.container(horizontal=True, vertical_alignment="bottom"):
        spec = block.controls(CompositionSpec(), SLOT)
        weights = _weights(chosen) if spec.rule != "or" else ()
        pressed = st.button("Walk on the sum", type="primary", disabled=len(chosen) < 2)
    if pressed:
        contents = tuple(kept.content for name in chosen for kept in _models() if kept.name == name)
        given = {"checkpoints": contents, "weights": weights}
        jobs.start(SLOT, SLOT, spec.model_dump() | given, None)
    jobs.follow(SLOT, figures.draw_composition)


def _keep(held: Held) -> None:
    """Keep the run's newest checkpoint; the oldest model goes when there are too many."""
    content = checkpoint(held)
    if not content:
        st.info(NO_MODEL)
        return
    models = _models()
    numbers = [int(kept.name.partition(":")[0]) for kept in models]
    now = session.view(held)
    step = now.snapshot.step if now is not None and now.snapshot is not None else 0
    digits = "/".join(map(str, getattr(held.spec.target, "classes", ("own images",))))
    name = f"{max(numbers, default=0) + 1}: {digits}, {held.spec.method.title}, near update {step}"
    models.append(Kept(name, content))
    del models[:-MOST_KEPT]


def _weights(names: list[str]) -> tuple[float, ...]:
    """Draw the weight of each chosen model."""
    return tuple(
        st.number_input(f"Weight of {name.partition(',')[0]}", 0.01, 100.0, 1.0) for name in names
    )


@st.cache_resource(scope="session", show_spinner=False)
def _models() -> list[Kept]:
    """The models kept in this tab, oldest first."""
    return []
