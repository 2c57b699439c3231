"""Runs side by side in a real browser: one scale, one key, and the error of each model in words."""

from __future__ import annotations

import re

import pytest

from pages.live.routes import assets_version

PATH = "/compare?preset=two-modes&walkers.count=200&by=method&values=cd,pcd,weighted-ula"
SMALL = "[...(globalThis.ebmStages ?? [])].filter((s) => s.layout !== 'bar' && s.scene.ready)"
NOTE_BARS = """
  window.bars = new Map();
  const { clearRect, fillRect } = CanvasRenderingContext2D.prototype;
  CanvasRenderingContext2D.prototype.clearRect = function (...box) {
    bars.set(this.canvas, []);
    clearRect.apply(this, box);
  };
  CanvasRenderingContext2D.prototype.fillRect = function (x, y, width, height) {
    bars.get(this.canvas)?.push([this.fillStyle, height]);
    fillRect.call(this, x, y, width, height);
  };
"""
DATA_BARS = f"""{SMALL}.map((s) => bars.get(s.host.querySelector("[data-strip='masses'] canvas"))
  .filter(([color]) => color === s.theme.data.toLowerCase()).map(([, height]) => height))"""
MASSES = f"{SMALL}.map((s) => s.scene.header.masses)"
LABELS = f"""{SMALL}.map((s) => {{
  s.strips.describe(s.scene);
  return s.host.querySelector('.strip canvas').ariaLabel;
}})"""


@pytest.mark.parametrize("path", [PATH, "/lessons?lesson=5&step=2"])
def test_mass_bars_side_by_side_have_one_scale(open_page, path):
    """A share has the same height in all stages, not 47 pixels in one and 30 in the next."""
    page = open_page(path, prepare=lambda page: page.add_init_script(NOTE_BARS))
    page.wait_for_function(f"{SMALL}.length > 1 && {SMALL}.every((s) => s.scene.header.step > 100)")
    page.keyboard.press("Space")
    page.wait_for_timeout(1500)
    drawn = page.evaluate(DATA_BARS)
    shares = [masses["data"] for masses in page.evaluate(MASSES)]
    scales = [
        height / share
        for bars, data in zip(drawn, shares, strict=True)
        for height, share in zip(bars, data, strict=True)
    ]
    assert len(scales) == 2 * len(drawn)
    assert scales == pytest.approx([scales[0]] * len(scales), rel=0.02)


def test_runs_side_by_side_share_one_key_and_say_how_far_each_model_is_off(open_page):
    """CD-1 keeps one half where ¾ is true, and a model that is right is called so."""
    page = open_page(PATH)
    page.wait_for_function(
        f"{SMALL}.length === 3 && {SMALL}.every((s) => s.scene.header.step > 30)"
    )
    keys = page.locator(".key:not(:empty)")
    assert keys.count() == 1
    assert "model" in keys.inner_text()
    masses, labels = page.evaluate(f"[{MASSES}, {LABELS}]")
    for mass, label in zip(masses, labels, strict=True):
        said = re.search(
            r"Mode 2, truth 75\D+%: the model keeps (\d+)\D+%, its walkers (\d+)", label
        )
        assert said, label
        assert float(said[1]) == pytest.approx(100 * mass["model"][1], abs=1)
    found = page.evaluate(
        """async (version) => {
          const { verdict } = await import(`/api/stage/${version}/words/verdict.js`);
          const header = { weighted: false, images: false };
          const say = (model, raw) => verdict(header, { truth: [0.25, 0.75], model, raw });
          const cases = [[[0.01, 0.99], [0.37, 0.63]], [[0.27, 0.73], [0.3, 0.7]]];
          cases.push([[null, null], [1, 0]]);
          return cases.map((masses) => say(...masses));
        }""",
        assets_version(),
    )
    assert found == [
        "Mode 1, truth 25\u2009%: the model keeps 1\u2009%, its walkers 37\u2009%.",
        "The model has every mass right to within 2\u2009%.",
        "",
    ]
