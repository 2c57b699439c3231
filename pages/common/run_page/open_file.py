"""Open a file: a run file goes on where it was, a model file starts a run at its parameters.

Anything wrong with a file costs one sentence, and the present run goes on.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

import streamlit as st

from ebm_engine.files import model_file
from ebm_engine.files.model_file import FORMAT, MOST_BYTES, SUFFIX, ModelFileError
from ebm_engine.run import checkpoint_file
from ebm_engine.run.checkpoint_file import CheckpointError
from ebm_engine.server.hub.hub import HubFull, hub
from ebm_engine.spec.kinds import IMAGE_TARGETS
from ebm_engine.spec.run_spec import RunSpec, SpecError
from pages.common.tab import display, jobs, run_link, session
from pages.common.tab.offers import IMAGES
from pages.common.tab.offers import offer as offered
from pages.common.tab.plain_text import plain
from pages.common.tab.session import Held

JOB = "open-model"
HELP = "A run file or a model file of this lab, up to 64 MiB. It replaces the current run, paused."


class NotHereError(ValueError):
    """A sound file that this page cannot show; the message is one sentence."""


def offer(held: Held) -> None:
    """Draw the upload; a good file takes the place of the run."""
    news = st.container()  # above the upload: a small screen cuts off what comes below it
    file = st.file_uploader(
        "Run or model (safetensors)",
        max_upload_size=MOST_BYTES // 2**20,
        key=f"open#{held.scope}",
        help=HELP,
        label_visibility="collapsed",
    )
    if file is None:
        return
    with news:
        try:
            _take(held, file.name, file.getvalue())
        except HubFull:
            st.warning(session.FULL)
        except (ModelFileError, CheckpointError, SpecError, NotHereError) as error:
            text = str(error).rstrip(".")
            st.warning(plain(f"{text[:1].upper()}{text[1:]}. The run goes on."))


def _take(held: Held, name: str, content: bytes) -> None:
    """Put the run of a file into the place of the present one; raises on anything wrong."""
    if not name.lower().endswith(SUFFIX):
        raise ModelFileError(f"the file is called {name}, but its name must end with {SUFFIX}")
    model_file.check_size(content)
    if model_file.header_of(content).get("format") == FORMAT:
        model = model_file.read_model(content)
        _check_place(model.spec, held)
        jobs.show(JOB, "model-start", {"content": content}, partial(_started, held))
        return
    _check_place(checkpoint_file.admit(content), held)
    _adopt(held, content)


def _started(held: Held, result: Mapping[str, Any]) -> None:
    """The helper has made a run of the model."""
    jobs.drop(JOB)
    try:
        _adopt(held, result["checkpoint"].tobytes())
    except HubFull:
        st.warning(session.FULL)


def _adopt(held: Held, checkpoint: bytes) -> None:
    """Show the run of a checkpoint in place of the present one, and begin the page anew."""
    token = hub().admit(checkpoint, play=False)
    fresh = session.adopt(held.slot, token, hub().view(token).spec, held.preset)
    session.write_link(fresh, display.query(held.slot))  # else the old link would change the run
    st.rerun()


def _check_place(spec: RunSpec, held: Held) -> None:
    """Raise NotHereError unless this page can show runs of this kind."""
    kind, on_images = spec.target.kind, held.slot == IMAGES
    if kind in run_link.OWN:
        raise NotHereError(f"the run was trained on own {kind}, which the file does not contain")
    if (kind in IMAGE_TARGETS) != on_images:
        page = "Densities in 2-D" if on_images else "Images"
        raise NotHereError(f"the run was trained on {kind}: open it on the page “{page}”")
    if kind not in offered(held.slot).kinds["target"]:
        raise NotHereError(f"the run was trained on {kind}, which this machine does not have")
