"""The stage's scripts against Python: what both must agree on stands once, or is equal here."""

from __future__ import annotations

import ast
import re
from typing import get_args

import pytest

from ebm_engine.lessons.lesson import Part
from ebm_engine.run import films, tiles
from ebm_engine.spec import drawn_target
from ebm_engine.spec.methods import METHODS
from ebm_engine.views.style.encodings import CLIP, DEAD, ISO_LINES, LARGEST
from ebm_engine.views.style.palette import PALETTES, method_dash, method_line
from pages.common.tab.display import LAYERS, PANELS
from pages.live import browser_messages, packing, routes, style
from pages.live.frame import pack
from pages.live.stage import Layout
from tests.pages.live_tools import small_snapshot, unpack, view_of

SCRIPTS = {name: path.read_text() for name, path in routes.assets().items() if path.suffix == ".js"}
STYLES = (routes.ASSETS / "stage.css").read_text()


def constant(name: str, script: str) -> object:
    """The value of a constant of a script: a number, a string, or a list of these."""
    (found,) = re.findall(rf"^(?:export )?const {name} = (.*?);", SCRIPTS[script], re.M | re.S)
    return ast.literal_eval(found)


def keys(name: str, script: str) -> list[str]:
    """The keys of a constant that is an object of one line per key."""
    (body,) = re.findall(rf"^const {name} = {{\n(.*?)^}};", SCRIPTS[script], re.M | re.S)
    return re.findall(r"^  (\w+):", body, re.M)


def found(patterns: tuple[str, ...]) -> list[tuple[str, str]]:
    """Scripts and the patterns that they match."""
    return [(n, p) for n, text in SCRIPTS.items() for p in patterns if re.search(p, text)]


def strips() -> dict[str, str]:
    """The script of each strip, in the order of the list of strips."""
    (names,) = re.findall(r"const STRIPS = \[(.*?)\]", SCRIPTS["strips/strips.js"])
    return {name: SCRIPTS[f"strips/{name}.js"] for name in names.split(", ")}


def test_no_script_holds_a_colour():
    """They come with the frame, or from the style sheet and thus from the page's theme."""
    quote = "[\"'`]"
    patterns = (
        rf"{quote}#[0-9a-fA-F]{{3,8}}{quote}",
        r"\b(?:rgb|hsl)a?\(\s*\d",
        rf"{quote}(?:black|white|gr[ae]y){quote}",
    )
    assert found(patterns) == []


def test_no_script_holds_a_scale_of_the_field_or_the_walkers():
    """The end of the field, its iso-lines, the hollow walkers and the largest one."""
    patterns = (
        rf"\b{CLIP:g}\+? kT",
        r"\[\s*" + r"\s*,\s*".join(map(str, ISO_LINES)) + r"\s*\]",
        f"{', '.join(map(str, ISO_LINES[:-1]))} and {ISO_LINES[-1]}",
        rf"\blog\(0?{str(DEAD)[1:]}\)",
        rf"{DEAD}/N|N·w < 0?{str(DEAD)[1:]}",
        rf"\b{LARGEST:g}(?:×| times)",
        r"(?:CLIP|HOLLOW_BELOW|ISO_LEVELS|DEAD) = ",
    )
    assert found(patterns) == []


def test_whatever_a_script_exports_is_used_by_another():
    """The entries apart, whose `render` the components call."""
    for name, script in SCRIPTS.items():
        others = "".join(text for other, text in SCRIPTS.items() if other != name)
        for export in re.findall(r"^export (?:const|function|class) (\w+)", script, re.M):
            entry = name in ("main.js", "editor.js", "plot.js") and export == "render"
            assert entry or re.search(rf"\b{export}\b", others), (name, export)


def test_the_header_has_the_colours_and_scales_of_the_figures():
    header, _ = unpack(pack(view_of(small_snapshot()), with_static=True))
    assert header["isoLevels"] == list(ISO_LINES)
    assert (header["hollowBelow"], header["largestArea"]) == (DEAD, LARGEST)
    (field,) = (a for a in header["arrays"] if a["name"] == "field")
    assert (field["low"], field["high"]) == (0.0, CLIP)
    for theme, colors in PALETTES.items():
        line = method_line("weighted-ula", theme)
        assert header["methodLine"][theme] == line["color"]
        assert header["colors"][theme]["truth"] == colors.ink
        assert header["colors"]["both"]["data"] == colors.data
        assert header["colors"]["both"]["model"] == colors.model
    assert header["colors"]["field"][0] == [254, 232, 56]  # low energy is bright
    assert header["colors"]["field"][-1] == [0, 34, 78]


