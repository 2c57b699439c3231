"""The share link: a RunSpec as query parameters and back.

A link holds `v` (version of this format), `preset`, the kinds of `target`, `energy`, `method` and
`optimizer` where they differ from the preset, and one `block.field=value` for every field that
differs from the preset with those kinds. Lists are compact JSON. Reading never raises: each bad
value costs one sentence and falls back to its default, everything else is kept. Own points and own
images are files of the server: their path is never written into a link and never read from one.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from ebm_engine.spec.edit import flatten, flatten_content
from ebm_engine.spec.fields import Block
from ebm_engine.spec.kinds import KINDS
from ebm_engine.spec.presets import Preset, preset
from ebm_engine.spec.repair import best_spec, shown, with_kinds
from ebm_engine.spec.run_spec import RunSpec
from pages.common.tab.offers import EXPLORER, Offer, offer

VERSION = 1
MAX_KEYS = 60
MAX_VALUE = 8000  # characters of one value
MAX_NAMED = 5  # unknown names listed in one sentence
FOREIGN = frozenset({"embed", "embed_options", "transport"})  # not ours: read by others, kept
# What is shown (scene.py) or compared (comparison_link.py), not what a run is.
SCENE = frozenset({"view", "layers", "hide", "lock", "present", "by", "values"})
OWN = ("points", "images")  # targets that are files of the server
PATH = "target.path"
NOT_CARRIED = (
    "A link cannot carry own points: whoever opens it sees the target of the preset in their place."
)
REFUSED = "Own points and own images never come with a link; the target of the preset is used."


def to_query(preset_name: str, spec: RunSpec) -> dict[str, str]:
    """The query parameters that describe `spec` as a deviation from a preset, files left out.

    Of own points or images the link only says that there were some.
    """
    start = preset(preset_name).spec
    kinds = {head: getattr(spec, head).kind for head in KINDS}
    kinds = {head: kind for head, kind in kinds.items() if kind != getattr(start, head).kind}
    before, after = flatten_content(with_kinds(start, kinds)), flatten(spec)
    changed = {p: _text(after[p]) for p in after if p != PATH and after[p] != before[p]}
    return {"v": str(VERSION), "preset": preset_name} | kinds | changed


def from_query(
    params: Mapping[str, str], known_here: Offer | None = None
) -> tuple[str, RunSpec, list[str]]:
    """Preset name, spec and one sentence per problem from query parameters; never raises.

    `known_here` is what the page offers, by default that of the plane.
    """
    problems: list[str] = []
    here = known_here or offer(EXPLORER)
    given = _refuse_files(_bounded(params, problems), problems)
    _check_version(given.pop("v", str(VERSION)), problems)
    chosen = _choose_preset(given.pop("preset", ""), here.presets, problems)
    kinds = {head: given.pop(head, "") for head in KINDS}
    kinds = {
        head: kind
        for head, kind in kinds.items()
        if kind and _is_kind(chosen.spec, head, kind, here.kinds[head], problems)
    }
    content = with_kinds(chosen.spec, kinds)
    known = {path for path in flatten_content(content) if not path.endswith(".kind")}
    values = {path: _value(text) for path, text in given.items() if path in known}
    _name_unknown([path for path in given if path not in known], content, problems)
    return chosen.name, best_spec(chosen.spec, kinds, values, problems), problems


def ours(params: Mapping[str, str]) -> dict[str, str]:
    """The parameters of the run: without those that say what is shown, or that others read."""
    others = FOREIGN | SCENE
    return {str(k): str(v) for k, v in params.items() if str(k).lower() not in others}


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, separators=(",", ":"))


def _value(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text


def _bounded(params: Mapping[str, str], problems: list[str]) -> dict[str, str]:
    """Our parameters, without those that are absurdly many or long."""
    given = ours(params)
    if len(given) > MAX_KEYS:
        problems.append(
            f"The link has {len(given)} parameters, the limit is {MAX_KEYS}; the rest was left out."
        )
        given = dict(list(given.items())[:MAX_KEYS])
    for name in [k for k, v in given.items() if len(k) + len(v) > MAX_VALUE]:
        length = len(name) + len(given.pop(name))
        problems.append(
            f"{shown(name)} is {length} characters long, the limit is {MAX_VALUE}; "
            "its default is used."
        )
    return given


def _check_version(text: str, problems: list[str]) -> None:
    value = _value(text)
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        problems.append(f"v = {shown(text)} is not a version of this link, {VERSION} is assumed.")
    elif value > VERSION:
        problems.append(
            f"This link is of version {shown(text)} and this app reads up to {VERSION}; "
            "what it does not know was left out."
        )


def _choose_preset(name: str, known: Mapping[str, Preset], problems: list[str]) -> Preset:
    default = next(iter(known))
    if name and name not in known:
        problems.append(
            f"preset = {shown(name)} is unknown, it must be one of {', '.join(known)}; "
            f"{default} is used."
        )
    return known.get(name, known[default])


def _refuse_files(given: dict[str, str], problems: list[str]) -> dict[str, str]:
    """The parameters without own targets: a link never names a file of the server."""
    own = given.get("target") in OWN
    if not own and PATH not in given:
        return given
    problems.append(REFUSED)
    return {k: v for k, v in given.items() if k != PATH and not (own and k.startswith("target"))}


def _is_kind(
    start: RunSpec, head: str, kind: str, known: Mapping[str, type[Block]], problems: list[str]
) -> bool:
    if kind in known:
        return True
    problems.append(
        f"{head} = {shown(kind)} is unknown, it must be one of {', '.join(known)}; "
        f"{getattr(start, head).kind} is used."
    )
    return False


def _name_unknown(names: list[str], content: dict[str, Any], problems: list[str]) -> None:
    if not names:
        return
    listed = ", ".join(shown(n) for n in names[:MAX_NAMED])
    if len(names) > MAX_NAMED:
        listed += f" and {len(names) - MAX_NAMED} more"
    verb = "is" if len(names) == 1 else "are"
    chosen = [f"{head} {content[head]['kind']}" for head in KINDS]
    problems.append(
        f"{listed} {verb} unknown with {', '.join(chosen[:-1])} and {chosen[-1]}, and left out."
    )
