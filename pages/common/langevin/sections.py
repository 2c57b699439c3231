"""The sections of the Langevin page: what is chosen in each, and what is shown of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import partial
from typing import Any, NamedTuple

import streamlit as st

from ebm_engine.server.hub.hub import UnknownRun, hub
from ebm_engine.spec.fields import Block
from ebm_engine.studies.recipes import RECIPES
from ebm_engine.studies.specs.chains import CHAIN_PRESETS, KERNELS, LANDSCAPES, STARTS, ChainsSpec
from ebm_engine.studies.specs.langevin import BiasSpec, EvidenceSpec, MissingSpec, RecipeSpec
from pages.common.controls import block
from pages.common.langevin import figures
from pages.common.tab import jobs, session
from pages.common.tab.link import choice, read
from pages.common.tab.offers import EXPLORER

Choose = Callable[[Mapping[str, str], list[str]], tuple[Any, dict[str, str]]]
TITLES = {"landscape": LANDSCAPES, "kernel": KERNELS, "start": STARTS}
RECIPE_TITLES = {"recipe": {name: recipe.title for name, recipe in RECIPES.items()}}


class Section(NamedTuple):
    """Title and opening sentence of a section.

    choose(link, problems): draw the controls, and return what they ask for and its query
    parameters; show: draw what was asked for.
    """

    title: str
    sentence: str
    choose: Choose
    show: Callable[[Any], None]


def _choose_chains(
    link: Mapping[str, str], problems: list[str]
) -> tuple[ChainsSpec, dict[str, str]]:
    names = list(CHAIN_PRESETS)
    linked = read([choice("preset", names)], link, problems).get("preset", names[0])
    preset = st.selectbox(
        "Preset",
        names,
        names.index(linked),
        format_func=lambda name: CHAIN_PRESETS[name].title,
        key="langevin-preset",
        help="Energy, kernel and lengths in one.",
    )
    start = ChainsSpec(**CHAIN_PRESETS[preset].changes)
    spec = block.read(start, link, problems) if preset == linked else start
    spec = block.controls(spec, f"chains.{preset}", TITLES)
    return spec, {"preset": preset} | block.changes(spec, start)


def _show_chains(spec: ChainsSpec) -> None:
    arguments = spec.model_dump()
    if spec.landscape == "model":
        arguments["checkpoint"] = _trained_model()
    draw = partial(figures.draw_chains, tested=spec.kernel in ("mala", "hmc"))
    jobs.show("chains", "langevin", arguments, draw)


def _trained_model() -> bytes:
    """The newest checkpoint of the explorer's run in this tab, b"" when there is none."""
    held = session.held(EXPLORER)
    with suppress(UnknownRun):
        return (hub().checkpoint(held.token) if held else None) or b""
    return b""


def _choose_bias(
    link: Mapping[str, str], problems: list[str]
) -> tuple[tuple[BiasSpec, RecipeSpec], dict[str, str]]:
    bias, recipe = BiasSpec(), RecipeSpec()
    spec = block.controls(block.read(bias, link, problems), "bias")
    st.divider()
    named = block.controls(block.read(recipe, link, problems), "recipe", RECIPE_TITLES)
    return (spec, named), block.changes(spec, bias) | block.changes(named, recipe)


def _show_bias(chosen: tuple[BiasSpec, RecipeSpec]) -> None:
    spec, named = chosen
    jobs.show("bias", "step-size-bias", spec.model_dump(), figures.draw_variances)
    figures.draw_recipe(RECIPES[named.recipe])


def _choose_block(start: Block, scope: str) -> Choose:
    """What draws the controls of a single block."""

    def choose(link: Mapping[str, str], problems: list[str]) -> tuple[Block, dict[str, str]]:
        spec = block.controls(block.read(start, link, problems), scope)
        return spec, block.changes(spec, start)

    return choose


def _show_evidence(spec: EvidenceSpec) -> None:
    draw = partial(figures.draw_evidence, noises=(spec.noise, spec.rival))
    jobs.show("evidence", "jala-em", spec.model_dump(), draw)


SECTIONS: dict[str, Section] = {
    "chains": Section(
        "Chains",
        "Chains walk on an energy that stays as it is. First look whether they cross over at "
        "all: a chain that never crosses has the right shape and the wrong masses.",
        _choose_chains,
        _show_chains,
    ),
    "bias": Section(
        "Step-size bias and temperature",
        "A Langevin chain without a test samples exp(−U) only as the step goes to 0, and only with "
        "the right noise. The order of noise and gradient decides in which direction it errs.",
        _choose_bias,
        _show_bias,
    ),
    "missing": Section(
        "The term CD leaves out",
        "The exact derivative of the CD objective is CD minus the third term. The KL term of "
        "improved CD adds it instead: a regulariser that keeps samples easy to reach.",
        _choose_block(MissingSpec(), "missing"),
        figures.draw_missing,
    ),
    "evidence": Section(
        "Latent variables: JALA-EM",
        "Weighted particles follow the posterior of a latent variable while θ climbs the evidence "
        "log p(y), and their weights estimate that evidence on the way.",
        _choose_block(EvidenceSpec(), "evidence"),
        _show_evidence,
    ),
}
