"""Posters as SVG: valid, self-contained, legible, and true to the numbers."""

import re
from dataclasses import replace
from xml.etree import ElementTree

import numpy as np
import pytest

from ebm_engine.views import vector
from tests.views.test_raster import WHITE, images_of

SVG = "{http://www.w3.org/2000/svg}"


def parsed(snapshot, theme="light"):
    return ElementTree.fromstring(vector.svg(snapshot, theme))


@pytest.mark.parametrize("kind", ["snapshot", "network", "own_points", "diverged"])
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_file_is_valid_xml_that_refers_to_nothing_outside(request, kind, theme):
    """Every href is data within the file; no url(), no script, no style sheet."""
    content = vector.svg(request.getfixturevalue(kind), theme).decode()
    root = ElementTree.fromstring(content)
    links = [v for e in root.iter() for k, v in e.attrib.items() if k.endswith("href")]
    assert links
    assert all(link.startswith("data:image/png;base64,") for link in links)
    assert "url(" not in content
    assert {e.tag.removeprefix(SVG) for e in root.iter()} <= {
        "svg", "title", "path", "g", "circle", "text", "image",
    }  # fmt: skip
    assert "nan" not in re.sub(r'href="[^"]*"', "", content).lower()


def test_no_text_is_smaller_than_12_px(snapshot, make):
    """Titles, legends and ticks, of points and of images."""
    for shown in (snapshot, images_of(make)):
        sizes = [float(e.get("font-size")) for e in parsed(shown).iter(f"{SVG}text")]
        assert len(sizes) > 20
        assert min(sizes) >= 12


def test_the_title_says_method_target_update_and_seed(snapshot):
    """The same words are drawn and told to a screen reader."""
    root = parsed(snapshot)
    title = "weighted ULA, mixture on mixture: update 400, seed 0"
    assert root.get("aria-label") == title
    assert root.find(f"{SVG}title").text == title
    assert title in [e.text for e in root.iter(f"{SVG}text")]


def test_the_walkers_are_discs_of_area_proportional_to_their_weight(make):
    """r² = c·N·w for four weights: a radius proportional to the weight would be a line in w²."""
    weight = np.array([0.4, 0.8, 1.2, 1.6])
    shown = make(
        positions=np.array([[-6.0, 0], [-2, 0], [2, 0], [6, 0]], np.float32),
        log_w=np.log(weight).astype(np.float32),
        energies=np.zeros(4, np.float32),
        data=np.zeros((0, 2), np.float32),
    )
    circles = list(parsed(shown).iter(f"{SVG}circle"))
    radius = np.array([float(c.get("r")) for c in circles])
    place = np.array([float(c.get("cx")) for c in circles])
    np.testing.assert_allclose(radius**2 / weight, (radius**2 / weight).mean(), rtol=0.01)
    np.testing.assert_allclose(np.diff(place), np.diff(place).mean(), atol=0.11)


def test_the_bars_have_the_heights_of_the_masses(snapshot):
    """Orange bars for 0.32 and 0.68: their heights are in this ratio, whatever the axis."""
    orange = [e.get("d") for e in parsed(snapshot).iter(f"{SVG}path") if e.get("fill") == "#d55e00"]
    corners = [np.array(re.findall(r"[\d.]+", d), float).reshape(-1, 2) for d in orange]
    heights = [np.ptp(c[:, 1]) for c in corners if np.ptp(c[:, 1]) > 20]
    assert heights[1] / heights[0] == pytest.approx(0.68 / 0.32, rel=0.01)


def test_unsafe_characters_of_a_name_do_not_break_the_file(make):
    """A class called <b>&" comes back as it was."""
    shown = replace(images_of(make), class_names=('<b>&"', "1", "7"))
    assert '<b>&"' in [e.text for e in parsed(shown).iter(f"{SVG}text")]


def test_the_pen_writes_a_broken_line_as_one_path_with_two_beginnings():
    """1 2 NaN 3 4: two moves; a line of one point is none."""
    pen = vector.VectorPen(10, 10, WHITE, "x")
    pen.line(np.array([[0, 1], [1, 2], [2, np.nan], [3, 3], [4, 4.0]]), WHITE, 1.0)
    pen.line(np.array([[0, 1.0]]), WHITE, 1.0)
    paths = list(ElementTree.fromstring(pen.content()).iter(f"{SVG}path"))
    assert len(paths) == 2  # the ground and the line
    assert paths[1].get("d").count("M") == 2
