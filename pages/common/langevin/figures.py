"""The figures of the Langevin page, from the results of its jobs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import streamlit as st

from ebm_engine.studies.missing_term import missing_term
from ebm_engine.studies.recipes import RECIPES, Recipe
from ebm_engine.studies.specs.langevin import MissingSpec
from ebm_engine.views.langevin import chain_statistics, chains, step_bias
from ebm_engine.views.langevin.jala_em import LatentSeries, latent_curves
from ebm_engine.views.langevin.missing_term import missing_term_bars
from ebm_engine.views.style.theme import number
from pages.common.figures.show import show, show_grid, theme

CASES = ((1.0, 0.1, 0.5), (1.0, 0.1, 2.0), (4.0, 0.05, 0.7), (0.25, 0.2, 3.0))  # s², η, θ
MODELS = ("First model", "Rival")


def draw_chains(result: Mapping[str, Any], *, tested: bool) -> None:
    """The numbers of the chains, then six figures."""
    series, look = chains.ChainSeries(**result), theme()
    st.caption(_numbers(series, tested))
    readings = {
        "short": chains.chain_map(series, look, short=True),
        "map": chains.chain_map(series, look),
        "traces": chains.traces(series, look),
        "masses": chain_statistics.short_against_long(series, look),
        "autocorrelation": chain_statistics.autocorrelation(series, look),
        "moment": chain_statistics.second_moment(series, look),
    }
    show_grid("langevin-", readings)


def _numbers(series: chains.ChainSeries, tested: bool) -> str:
    accepted = (
        f"The test accepted {number(series.acceptance, '.3f')} ± "
        f"{number(2 * series.acceptance_se, '.1g')} of {series.count * series.step} proposals."
        if tested
        else "This kernel has no test and takes every step."
    )
    return f"{chains.crossing_sentence(series)} {accepted}"


def draw_variances(result: Mapping[str, Any]) -> None:
    """Stationary variance against the step size."""
    show("langevin-variances", step_bias.variance_curves(step_bias.BiasSeries(**result), theme()))


def draw_recipe(recipe: Recipe) -> None:
    """What a published recipe samples, and the table of all of them."""
    left, right = st.columns(2)
    with left:
        drawn = step_bias.temperature_map(recipe.temperature, recipe.title, theme())
        show("langevin-temperature", drawn)
        if recipe.note:
            st.caption(recipe.note)
    with right:
        st.markdown("**Public recipes and their temperature T = σ²/2η**")
        head = (
            "| recipe | η | σ | T | σ for T = 1 | variance on N(0, 1) |\n|---|---|---|---|---|---|"
        )
        st.markdown("\n".join([head, *map(_recipe_row, RECIPES.values())]))
        st.caption(
            "Closed forms: a cold recipe is gradient descent with a little jitter. From η = 2 on, "
            "a chain on N(0, 1) diverges."
        )


def _recipe_row(recipe: Recipe) -> str:
    settled = number(recipe.variance) if np.isfinite(recipe.variance) else "diverges"
    numbers = (recipe.step_size, recipe.noise, recipe.temperature, recipe.proper_noise)
    cells = [recipe.title, *(number(n) for n in numbers), settled]
    return f"| {' | '.join(cells)} |"


def draw_missing(spec: MissingSpec) -> None:
    """The bars of the chosen Gaussian, and four more Gaussians as a table."""
    terms = missing_term(spec.data_variance, spec.step_size, spec.theta)
    drawn = missing_term_bars(terms.cd_part, terms.third_term, terms.numeric, theme())
    show("langevin-missing", drawn)
    head = "| s², η, θ | exact, numeric | CD part | third term | CD − third | CD + third |"
    rows = [head, "|---|---|---|---|---|---|", *(_case_row(*case) for case in CASES)]
    st.markdown("\n".join(rows))
    st.caption(
        "Four more Gaussians, computed now, in nats per unit of θ: CD − third is the numeric "
        "derivative in every row, CD + third in none."
    )


def _case_row(variance: float, step: float, theta: float) -> str:
    terms = missing_term(variance, step, theta)
    values = (terms.numeric, terms.cd_part, terms.third_term, terms.exact, terms.regularised)
    cells = [f"{variance:g}, {step:g}, {theta:g}", *(number(v, ".6f") for v in values)]
    return f"| {' | '.join(cells)} |"


def draw_evidence(result: Mapping[str, Any], *, noises: tuple[float, float]) -> None:
    """Evidence and parameter of both models, and the Bayes factor between them."""
    if "bayes" in result:
        estimate, independent = (_nats(result, name) for name in ("bayes", "witness"))
        st.markdown(
            f"Log Bayes factor of the first model over its rival: **{estimate}** from the "
            f"particles that steer θ, **{independent}** from independent ones on the same path, "
            f"exact **{number(result['bayes_exact'], '.3f')}** nats (± 2 s.e.; "
            f"{result['walkers']} particles each)."
        )
    for place, column in enumerate(st.columns(2)):
        if f"theta_{place}" in result:
            with column:
                st.markdown(f"**{MODELS[place]}, σ = {noises[place]:g}**")
                show(f"langevin-latent-{place}", latent_curves(_latent(result, place), theme()))


def _nats(result: Mapping[str, Any], name: str) -> str:
    return f"{number(result[name], '.3f')} ± {number(2 * result[f'{name}_se'], '.2g')}"


def _latent(result: Mapping[str, Any], place: int) -> LatentSeries:
    found = {n: result[f"{n}_{place}"] for n in LatentSeries._fields if n != "walkers"}
    return LatentSeries(**found, walkers=result["walkers"])
