"""Own images as the target of a run, from a zip of PNG or JPEG files or an NPZ file.

Nothing of them is known to other browsers: a link says at most that there were some.
"""

from __future__ import annotations

import streamlit as st

from ebm_engine.files import own_images
from ebm_engine.files.own_images import KIND, OwnFile
from ebm_engine.spec.run_spec import RunSpec
from pages.common.controls import panel
from pages.common.controls.own_target import or_warning
from pages.common.tab import display, run_link, session
from pages.common.tab.plain_text import plain
from pages.common.tab.session import Held

UPLOAD_HELP = (
    f"{own_images.FORMAT} The file stays in a temporary folder of this server until the "
    "server stops."
)
NOTHING_YET = "The run keeps its images until you upload a file."
SHOWN_CLASSES = 6


def choose(held: Held, energy_help: str) -> RunSpec:
    """Draw the upload and the choices of energy and method; the spec that they ask for."""
    came = _upload(held)
    if came is not None:
        return came
    file = _files().get(getattr(held.spec.target, "path", ""))
    if held.spec.target.kind == KIND:
        about = f"{_described(file)} " if file else ""
        st.caption(plain(about + run_link.NOT_CARRIED.format(KIND)))
    else:
        st.caption(NOTHING_YET)
    asked = panel.energy_and_method(held, held.spec, energy_help)
    why_not = own_images.why_no_cnn(file) if file and asked.energy.kind == "cnn" else ""
    if why_not:
        st.warning(plain(f"{why_not}. The run goes on with {held.spec.energy.kind}."))
        return held.spec
    return asked


def _upload(held: Held) -> RunSpec | None:
    """Draw the upload; the spec on images that came just now, if any did."""
    options = display.of(held.slot)
    if not (options.shows("target") and options.frees("target")):
        return None
    given = st.file_uploader(
        "Images (zip or NPZ)",
        type=["zip", "npz"],
        max_upload_size=own_images.LARGEST_MB,
        key=f"images#{held.scope}",
        help=UPLOAD_HELP,
    )
    if given is None:
        return None
    return or_warning(lambda: _on_file(held.spec, given.getvalue()))


def _on_file(spec: RunSpec, content: bytes) -> RunSpec:
    file = own_images.keep_bytes(content)
    _files()[file.path] = file
    return own_images.on_images(spec, file)


def _files() -> dict[str, OwnFile]:
    """What is known of the files of this tab, by path."""
    return session.kept("own images", dict)


def _described(file: OwnFile) -> str:
    """Number, size and classes of the images in a sentence."""
    height, width = file.size
    names = ", ".join(file.names[:SHOWN_CLASSES])
    more = len(file.names) - SHOWN_CLASSES
    listed = names + (f" and {more} more" if more > 0 else "")
    count = f"{file.training} images of {width} × {height} pixels"
    return f"{count}, {file.held_out} more held out. Classes: {listed}. {file.remark}".rstrip()
