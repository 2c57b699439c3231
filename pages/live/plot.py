"""A Plotly figure that is updated in place.

Streamlit's own chart is built anew whenever its data change: its zoom is lost, and while a run
plays it mostly shows an empty frame. This component keeps one plot and gives it new data. The
script comes from the installed plotly package, so nothing is loaded from another host.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib.metadata import version
from importlib.resources import files
from typing import Any

from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import BaseRoute, Route

from pages.live.component import component, ignore

PLOTLY = f"api/plotly/{version('plotly')}.js"  # below the base path


def plot(
    figure: str,
    *,
    key: str,
    alt: str,
    config: dict[str, Any],
    on_click: Callable[[dict[str, Any]], None] | None = None,
) -> None:
    """Show a figure given as Plotly JSON; `alt` describes it in words.

    on_click({"trace", "x", "y"}) is called once for each click on a mark.
    """
    data = {
        "figure": figure,
        "alt": alt,
        "config": config,
        "clickable": on_click is not None,
        "library": PLOTLY,
    }
    show = component(
        "ebm_plot",
        html='<div class="plot" role="figure"></div>',
        script="plot.js",
        isolate_styles=False,  # Plotly puts its styles into the page
    )
    if on_click is None:
        show(key=key, data=data)
        return
    clicked = show(key=key, data=data, on_clicked_change=ignore).clicked
    if clicked:
        on_click(clicked)


def make_routes(base_path: str) -> list[BaseRoute]:
    """plotly.js itself, below `base_path`."""
    base = "/" + base_path.strip("/") if base_path.strip("/") else ""
    return [Route(f"{base}/{PLOTLY}", _script)]


async def _script(_: Request) -> Response:
    forever = {"Cache-Control": "public, max-age=31536000, immutable"}
    script = files("plotly") / "package_data" / "plotly.min.js"
    return FileResponse(str(script), media_type="text/javascript", headers=forever)
