"""Own targets: a drawing on the plane, or points from a file.

Nothing of them is known to other browsers: a drawing travels in the link as the mixture it became,
points do not travel at all.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import streamlit as st

from ebm_engine.files import uploads
from ebm_engine.spec import drawn_target
from ebm_engine.spec.recommended import on_target
from ebm_engine.spec.run_spec import RunSpec, SpecError
from ebm_engine.spec.targets import MixtureTarget
from pages.common.tab import run_link, session
from pages.common.tab.plain_text import plain
from pages.common.tab.session import Held
from pages.live.editor import editor

KIND = "points"
NETWORK = "mlp"
LARGEST_MB = 5
UPLOAD_HELP = (
    "A CSV file of two columns, 10 to 50 000 rows, up to 5 MB. It stays in a temporary folder of "
    "this server until the server stops."
)


def offer_drawing(held: Held) -> None:
    """Draw the button that opens the editor, and the editor while it is open."""
    help_text, act = "Draw your own density.", session.open_editor
    st.button("Draw", icon=":material/draw:", help=help_text, key="draw", on_click=act)
    if session.editor_is_open():
        _dialog(held)


def upload(held: Held) -> RunSpec | None:
    """Draw the upload of own points; the spec on those that came, if any did."""
    file = st.file_uploader(
        "Points (CSV)",
        type=["csv", "tsv", "txt"],
        max_upload_size=LARGEST_MB,
        key=f"points#{held.scope}",
        help=UPLOAD_HELP,
    )
    if held.spec.target.kind == KIND:
        st.caption(run_link.NOT_CARRIED.format(KIND))
    elif file is None:
        st.caption("The run keeps its target until you upload points.")
    if file is None:
        return None
    return or_warning(lambda: _on_points(held.spec, uploads.keep_bytes(file.getvalue())))


@st.dialog("Draw your own density", width="large", on_dismiss=session.close_editor)
def _dialog(held: Held) -> None:
    used = editor(_modes(held.spec), key=f"editor-{held.scope}")
    if used is None:
        return
    spec = or_warning(lambda: _from_drawing(held.spec, used))
    if spec is not None:
        session.close_editor()
        session.switch(held.slot, spec)
        st.rerun()


def _from_drawing(spec: RunSpec, used: dict[str, Any]) -> RunSpec:
    """The spec on what the editor sent: a mixture, or painted points."""
    if used.get("kind") == "points":
        return _on_points(spec, uploads.keep(uploads.to_text(used.get("points"))))
    return on_target(spec, drawn_target.mixture(used.get("modes")), NETWORK)


def _on_points(spec: RunSpec, path: str) -> RunSpec:
    """The spec on own points."""
    return on_target(spec, {"kind": KIND, "path": path})


def _modes(spec: RunSpec) -> list[list[float]]:
    """The modes (x, y, mass, std) to start from: those of a mixture on the plane, else none."""
    target = spec.target
    if not isinstance(target, MixtureTarget) or spec.dim != 2:
        return []
    rows = zip(target.means, target.masses, target.widths, strict=True)
    return [[*mean, mass, std] for mean, mass, std in rows]


def or_warning(make: Callable[[], RunSpec]) -> RunSpec | None:
    """What `make` gives, or None and its one sentence: the run goes on."""
    try:
        return make()
    except (SpecError, ValueError) as error:
        st.warning(plain(f"{str(error).rstrip('.')}. The run goes on."))
        return None
