"""What is measured of an image model in the background: its masses, strange images, mixtures."""

from __future__ import annotations

import math
from collections.abc import Callable

import streamlit as st

from ebm_engine.runs.image_jobs import AisSpec, OodSpec
from ebm_engine.runs.knobs import needs_reset
from pages.common import image_figures as figures
from pages.common import jobs, session, study
from pages.common.composition import NO_MODEL, checkpoint, show_composition
from pages.common.session import Held
from pages.live.stage import Measured

AIS, OOD = "ais", "ood"


def measured(held: Held) -> Measured | None:
    """What AIS has found of this run's model, None before or when another run has begun."""
    result = jobs.found(AIS)
    if result is None or _outdated(AIS, held):
        return None
    cross_entropy = (result["cross_entropy"], result["cross_entropy_se"])
    if not all(map(math.isfinite, cross_entropy)):
        return None
    masses = (result["mass"].tolist(), result["mass_se"].tolist())
    return Measured(result["step"], *masses, *cross_entropy)


def show(held: Held) -> None:
    """Draw the chosen section below the stage."""
    chosen = st.segmented_control(
        "Section",
        list(SECTIONS),
        default=next(iter(SECTIONS)),
        required=True,
        label_visibility="collapsed",
        key="images-section",
    )
    SECTIONS[chosen](held)


def _show_masses(held: Held) -> None:
    st.markdown(
        "No exact log Z exists here. Walkers can look perfectly proportioned while the model is "
        "not: those of PCD stay where the data put them. Annealed importance sampling (AIS) asks "
        "the model itself, with fresh walkers that climb from the Gaussian base to the energy and "
        "back."
    )
    now = session.view(held)
    draw = figures.masses_beside(now.snapshot if now is not None else None)
    _measure(held, AIS, "Measure the model", AisSpec(), draw)


def _show_strange(held: Held) -> None:
    st.markdown(
        "Does the energy tell images of other kinds from held-out ones? The AUROC is the chance "
        "that it does; trivial baselines stand beside it."
    )
    _measure(held, OOD, "Test the energy", OodSpec(), figures.draw_strange)


def _measure(held: Held, slot: str, label: str, start: AisSpec | OodSpec, draw: jobs.Draw) -> None:
    """Draw a study of the run's newest checkpoint: its controls, its button and what it found."""
    with st.container(horizontal=True, vertical_alignment="bottom", key=f"study-{slot}"):
        spec = study.controls(start, slot)
        pressed = st.button(label, type="primary")
    content = checkpoint(held) if pressed else b""
    if content:
        jobs.start(slot, slot, spec.model_dump() | {"checkpoint": content}, held.spec)
    elif pressed:
        st.info(NO_MODEL)
    if _outdated(slot, held):
        jobs.drop(slot)
    jobs.follow(slot, draw)


def _outdated(slot: str, held: Held) -> bool:
    """Whether the slot's job was about a run that has been started again since."""
    before = jobs.about(slot)
    return before is not None and needs_reset(before, held.spec)


SECTIONS: dict[str, Callable[[Held], None]] = {
    "Model masses by AIS": _show_masses,
    "Out of distribution": _show_strange,
    "Composition": show_composition,
}
