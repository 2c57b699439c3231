"""A study's block as widgets and as query parameters.

A link holds the values of the block that differ from its start. Reading never raises: each bad
value costs one sentence and its default is used.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, TypeVar

import streamlit as st
from pydantic import ValidationError

from ebm_engine.spec.edit import explain
from ebm_engine.spec.fields import Block
from ebm_engine.spec.knobs import Knob, block_knobs
from pages.common.controls.widgets import tooltip, widget
from pages.common.tab import address
from pages.common.tab.plain_text import plain

MAX_VALUE = 100  # characters of one value

B = TypeVar("B", bound=Block)
Titles = Mapping[str, Mapping[str, str]]  # of the values of a choice, by field


def ours() -> dict[str, str]:
    """The parameters of the link that are not Streamlit's own."""
    return address.ours(st.query_params.to_dict())


def read(start: B, params: Mapping[str, str], problems: list[str]) -> B:
    """The block with the values of a link; sentences on bad ones are added to `problems`."""
    block = start
    for name, field in type(start).model_fields.items():
        if name in params and (field.json_schema_extra or {}).get("label"):
            try:
                block = _changed(block, name, _value(params[name]))
            except ValidationError as error:
                problems.append(f"{explain(error)}; {getattr(start, name)} is used.")
    return block


def write(section: str, texts: Mapping[str, str], *pairs: tuple[Block, Block]) -> None:
    """Make the address bar hold the section, some texts, and each block's changes (block, start).

    Parameters that are not ours stay.
    """
    query = {"section": section, **texts}
    for block, start in pairs:
        for knob in block_knobs(block):
            value = getattr(block, knob.path)
            if value != getattr(start, knob.path):
                query[knob.path] = value if isinstance(value, str) else json.dumps(value)
    present = st.query_params.to_dict()
    if address.ours(present) != query:
        others = {k: v for k, v in present.items() if k in address.FOREIGN}
        st.query_params.from_dict(others | query)


def controls(block: B, scope: str, titles: Titles | None = None) -> B:
    """Draw the widgets of a block and return the block they ask for."""
    for name in type(block).model_fields:
        # Looked up anew each time: a choice decides which of the later fields have an effect.
        knob = {k.path: k for k in block_knobs(block)}.get(name)
        if knob is not None:
            value = _draw(knob, getattr(block, name), scope, (titles or {}).get(name))
            try:
                block = _changed(block, name, value)
            except ValidationError as error:
                st.warning(plain(f"{explain(error)}. {getattr(block, name)} is used."))
    return block


def _draw(knob: Knob, value: Any, scope: str, names: Mapping[str, str] | None) -> Any:
    if names is None:
        return widget(knob, value, scope, typed=False)
    options, key = list(names), f"{knob.path}#{scope}"
    return st.selectbox(
        knob.label,
        options,
        options.index(value),
        format_func=names.__getitem__,
        key=key,
        help=tooltip(knob),
    )


def _changed(block: B, name: str, value: Any) -> B:
    if value == getattr(block, name) and type(value) is type(getattr(block, name)):
        return block
    return type(block).model_validate(block.model_dump() | {name: value})


def _value(text: str) -> Any:
    if len(text) > MAX_VALUE:
        return text[:MAX_VALUE]
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text
