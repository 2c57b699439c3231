"""Posters as files: valid, self-contained, legible, the same each time, and true to the numbers."""

import io
import re
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from xml.etree import ElementTree

import numpy as np
import pytest
from matplotlib.colors import to_rgb
from PIL import Image

from ebm_engine.views.poster import save
from ebm_engine.views.poster.style import line_style
from ebm_engine.views.style.palette import PALETTES
from tests.views.poster.test_plane import bare, images_of, walkers

SVG = "{http://www.w3.org/2000/svg}"
TITLE = "weighted ULA, mixture on mixture: update 400, seed 0"


def parsed(snapshot, theme="light"):
    return ElementTree.fromstring(save.svg(snapshot, theme))


def texts(root):
    return [e.text for e in root.iter(f"{SVG}text")]


def corners(path):
    """The points (n, 2) of a path, those that steer its curves too."""
    return np.array(re.findall(r"-?[\d.]+", path.get("d")), float).reshape(-1, 2)


def filled(root, color):
    """The paths of a colour."""
    return [e for e in root.iter(f"{SVG}path") if f"fill: {color}" in e.get("style", "")]


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_png_has_the_promised_size_on_the_ground_of_its_theme(snapshot, theme):
    """1600 × 900; the corner has the theme's ground, so light and dark are not mixed up."""
    picture = Image.open(io.BytesIO(save.png(snapshot, theme)))
    assert picture.format == "PNG"
    assert picture.size == (1600, 900)
    ground = [round(255 * part) for part in to_rgb(PALETTES[theme].ground)]
    assert list(picture.convert("RGB").getpixel((0, 0))) == ground
    assert picture.info["Title"] == TITLE


def test_a_pdf_is_one_page_with_a_title_and_text(snapshot):
    """No glyph is drawn as a mere outline (type 3): each font maps back to Unicode."""
    content = save.pdf(snapshot)
    assert content.startswith(b"%PDF-")
    assert content.rstrip().endswith(b"%%EOF")
    assert content.count(b"/Type /Page\n") + content.count(b"/Type /Page ") == 1
    assert b"/MediaBox [ 0 0 1600 900 ]" in content
    assert b"/ToUnicode" in content
    assert b"/Type3" not in content


@pytest.mark.parametrize("make_file", [save.png, save.svg, save.pdf])
def test_the_same_snapshot_gives_the_same_bytes(snapshot, make_file):
    """Also when several are made at once: no date, no random name, no shared state."""
    alone = [make_file(snapshot, theme) for theme in ("light", "dark")]
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(make_file, [snapshot] * 4, ["light", "dark"] * 2))
    assert alone[0] != alone[1]
    assert found == alone * 2


@pytest.mark.parametrize("kind", ["snapshot", "network", "own_points", "diverged"])
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_an_svg_is_valid_xml_that_refers_to_nothing_outside(request, kind, theme):
    """Every link is data or a name within the file; no script, no style sheet to load."""
    content = save.svg(request.getfixturevalue(kind), theme).decode()
    assert content.startswith("<svg ")
    root = ElementTree.fromstring(content)
    links = [v for e in root.iter() for k, v in e.attrib.items() if k.endswith("href")]
    assert links
    assert all(link.startswith(("data:image/png;base64,", "#")) for link in links)
    assert set(re.findall(r"url\((.)", content)) == {"#"}
    assert "@import" not in content
    assert not list(root.iter(f"{SVG}script"))
    drawn = re.sub(r'href="[^"]*"', "", content).lower()
    assert not re.search(r"\bnan\b", drawn)


def test_no_text_is_smaller_than_12_px(snapshot, make):
    """Titles, legends and ticks, of points and of images."""
    for shown in (snapshot, images_of(make)):
        styles = [e.get("style") for e in parsed(shown).iter(f"{SVG}text")]
        sizes = [float(re.search(r"([\d.]+)px", style).group(1)) for style in styles]
        assert len(sizes) > 20
        assert min(sizes) >= 12


def test_the_title_says_method_target_update_and_seed(snapshot):
    """The same words are drawn and told to a screen reader, and the masses are described."""
    root = parsed(snapshot)
    assert root.get("role") == "img"
    assert root.get("aria-label") == TITLE
    assert root.find(f"{SVG}title").text == TITLE
    assert "0.320, 0.680" in root.find(f"{SVG}desc").text
    assert (root.get("width"), root.get("height")) == ("1600", "900")
    assert TITLE in texts(root)


def test_signs_are_those_of_mathematics(snapshot):
    """‖, ∝, ≥ and a true minus, where fonts without them once stood |, ~, > and a hyphen."""
    found = texts(parsed(snapshot))
    assert "KL(target ‖ model) in nats, ± 2 s.e." in found
    assert "walkers, area ∝ weight" in found
    assert "≥12 kT" in found
    assert "−5" in found
    assert not [text for text in found if re.match(r"-\d", text)]


def test_the_walkers_are_discs_of_area_proportional_to_their_weight(make):
    """r² = c·N·w to the outer edge of the rim: a radius ∝ N·w would make it a line in w²."""
    weight = np.array([0.4, 0.8, 1.2, 1.6])
    discs = filled(
        parsed(bare(make, **walkers([-0.6, -0.2, 0.2, 0.6], weight))), "#222222; fill-opacity: 0.4"
    )
    extents = [corners(path) for path in discs[:4]]
    rim = float(re.search(r"stroke-width: ([\d.]+)", discs[0].get("style")).group(1))
    radius = np.array([np.ptp(extent[:, 0]) / 2 for extent in extents]) + rim / 2
    place = np.array([extent[:, 0].mean() for extent in extents])
    np.testing.assert_allclose(radius**2 / weight, (radius**2 / weight).mean(), rtol=0.01)
    np.testing.assert_allclose(np.diff(place), np.diff(place).mean(), rtol=0.02)


def test_the_bars_have_the_heights_of_the_masses(snapshot):
    """Orange bars for 0.32 and 0.68: their heights are in this ratio, whatever the axis."""
    heights = [np.ptp(corners(path)[:, 1]) for path in filled(parsed(snapshot), "#d55e00")]
    tall = [height for height in heights if height > 20]
    assert tall[1] / tall[0] == pytest.approx(0.68 / 0.32, rel=0.01)


def test_unsafe_characters_of_a_name_do_not_break_the_file(make):
    """Classes called <b>&" and $\\x$ come back as they were: they are text, not markup or TeX."""
    shown = replace(images_of(make), class_names=('<b>&"', "$\\x$", "7"))
    found = texts(parsed(shown))
    assert '<b>&"' in found
    assert "$\\x$" in found


def test_a_value_beyond_the_axis_is_drawn_on_its_edge(make):
    """One KL of 10⁶ among 401 does not flatten the others; it stands at the top of the plot."""
    history = dict(make().history)
    history["kl_exact"] = np.where(np.arange(401) == 200, 1e6, history["kl_exact"])
    axes = save.poster(make(history=history)).axes[3]
    (exact,) = [line for line in axes.lines if line.get_label() == "exact"]
    assert axes.get_title(loc="left").startswith("KL(target ‖ model)")
    assert axes.get_ylim()[0] <= 0
    assert axes.get_ylim()[1] < 4
    assert exact.get_ydata()[200] == axes.get_ylim()[1]


@pytest.mark.parametrize(
    ("dash", "style"),
    [("solid", "solid"), ("dot", (0, (2, 4))), ("9px,3px", (0, (9, 3)))],
)
def test_dashes_are_those_of_the_figures(dash, style):
    """Named ones, and lengths in pixels."""
    assert line_style(dash) == style
