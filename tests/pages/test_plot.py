"""The plot component: its script comes from the installed package, below the app's base path."""

import asyncio
from importlib.metadata import version

from pages.live import plot


def test_plotly_is_served_from_this_machine_below_the_base_path():
    (route,) = plot.make_routes("/lab/")
    assert route.path == f"/lab/api/plotly/{version('plotly')}.js"
    assert plot.make_routes("")[0].path == f"/api/plotly/{version('plotly')}.js"
    response = asyncio.run(route.endpoint(None))
    with open(response.path, encoding="utf-8") as script:
        assert "plotly.js v" in script.read(200)
    assert response.media_type == "text/javascript"
