"""A study's block as widgets and as query parameters: the values that differ from its start."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

import streamlit as st
from pydantic import ValidationError

from ebm_engine.spec.edit import explain
from ebm_engine.spec.fields import Block
from ebm_engine.spec.knobs import Knob, block_knobs
from ebm_engine.spec.run_spec import SpecError
from pages.common.controls.widgets import tooltip, widget
from pages.common.tab import link
from pages.common.tab.link import Field
from pages.common.tab.plain_text import plain

MAX_VALUE = 100  # characters of one value

B = TypeVar("B", bound=Block)
Titles = Mapping[str, Mapping[str, str]]  # of the values of a choice, by field


def read(start: B, params: Mapping[str, str], problems: list[str]) -> B:
    """The block with the values of a link; sentences on bad ones are added to `problems`."""
    named = [
        n for n, f in type(start).model_fields.items() if (f.json_schema_extra or {}).get("label")
    ]
    fields = [Field(name, link.value_of, longest=MAX_VALUE) for name in named]
    values = link.read(fields, params, problems)
    return link.fitted(values, lambda some: _changed(start, some), problems)


def changes(block: Block, start: Block) -> dict[str, str]:
    """The query parameters of what differs between a block and its start."""
    values = {knob.path: getattr(block, knob.path) for knob in block_knobs(block)}
    return {n: link.text_of(v) for n, v in values.items() if v != getattr(start, n)}


def controls(block: B, scope: str, titles: Titles | None = None) -> B:
    """Draw the widgets of a block and return the block they ask for."""
    for name in type(block).model_fields:
        # Looked up anew each time: a choice decides which of the later fields have an effect.
        knob = {k.path: k for k in block_knobs(block)}.get(name)
        if knob is not None:
            value = _draw(knob, getattr(block, name), scope, (titles or {}).get(name))
            try:
                block = _changed(block, {name: value})
            except SpecError as error:
                st.warning(plain(f"{error}. {getattr(block, name)} is used."))
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


def _changed(block: B, values: Mapping[str, Any]) -> B:
    """The block with other values. Raises SpecError."""
    try:
        return type(block).model_validate({**block.model_dump(), **values})
    except ValidationError as error:
        raise SpecError(explain(error)) from None
