"""The link of a page: a table of its query parameters, read and written here for all pages.

Reading never raises: each bad value costs one sentence, and what the page has without it is used.
An empty value counts as none.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

import streamlit as st

from ebm_engine.spec.repair import shown

FOREIGN = frozenset({"embed", "embed_options", "transport"})  # read by others
STAY = FOREIGN | {"present"}  # parameters that no page takes out of the address bar
LONGEST = 400  # characters of one value
MOST_PARTS = 100  # of a list

T = TypeVar("T")


def text_of(value: Any) -> str:
    """A value as a link has it: text as it is, everything else as compact JSON."""
    return value if isinstance(value, str) else json.dumps(value, separators=(",", ":"))


def value_of(text: str) -> Any:
    """The value of a text: that of its JSON, or the text itself."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text


def whole_number(text: str) -> int:
    """A whole number without sign. Raises ValueError."""
    if not (text.isascii() and text.isdigit()):
        raise ValueError("is not a whole number above 0")
    return int(text)


@dataclass(frozen=True)
class Field:
    """A query parameter of a page.

    read: the value of a text, raises ValueError with the end of a sentence; write: the text of a
    value, "" to leave it out; otherwise: what happens with a bad value, in words; parts: the text
    is a list with commas between, read and written part by part.
    """

    name: str
    read: Callable[[str], Any] = str
    write: Callable[[Any], str] = text_of
    otherwise: str = "its default is used"
    parts: bool = False
    longest: int = LONGEST


def choice(name: str, known: Iterable[str], default: str = "") -> Field:
    """The parameter that names one of several things, the first of which is the default."""
    names = list(known)

    def read_name(text: str) -> str:
        if text not in names:
            raise ValueError(f"is unknown, it must be one of {', '.join(names)}")
        return text

    return Field(name, read_name, otherwise=f"{default or names[0]} is used")


def read(fields: Iterable[Field], params: Mapping[str, str], problems: list[str]) -> dict[str, Any]:
    """{name: value} of the parameters that are there and good; the others add to `problems`."""
    values = {}
    for one in fields:
        text = params.get(one.name, "")
        if len(text) > one.longest:
            problems.append(
                f"{one.name} has {len(text)} characters, the limit is {one.longest}; "
                f"{one.otherwise}."
            )
        elif one.parts and text:
            values[one.name] = _parts(one, text, problems)
        elif text:
            try:
                values[one.name] = one.read(text)
            except ValueError as error:
                problems.append(f"{one.name} = {shown(text)} {error}; {one.otherwise}.")
    return values


def _parts(one: Field, text: str, problems: list[str]) -> tuple[Any, ...]:
    """The values of a list without those that are bad."""
    texts = [part.strip() for part in text.split(",") if part.strip()]
    if len(texts) > MOST_PARTS:
        problems.append(
            f"{one.name} has {len(texts)} parts, the limit is {MOST_PARTS}; none is used."
        )
        return ()
    values = []
    for part in texts:
        try:
            values.append(one.read(part))
        except ValueError as error:
            problems.append(f"{one.name} has {shown(part)}, which {error}; it is left out.")
    return tuple(values)


def fitted(
    values: Mapping[str, Any], make: Callable[[dict[str, Any]], T], problems: list[str]
) -> T:
    """What `make` builds of all values where they fit together, else of those that fit in turn.

    `make` raises ValueError with the start of a sentence, never on {}.
    """
    try:
        return make(dict(values))
    except ValueError:
        kept: dict[str, Any] = {}
    for name, value in values.items():
        try:
            make(kept | {name: value})
            kept[name] = value
        except ValueError as error:
            about = "" if str(error).startswith(f"{name} ") else f"{name}: "
            problems.append(f"{about}{error}; its default is used.")
    return make(kept)


def query(fields: Iterable[Field], values: Mapping[str, Any]) -> dict[str, str]:
    """The query parameters of these values, without those whose text is empty."""
    texts = {}
    for one in fields:
        if one.name in values:
            value = values[one.name]
            texts[one.name] = ",".join(map(one.write, value)) if one.parts else one.write(value)
    return {name: text for name, text in texts.items() if text}


def given(names: Iterable[str] | None = None, without: Iterable[str] = FOREIGN) -> dict[str, str]:
    """The parameters of the address bar that have a value: those named, or all `without` some."""
    present = {str(name): str(text) for name, text in st.query_params.to_dict().items() if text}
    if names is not None:
        return {name: present[name] for name in names if name in present}
    return {name: text for name, text in present.items() if name.lower() not in without}


def write(texts: Mapping[str, str], stay: Iterable[str] = STAY) -> None:
    """Make the address bar hold these parameters, and those that stay."""
    present = st.query_params.to_dict()
    wanted = {name: text for name, text in present.items() if name in stay} | dict(texts)
    if present != wanted:
        st.query_params.from_dict(wanted)


@dataclass
class PageLink:
    """The link of a page as this tab last read or wrote it.

    problems: sentences on it; edition: how many links were read, widgets start again with each.
    """

    query: dict[str, str] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)
    edition: int = 0

    def is_new(self, params: dict[str, str], *, bare: bool = False) -> bool:
        """Take note of a link; whether it is another one. One without parameters is if `bare`."""
        if params == self.query or not (params or bare):
            return False
        self.query, self.problems, self.edition = params, [], self.edition + 1
        return True

    def write(self, texts: dict[str, str], stay: Iterable[str] = STAY) -> None:
        """Make the address bar hold these parameters, which are then no new link."""
        self.query = texts
        write(texts, stay)
