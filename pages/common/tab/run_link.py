"""The link of a run: a RunSpec as query parameters and back.

A link holds `v` (version of this format), `preset`, the kinds of `target`, `energy`, `method` and
`optimizer` where they differ from the preset, and one `block.field=value` for every field that
differs from the preset with those kinds. Lists are compact JSON. Own points and own images are
files of the server: their path is never written into a link and never read from one.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ebm_engine.spec.edit import flatten, flatten_content
from ebm_engine.spec.kinds import ALL_TARGETS, KINDS
from ebm_engine.spec.presets import preset
from ebm_engine.spec.repair import best_spec, shown, with_kinds
from ebm_engine.spec.run_spec import RunSpec
from pages.common.tab import link
from pages.common.tab.link import Field, choice
from pages.common.tab.offers import EXPLORER, Offer, offer

VERSION = 1
MAX_KEYS = 60
MAX_VALUE = 8000  # characters of one value
MAX_NAMED = 5  # unknown names listed in one sentence
SHOWN = frozenset({"view", "layers", "hide", "lock", "present", "by", "values"})
NOT_A_RUN = link.FOREIGN | SHOWN  # parameters that say what is shown, compared, or read by others
OWN = tuple(kind for kind, target in ALL_TARGETS.items() if target.own_file)
PATH = "target.path"
NOT_CARRIED = "A link cannot carry own {}: whoever opens it gets the target of the preset instead."
REFUSED = "Own points and own images never come with a link; the target of the preset is used."


def to_query(preset_name: str, spec: RunSpec) -> dict[str, str]:
    """The query parameters that describe `spec` as a deviation from a preset, files left out.

    Of own points or images the link only says that there were some.
    """
    start = preset(preset_name).spec
    kinds = {head: getattr(spec, head).kind for head in KINDS}
    kinds = {head: kind for head, kind in kinds.items() if kind != getattr(start, head).kind}
    before, after = flatten_content(with_kinds(start, kinds)), flatten(spec)
    changed = {p: link.text_of(after[p]) for p in after if p != PATH and after[p] != before[p]}
    return {"v": str(VERSION), "preset": preset_name} | kinds | changed


def from_query(
    params: Mapping[str, str], known_here: Offer | None = None
) -> tuple[str, RunSpec, list[str]]:
    """Preset name, spec and one sentence per problem from query parameters; never raises.

    `known_here` is what the page offers, by default that of the plane.
    """
    problems: list[str] = []
    here = known_here or offer(EXPLORER)
    given = {name: text for name, text in params.items() if name.lower() not in NOT_A_RUN}
    given = _refuse_files(_bounded(given, problems), problems)
    start = link.read(
        [Field("v", _version, otherwise=f"{VERSION} is assumed"), choice("preset", here.presets)],
        given,
        problems,
    )
    if start.get("v", VERSION) > VERSION:
        problems.append(
            f"This link is of version {shown(given['v'])} and this app reads up to {VERSION}; "
            "what it does not know was left out."
        )
    chosen = here.presets[start.get("preset", next(iter(here.presets)))]
    heads = [choice(h, here.kinds[h], getattr(chosen.spec, h).kind) for h in KINDS]
    kinds = link.read(heads, given, problems)
    content = with_kinds(chosen.spec, kinds)
    paths = [path for path in flatten_content(content) if not path.endswith(".kind")]
    fields = [Field(path, link.value_of, longest=MAX_VALUE) for path in paths]
    values = link.read(fields, given, problems)
    known = {"v", "preset", *KINDS, *paths}
    _name_unknown([name for name in given if name not in known], content, problems)
    return chosen.name, best_spec(chosen.spec, kinds, values, problems), problems


def _version(text: str) -> int:
    value = link.value_of(text)
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        raise ValueError("is not a version of this link")
    return value


def _bounded(given: dict[str, str], problems: list[str]) -> dict[str, str]:
    """The parameters, without those that are absurdly many."""
    if len(given) > MAX_KEYS:
        problems.append(
            f"The link has {len(given)} parameters, the limit is {MAX_KEYS}; the rest was left out."
        )
    return dict(list(given.items())[:MAX_KEYS])


def _refuse_files(given: dict[str, str], problems: list[str]) -> dict[str, str]:
    """The parameters without own targets: a link never names a file of the server."""
    own = given.get("target") in OWN
    if not own and PATH not in given:
        return given
    problems.append(REFUSED)
    return {k: v for k, v in given.items() if k != PATH and not (own and k.startswith("target"))}


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
