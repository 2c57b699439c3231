"""What is measured of an image model in the background, section by section, and its figures."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import streamlit as st

from ebm_engine.studies.specs.images import AisSpec, EnergiesSpec, KlTermSpec, OodSpec
from ebm_engine.views.images import ais
from ebm_engine.views.one_run import distance, energies
from pages.common.controls import block
from pages.common.figures import album
from pages.common.figures.album import Album
from pages.common.images import figures as drawn
from pages.common.images import measuring
from pages.common.images.composition import show_composition
from pages.common.tab import jobs, session
from pages.common.tab.session import Held

OOD, ENERGIES, KL_TERM = "ood", "energies", "kl-term"


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


def run_album(held: Held) -> Album:
    """The figures of a run on images, with what AIS has found of it so far."""
    found = measuring.points(held)
    return Album(
        {
            "Learning": {
                "cross-entropy": partial(ais.cross_entropy_curve, measured=found),
                "class-masses": partial(ais.class_bars, measured=found),
                "gradient-norms": energies.gradient_norms,
                "controllers": distance.controller_curves,
            },
            "Energies": {"mean-energies": energies.mean_energies},
            "Weights": album.WEIGHTS,
        },
        below={"Energies": _show_energies},
    )


def _show_energies(held: Held) -> None:
    st.markdown("**Energies of data, walkers and noise** under the newest checkpoint.")
    start = EnergiesSpec()
    measuring.study_of(held, ENERGIES, "Draw the histograms", start, drawn.draw_energies)


def _show_masses(held: Held) -> None:
    st.markdown(
        "No exact log Z exists here. Walkers can look perfectly proportioned while the model is "
        "not: those of PCD stay where the data put them. Annealed importance sampling (AIS) asks "
        "the model itself, with fresh walkers that climb from the Gaussian base to the energy and "
        "back."
    )
    now = session.view(held)
    draw = drawn.masses_beside(now.snapshot if now is not None else None)
    measuring.study_of(held, measuring.AIS, "Measure the model", AisSpec(), draw)


def _show_strange(held: Held) -> None:
    st.markdown(
        "Does the energy tell images of other kinds from held-out ones? The AUROC is the chance "
        "that it does; trivial baselines stand beside it."
    )
    measuring.study_of(held, OOD, "Test the energy", OodSpec(), drawn.draw_strange)


def _show_term(held: Held) -> None:
    st.markdown(
        "Improved CD adds a KL term to the gradient of contrastive divergence: the energy at the "
        "samples, seen through their last Langevin step, and their entropy. It keeps the sampler "
        "close to the model."
    )
    method = held.spec.method
    if not method.has_kl_term:
        st.info(f"This run trains by {method.title}. Choose Improved CD as its method.")
        return
    album.follow(held, drawn.draw_norms)
    if not (method.kl_weight or method.entropy_weight):
        st.info("The KL weight and the entropy weight are both 0: there is nothing to switch off.")
        return
    st.markdown("**The same run twice:** with the term and without, from update 0.")
    with st.container(horizontal=True, vertical_alignment="bottom", key=f"study-{KL_TERM}"):
        spec = block.controls(KlTermSpec(run=held.spec), KL_TERM)
        pressed = st.button("Train both", type="primary")
    if pressed:
        jobs.start(KL_TERM, KL_TERM, spec.model_dump(), held.spec)
    measuring.drop_outdated(KL_TERM, held)
    jobs.follow(KL_TERM, drawn.draw_gaps)


SECTIONS: dict[str, Callable[[Held], None]] = {
    "Model masses by AIS": _show_masses,
    "Out of distribution": _show_strange,
    "Composition": show_composition,
    "Improved CD": _show_term,
}
