"""What all figures share: theme, zoom, texts, download button, no side effects."""

import itertools
import json
import re

import numpy as np
import pytest
from plotly.colors import hex_to_rgb

from ebm_engine.spec.edit import parse_spec
from ebm_engine.spec.methods import METHODS
from ebm_engine.views.one_run import curves, distance, landscape, masses, weights
from ebm_engine.views.style import palette, theme

FIGURES = [
    landscape.energy_map,
    landscape.energy_surface,
    landscape.difference_map,
    landscape.cut,
    curves.kl_curves,
    curves.ess_curves,
    curves.gradient_bias,
    weights.log_weight_histogram,
    weights.lorenz,
    masses.mode_bars,
    masses.mass_curves,
    distance.distance_curves,
    distance.controller_curves,
]
every_figure = pytest.mark.parametrize("figure", FIGURES, ids=lambda f: f.__name__)
both_themes = pytest.mark.parametrize("name", ["light", "dark"])


@both_themes
@every_figure
def test_a_figure_is_transparent_keeps_its_zoom_and_speaks(figure, name, snapshot):
    reading = figure(snapshot, name)
    layout = reading.figure.layout
    assert layout.uirevision == theme.KEEP
    assert layout.template.layout.paper_bgcolor == "rgba(0,0,0,0)"
    assert layout.title.text
    assert reading.alt.endswith(".")
    assert reading.caption.endswith(".")
    assert re.search(r"\d", reading.alt)


@every_figure
def test_a_caption_says_from_how_many_samples(figure, snapshot):
    caption = figure(snapshot).caption
    counts = {"1000", "2000", "14641", "grid", "softmax(−z)"}  # the last two are exact
    assert any(count in caption for count in counts)


@every_figure
def test_no_text_is_smaller_than_13(figure, snapshot):
    sizes = [
        int(s)
        for s in re.findall(r'"font":\{[^}]*?"size":(\d+)', figure(snapshot).figure.to_json())
    ]
    assert sizes
    assert min(sizes) >= 13


@every_figure
def test_a_run_without_weights_is_drawn(figure, without_weights):
    reading = figure(without_weights)
    assert "nan" not in (reading.alt + reading.caption).lower()


@every_figure
def test_a_diverged_run_is_drawn_and_shows_no_nan(figure, diverged):
    reading = figure(diverged)
    reading.figure.to_json()
    title = reading.figure.layout.title.text
    assert not re.search(r"\bnan\b|\binf\b", f"{title} {reading.alt} {reading.caption}")


@every_figure
def test_the_same_snapshot_gives_the_same_figure(figure, snapshot):
    first, second = (json.loads(figure(snapshot).figure.to_json()) for _ in range(2))
    assert first == second


@both_themes
def test_methods_differ_by_colour_and_by_dash(name):
    lines = [palette.method_line(kind, name) for kind in (*METHODS, "not listed")]
    for a, b in itertools.combinations(lines, 2):
        assert a["color"] != b["color"]
        assert a["dash"] != b["dash"]


def luminance(color):
    """Relative luminance of a hex colour (WCAG 2)."""
    parts = np.array(hex_to_rgb(color)) / 255
    linear = np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)
    return float(linear @ [0.2126, 0.7152, 0.0722])


def contrast(a, b):
    low, high = sorted([luminance(a), luminance(b)])
    return (high + 0.05) / (low + 0.05)


@both_themes
def test_text_and_lines_are_legible_on_the_ground(name):
    """WCAG 2: 4.5 : 1 for text, 3 : 1 for the lines that carry a reading."""
    colors = palette.PALETTES[name]
    assert contrast(colors.ink, colors.ground) >= 4.5
    assert contrast(colors.muted, colors.ground) >= 4.5
    methods = [palette.method_line(kind, name)["color"] for kind in (*METHODS, "not listed")]
    for line in (colors.data, colors.model, *methods):
        assert contrast(line, colors.ground) >= 3


def test_the_dashes_fixed_by_the_design_stay():
    fixed = {"weighted-ula": "solid", "pcd": "dash", "cd": "dot", "improved-cd": "dashdot"}
    assert {kind: palette.method_line(kind, "light")["dash"] for kind in fixed} == fixed
    assert palette.method_line("cd", "light")["color"] == "#B37400"


@every_figure
def test_networks_and_own_points_are_drawn_and_speak(figure, network, own_points):
    for snapshot in (network, own_points):
        reading = figure(snapshot, "dark")
        reading.figure.to_json()
        title = reading.figure.layout.title.text
        assert not re.search(r"\bnan\b|\binf\b|None", f"{title} {reading.alt} {reading.caption}")
        assert reading.alt.endswith(".")
        assert reading.caption.endswith(".")


@every_figure
def test_own_points_have_no_truth_in_any_text(figure, own_points):
    reading = figure(own_points)
    assert "true" not in f"{reading.alt} {reading.caption}"
    assert "truth" not in reading.figure.to_json()


@pytest.mark.parametrize("kind", METHODS)
def test_every_method_is_named_with_its_values(kind, make):
    """A template left unfilled would show its braces."""
    snapshot = make(spec=parse_spec({"method": {"kind": kind}}))
    name = theme.method_name(snapshot)
    assert name
    assert "{" not in name
    assert theme.has_weights(snapshot) == (kind == "weighted-ula")


def test_a_named_value_is_the_one_of_the_run(make):
    snapshot = make(spec=parse_spec({"method": {"kind": "short-run", "k": 37}}))
    assert theme.method_name(snapshot) == "short-run, 37 steps"


@pytest.mark.parametrize(
    ("value", "text"),
    [(2.9e-7, "3·10⁻⁷"), (0.02, "2·10⁻²"), (0.0, "1·10⁻¹⁵"), (9.6e-5, "1·10⁻⁴")],
)
def test_small_numbers_are_powers_of_ten(value, text):
    assert theme.power_of_ten(value) == text


def test_the_download_button_writes_the_wanted_format_and_nothing_leaves_the_host():
    assert theme.CONFIG["toImageButtonOptions"]["format"] == "png"
    config = theme.config("energy", "svg")
    assert config["toImageButtonOptions"]["format"] == "svg"
    assert config["toImageButtonOptions"]["filename"] == "energy"
    assert config["displaylogo"] is False
    assert config["showSendToCloud"] is False
    assert config["plotlyServerURL"] == ""


@pytest.mark.parametrize(
    ("value", "form", "text"),
    [(-3.26, ".1f", "−3.3"), (-0.01, ".1f", "0.0"), (0.25, ".3g", "0.25"), (-15, ".3g", "−15")],
)
def test_numbers_have_a_true_minus_and_no_negative_zero(value, form, text):
    assert theme.number(value, form) == text
