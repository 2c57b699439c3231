"""How the live stage runs in headless Chromium without GPU: python -m tests.benchmarks.stage.

4000 walkers and a field of 100² points while the trainer runs on the same machine, with a mixture
and with a network of two layers of 128. Printed: painted and new frames and new fields per second,
the longest gap between two animation frames, bytes per frame, blank pictures, and the longest time
from a pause click to the frame with the last update. Last, four methods side by side on the compare
page with 1000 walkers each: painted and new frames per second of all their stages together.
"""

from __future__ import annotations

import statistics
import time
from itertools import pairwise, product

from playwright.sync_api import Page

from tests.browser.picture import browser
from tests.browser.server import serve

SECONDS = 8
PATHS = {
    "mixture": "/gaussian-mixtures?preset=two-modes&walkers.count=4000",
    "network": "/gaussian-mixtures?preset=net-two-modes&walkers.count=4000&energy.width=128",
}
READY = "[...(window.ebmStages ?? [])].some((s) => s.stats.paints > 20)"
COMPARE = "/compare?preset=two-modes"
CELLS = "[...(window.ebmStages ?? [])].filter((s) => s.layout === 'cell')"
COUNT_ALL = f"['frames', 'paints'].map((name) => {CELLS}.reduce((n, s) => n + s.stats[name], 0))"
COUNT = "(() => { const { frames, paints } = [...ebmStages][0].stats; return [frames, paints]; })()"
WATCH = """() => {
  const watch = (window.watch = { gap: 0, blank: 0, looks: 0 });
  const canvas = [...ebmStages][0].plane.moving.canvas;
  const eye = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  let last = performance.now();
  const look = (now) => {
    watch.gap = Math.max(watch.gap, now - last);
    last = now;
    if (watch.looks++ % 10 === 0) {
      eye.drawImage(canvas, 0, 0, 30, 30);
      const seen = new Set(new Uint32Array(eye.getImageData(0, 0, 30, 30).data.buffer));
      watch.blank += seen.size < 10 ? 1 : 0;
    }
    requestAnimationFrame(look);
  };
  requestAnimationFrame(look);
}"""
PAUSE = """async () => {
  const stage = [...ebmStages][0];
  const start = performance.now();
  let [step, stood] = [-1, start];
  stage.transport.flip();
  while (performance.now() - start < 700) {
    const now = stage.scene.header.step;
    if (now !== step) [step, stood] = [now, performance.now()];
    await new Promise((done) => setTimeout(done, 1));
  }
  stage.transport.flip();
  await new Promise((done) => setTimeout(done, 700));
  return stood - start;
}"""


def measure(page: Page, ratio: int) -> str:
    """One line of results for a page that plays."""
    sizes: list[int] = []
    page.on("websocket", lambda ws: ws.on("framereceived", lambda data: sizes.append(len(data))))
    start = time.monotonic()
    page.reload()
    page.wait_for_function(READY, timeout=60_000)
    first = time.monotonic() - start
    page.wait_for_timeout(2000)
    page.evaluate(WATCH)
    counts, times = [], []
    for _ in range(SECONDS + 1):
        counts.append(page.evaluate(COUNT))
        times.append(time.monotonic())
        page.wait_for_timeout(1000)
    watch = page.evaluate("watch")
    rates = [
        [(b - a) / (t1 - t0) for a, b in zip(one, two, strict=True)]
        for (one, t0), (two, t1) in pairwise(zip(counts, times, strict=True))
    ]
    frames, paints = (statistics.median(rate) for rate in zip(*rates, strict=True))
    pause = max(page.evaluate(PAUSE) for _ in range(5))
    return (
        f"{ratio}× pixels: {paints:5.1f} painted/s  {frames:4.1f} new/s  "
        f"longest gap {watch['gap']:4.0f} ms  {statistics.mean(sizes) / 1000:5.1f} kB a frame  "
        f"{watch['blank']} blank  twenty paints after {first:3.1f} s  "
        f"last update shown {pause:3.0f} ms after a pause click"
    )


def measure_together(page: Page) -> str:
    """One line of results for the stages of a comparison, which are counted together."""
    page.wait_for_timeout(4000)
    counts, times = [], []
    for _ in range(SECONDS + 1):
        counts.append(page.evaluate(COUNT_ALL))
        times.append(time.monotonic())
        page.wait_for_timeout(1000)
    seconds = times[-1] - times[0]
    frames, paints = ((b - a) / seconds for a, b in zip(counts[0], counts[-1], strict=True))
    each = page.evaluate(f"{CELLS}.map((s) => s.stats.paintMs.toFixed(1)).join(' ')")
    return f"{paints:5.1f} painted/s  {frames:4.1f} new/s  ms a paint: {each}"


def main() -> None:
    """Measure each energy at one and two device pixels per CSS pixel, then a comparison."""
    with serve() as (address, _), browser() as opened:
        for (name, path), ratio in product(PATHS.items(), (1, 2)):
            size = {"width": 1440, "height": 900}
            page = opened.new_page(viewport=size, device_scale_factor=ratio)
            page.goto(address + path)
            page.wait_for_function(READY, timeout=60_000)
            print(f"{name}, {measure(page, ratio)}", flush=True)
            page.close()
        page = opened.new_page(viewport={"width": 1440, "height": 900})
        page.goto(address + COMPARE)
        page.wait_for_function(f"{CELLS}.filter((s) => s.stats.paints > 20).length === 4")
        print(f"four runs, {measure_together(page)}", flush=True)
        page.close()


if __name__ == "__main__":
    main()
