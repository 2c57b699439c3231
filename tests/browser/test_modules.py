"""Modules of the stage in a real browser: the frame format, iso-lines, and discs."""

from __future__ import annotations

import base64

import numpy as np
import pytest

from pages.live.frame import pack
from pages.live.routes import assets_version
from pages.live.style import colors, scales
from tests.pages.live_tools import small_snapshot, view_of

PATH = "/gaussian-mixtures"


def test_frames_are_read_in_the_browser_as_they_were_packed(open_page):
    """The two ends of the format are written in two languages."""
    snapshot = small_snapshot()
    frame = base64.b64encode(pack(view_of(snapshot), with_static=True)).decode()
    page = open_page(PATH)
    read = page.evaluate(
        """async ([version, text]) => {
          const { Scene, halfToNumber, parse } = await import(`/api/stage/${version}/frame.js`);
          const bytes = Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
          const shifted = new Uint8Array(bytes.length + 3);
          shifted.set(bytes, 3);
          const scene = new Scene();
          scene.merge(parse(shifted.subarray(3)));
          const plain = (a) => Array.from(a);
          return {
            positions: plain(scene.positions), log_w: plain(scene.logW), data: plain(scene.data),
            energies: plain(scene.energies).map(halfToNumber), kl: plain(scene.curves.kl_exact),
          };
        }""",
        [assets_version(), frame],
    )
    np.testing.assert_allclose(read["positions"], snapshot.positions.ravel(), atol=3e-4)
    np.testing.assert_allclose(read["data"], snapshot.data.ravel(), atol=3e-4)
    np.testing.assert_allclose(read["log_w"], snapshot.log_w, atol=1e-3)
    np.testing.assert_allclose(read["energies"], snapshot.energies, rtol=1e-3)
    np.testing.assert_allclose(read["kl"], snapshot.history["kl_exact"], rtol=1e-6)


def test_iso_lines_and_discs_have_the_sizes_they_stand_for(open_page):
    """U = ½r² has its line 2 at r = 2; four times the weight is four times the area."""
    page = open_page(PATH)
    found = page.evaluate(
        """async ([version, colors, scales]) => {
          const { traceLevel } = await import(`/api/stage/${version}/plane/field.js`);
          const { discOf, makeDiscs } = await import(`/api/stage/${version}/plane/discs.js`);
          const size = 101;
          const values = Uint16Array.from({ length: size * size }, (_, i) => {
            const [x, y] = [(i % size) / 10 - 5, Math.floor(i / size) / 10 - 5];
            return Math.min(65534, ((x * x + y * y) / 2 / 12) * 65534);
          });
          const radii = [];
          const path = { moveTo: (x, y) => radii.push(Math.hypot(x, y)), lineTo() {} };
          traceLevel(path, { values, size, high: 12 }, 2, (c) => c / 10 - 5, (r) => r / 10 - 5);
          const discs = makeDiscs(6, 1, scales.largestArea, colors.onField);
          const area = (logW) => {
            const { keep } = discs[discOf(logW, 0, scales)][0];
            return keep.reduce((sum, k) => sum + (256 - k) / 256, 0);
          };
          const hollow = discOf(Math.log(0.009), 0, scales);
          return { radii, areas: [area(0), area(Math.log(4))], hollow };
        }""",
        [assets_version(), colors(), scales()],
    )
    assert len(found["radii"]) > 100
    assert found["radii"] == pytest.approx([2.0] * len(found["radii"]), abs=0.005)
    one, four = found["areas"]
    assert four / one == pytest.approx(4, rel=0.15)
    assert found["hollow"] == 24
