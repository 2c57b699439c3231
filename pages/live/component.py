"""A component of ours: an element of the page and the script that fills it."""

from __future__ import annotations

import functools

from streamlit.components import v2
from streamlit.components.v2.types import ComponentRenderer

from pages.live.routes import assets_version

# Streamlit sends inline scripts again with every update, so this one only imports the real module.
# Its own script tag tells the base path.
LOADER = """
const tag = document.querySelector('script[src*="static/js/"]');
const root = tag ? tag.src.replace(/static\\/js\\/.*$/, "") : "/";
const base = new URL(root, location.href).href;
const {{ render }} = await import(`${{base}}api/stage/{version}/{script}`);
export default (component) => render(component, base);
"""


@functools.cache
def component(
    name: str, *, html: str, script: str, isolate_styles: bool = True
) -> ComponentRenderer:
    """The component that shows `html` and hands it to the function `render` of `script`, a file of
    the stage; `isolate_styles=False` lets the script put styles into the page.
    """
    return v2.component(
        name,
        html=html,
        js=LOADER.format(version=assets_version(), script=script),
        isolate_styles=isolate_styles,
    )


def ignore() -> None:
    """A callback that does nothing: Streamlit keeps an event of a component only if it has one."""
