"""The term that contrastive divergence leaves out, as bars beside the exact derivative.

For C(θ) = KL(data ‖ model) − KL(q ‖ model), q the law after one Langevin step, dC/dθ is the CD part
minus the third term. Improved CD (Du et al. 2021, arXiv 2012.01316) follows CD plus third.
"""

from __future__ import annotations

import plotly.graph_objects as go

from ebm_engine.views.style.palette import PALETTES, Theme
from ebm_engine.views.style.theme import Captioned, finish, number

NAMES = ("CD part", "third term", "CD − third", "CD + third")
FORM = ".4f"


def missing_term_bars(
    cd_part: float, third_term: float, exact: float, theme: Theme = "light"
) -> Captioned:
    """CD part | third term | CD − third | CD + third; `exact`, a difference quotient, dashed.

    All in nats per unit of θ.
    """
    values = [cd_part, third_term, cd_part - third_term, cd_part + third_term]
    figure = go.Figure([_bars(values, theme), _truth(exact, theme)])
    finish(figure, theme, "What contrastive divergence leaves out", 420)
    figure.update_xaxes(showgrid=False)
    figure.update_yaxes(title_text="nats per unit of θ", zeroline=True)
    named = ", ".join(f"{n} {number(v, FORM)}" for n, v in zip(NAMES, values, strict=True))
    alt = f"Derivatives of the CD objective: {named}; exact {number(exact, FORM)}."
    return Captioned(figure, alt, _caption(values, exact))


def _bars(values: list[float], theme: Theme) -> go.Bar:
    """Terms filled, the right sum in the model's colour, the other sum hollow."""
    colors = PALETTES[theme]
    fills = [colors.cd, colors.muted, colors.model, colors.walker(0.06)]
    edges = [colors.cd, colors.muted, colors.model, colors.model]
    return go.Bar(
        x=list(NAMES),
        y=values,
        width=0.6,
        marker={"color": fills, "line": {"color": edges, "width": 2}},
        text=[number(value, FORM) for value in values],
        textposition="outside",
        cliponaxis=False,
        showlegend=False,
        hovertemplate="%{x} %{y:.6f}<extra></extra>",
    )


def _truth(exact: float, theme: Theme) -> go.Scatter:
    """A dashed line at the derivative that only uses values of C."""
    return go.Scatter(
        x=list(NAMES),
        y=[exact] * len(NAMES),
        mode="lines",
        name="exact derivative, by numeric differentiation",
        line={"color": PALETTES[theme].ink, "width": 2, "dash": "dash"},
        hovertemplate="exact %{y:.6f}<extra></extra>",
    )


def _caption(values: list[float], exact: float) -> str:
    minus, plus = (number(abs(value - exact), ".1e") for value in values[2:])
    return (
        "Closed forms without any samples: E = θx²/2, Gaussian data, q the data after one Langevin "
        "step. The exact derivative of KL(data ‖ model) − KL(q ‖ model) is the CD part minus the "
        f"third term (difference {minus}). The KL term of improved CD adds the third term (hollow "
        f"bar, {plus} away): it is a regulariser that keeps the sampler near the model, not the "
        "missing part of the CD gradient."
    )