def test_colours_and_scales_come_with_the_static_part_only():
    """They never change while a run plays; a frame is sent up to thirty times a second."""
    header, _ = unpack(pack(view_of(small_snapshot()), with_static=False))
    assert not {"colors", "isoLevels", "hollowBelow", "largestArea"} & set(header)


def test_no_two_methods_share_a_dash_on_the_stage():
    dashes = [method_dash(kind) for kind in (*METHODS, "a kind of its own")]
    assert len(set(dashes)) == len(dashes)
    assert style.line_of("weighted-ula")["dash"] == ()


def test_frames_have_the_same_format_at_both_ends():
    assert constant("MAGIC", "frame.js") == int.from_bytes(packing.MAGIC, "little")
    for name, value in {"VERSION": packing.VERSION, "LEVELS": packing.LEVELS}.items():
        assert constant(name, "frame.js") == value
    assert constant("MISSING", "frame.js") == packing.NAN
    assert constant("UNKNOWN_TOKEN", "live/socket.js") == routes.UNKNOWN_TOKEN


def test_the_words_of_the_caption_are_the_layers():
    """`weighted` is a pair of words of its own, `none` the empty list."""
    assert keys("WORDS", "words/caption.js") == list(LAYERS[:-2])
    assert keys("HINTS", "words/caption.js") == list(LAYERS[:-2])
    assert LAYERS[-2:] == ("weighted", "none")


def test_the_strips_are_the_panels_and_lessons_can_point_at_each():
    """The timeline is the one panel that is no strip."""
    assert [*strips(), "timeline"] == list(PANELS)
    places = keys("PLACES", "words/pointing_hand.js")
    assert set(get_args(Part)) == {*strips(), *places, "figure"}


@pytest.mark.parametrize("name", strips())
def test_a_strip_declares_itself_and_is_named_nowhere_else_in_the_layouts(name):
    script = strips()[name]
    (definition,) = re.findall(rf"export const {name} = {{\n(.*?)^}};", script, re.M | re.S)
    assert f'name: "{name}"' in definition
    assert {"layouts", "grow", "least", "label"} <= set(re.findall(r"^  (\w+):", definition, re.M))
    (layouts,) = re.findall(r"layouts: \[(.*?)\]", definition)
    assert set(re.findall(r'"(\w+)"', layouts)) <= set(get_args(Layout))
    for other in ("arrange.js", "layouts.js", "stage.js"):
        assert f'"{name}"' not in SCRIPTS[other], other
    assert not re.search(rf"\.strip\.{name}|\[data-strip", STYLES)


def test_the_widths_of_scripts_and_style_sheet_agree():
    narrow, foot = constant("NARROW", "stage.js"), constant("FOOT", "arrange.js")
    assert STYLES.count(f"(max-width: {narrow}px)") == 2
    assert f"var(--stage-top, 88px) - {foot}px)" in STYLES


def test_the_board_has_room_for_the_tiles_and_films_of_a_frame():
    assert constant("ACROSS", "images/tiles.js") ** 2 == tiles.TILES
    assert constant("CHAINS", "images/films.js") == films.CHAINS
    assert constant("FRAMES", "images/films.js") == films.FRAMES


def test_the_least_mass_of_a_drawn_mode_is_one_thousandth():
    assert constant("LEAST_MASS", "editor/drawing.js") == pytest.approx(1 / drawn_target.PARTS)


def test_every_button_of_the_bar_sends_what_the_server_reads():
    """Speeds, numbers of updates and of updates to rewind are allowed values, not any number."""
    bar = SCRIPTS["bar/transport.js"]
    (speeds,) = re.findall(r"const SPEEDS = \[\n(.*?)^\];", bar, re.M | re.S)
    values = re.findall(r"^  \[(\w+),", speeds, re.M)
    said = [{"do": "speed", "value": None if v == "null" else int(v)} for v in values]
    said += [{"do": "step", "count": int(n)} for n in re.findall(r"#step\((\d+)\)", bar)]
    rewinds = re.findall(r'do: "rewind", count: (\d+)', SCRIPTS["words/divergence_card.js"])
    said += [{"do": "rewind", "count": int(n)} for n in rewinds]
    assert len(said) >= 8
    assert None not in [browser_messages.read_command(message) for message in said]
