"""Thirty viewers at one server: python -m tests.benchmarks.viewers, about five minutes.

Twenty-seven tabs without a browser (tests/pages/viewer.py) and three browsers open runs of their
own on the real server, all playing. Printed as a Markdown table: the time from a click to the first
frame that shows it, new frames per second while a run has a seat, the memory of server and workers
per viewer, and what is left after all have gone, for two classes one after the other.
"""

from __future__ import annotations

import asyncio
import random
import statistics
import time
from collections.abc import Iterator
from contextlib import AsyncExitStack
from itertools import pairwise
from typing import NamedTuple

import psutil
from playwright.async_api import Page, async_playwright

from tests.browser.picture import FLAGS, chromium_path
from tests.browser.server import serve
from tests.pages.viewer import Seen, Viewer, visit

TABS = 27
PAGES = ("/", "/gaussian-mixtures?preset=phantom-mode", "/mnist")  # of the three browsers
PRESETS = ("two-modes", "phantom-mode", "ring", "masses-only")
VIEWERS = TABS + len(PAGES)
WATCH_SECONDS, CLICK_SECONDS, QUIET_SECONDS = 60, 40, 5
# Runs of the first class leave memory before the second comes.
LIMITS = {"EBM_DROP_SECONDS": "20", "EBM_CHECKPOINT_SECONDS": "5"}
LEFT = {"processes": "processes", "threads": "threads"}
LEFT |= {"server": "MB of the server", "workers": "MB of the workers"}
SHORTEST = 5.0  # seconds in a seat that are worth a rate
READY = "[...(window.ebmStages ?? [])].some((s) => s.stats.paints > 5)"
FLIP = """async () => {
  const stage = [...ebmStages][0];
  const wanted = !stage.scene.header.playing;
  const start = performance.now();
  stage.transport.flip();
  while (stage.scene.header.playing !== wanted) await new Promise(requestAnimationFrame);
  return (performance.now() - start) / 1000;
}"""


class Load(NamedTuple):
    """What the server and its workers use: megabytes, processes, threads, seconds of CPU."""

    server: float
    workers: float
    processes: int
    threads: int
    cpu: float


class Class(NamedTuple):
    """What one class measured: seconds of clicks, frames per second of each seated tab, loads."""

    clicks: list[float]
    rates: list[float]
    unseen: int
    full: Load
    after: Load
    idle_cpu: float


def load_of(pid: int) -> Load:
    """The present load of a process and all below it."""
    server = psutil.Process(pid)
    workers = server.children(recursive=True)
    memory = [p.memory_info().rss / 1e6 for p in (server, *workers)]
    cpu = sum(sum(p.cpu_times()[:2]) for p in (server, *workers))
    threads = sum(p.num_threads() for p in (server, *workers))
    return Load(memory[0], sum(memory[1:]), len(memory), threads, cpu)


def in_seat(frames: list[Seen], since: float, until: float) -> Iterator[tuple[float, bool]]:
    """(seconds, new picture?) between two frames of a window in which the run had a seat."""
    inside = [seen for seen in frames if since <= seen.at <= until]
    for one, two in pairwise(inside):
        if one.header["playing"] and one.header["queue"] == 0:
            yield two.at - one.at, two.header.get("step") != one.header.get("step")


def rate_of(frames: list[Seen], since: float, until: float) -> float | None:
    """New pictures per second in a seat, None for a run that hardly had one."""
    gaps = list(in_seat(frames, since, until))
    seconds = sum(gap for gap, _ in gaps)
    return sum(new for _, new in gaps) / seconds if seconds >= SHORTEST else None


async def clicks_of_tab(viewer: Viewer, rng: random.Random, end: float) -> list[float]:
    """Pause, one update, play, at moments of its own until `end`; seconds of each reaction."""
    found = []
    while time.monotonic() < end:
        await asyncio.sleep(rng.uniform(1, 4))
        found.append(await viewer.reacts(lambda now: not now["playing"], do="pause"))
        await asyncio.sleep(rng.uniform(0.5, 1.5))
        stood = viewer.now["step"]
        shows = lambda now, stood=stood: now["step"] > stood  # noqa: E731
        found.append(await viewer.reacts(shows, do="step", count=1))
        await asyncio.sleep(rng.uniform(0.5, 1.5))
        found.append(await viewer.reacts(lambda now: now["playing"], do="play"))
    return found


async def clicks_of_browser(page: Page, rng: random.Random, end: float) -> list[float]:
    """Play and pause in turn, as the stage's button does."""
    found = []
    while time.monotonic() < end:
        await asyncio.sleep(rng.uniform(1, 4))
        found.append(await page.evaluate(FLIP))
    return found


async def come(address: str, stay: AsyncExitStack) -> tuple[list[Viewer], list[Page]]:
    """Open all tabs and browsers; they stay until the stack ends."""
    playwright = await stay.enter_async_context(async_playwright())
    pages = []
    for path in PAGES:
        browser = await playwright.chromium.launch(executable_path=chromium_path(), args=FLAGS)
        stay.push_async_callback(browser.close)
        pages.append(await browser.new_page(viewport={"width": 1280, "height": 720}))
        await pages[-1].goto(address + path)
        await pages[-1].wait_for_function(READY, timeout=120_000)
    viewers = []
    for number in range(TABS):
        query = f"preset={PRESETS[number % len(PRESETS)]}&seed={number}"
        viewers.append(await stay.enter_async_context(visit(address, "gaussian-mixtures", query)))
        await viewers[-1].until(lambda now: "step" in now)
    return viewers, pages


async def teach(address: str, pid: int) -> Class:
    """One class: come, watch, click, go, and what is left half a minute later."""
    rng = random.Random(0)
    async with AsyncExitStack() as stay:
        viewers, pages = await come(address, stay)
        start = time.monotonic()
        await asyncio.sleep(WATCH_SECONDS)
        full, now = load_of(pid), time.monotonic()
        rates = [rate_of(viewer.frames, start, now) for viewer in viewers]
        waited = [any(seen.header["queue"] for seen in viewer.frames) for viewer in viewers]
        unseen = sum(r is None and not w for r, w in zip(rates, waited, strict=True))
        end = now + CLICK_SECONDS
        work = [clicks_of_tab(v, random.Random(rng.random()), end) for v in viewers]
        work += [clicks_of_browser(p, random.Random(rng.random()), end) for p in pages]
        clicks = [seconds for some in await asyncio.gather(*work) for seconds in some]
    await asyncio.sleep(30)
    before = load_of(pid)
    await asyncio.sleep(QUIET_SECONDS)
    after = load_of(pid)
    idle_cpu = (after.cpu - before.cpu) / QUIET_SECONDS
    return Class(clicks, [r for r in rates if r is not None], unseen, full, after, idle_cpu)


def table(start: Load, classes: list[Class]) -> str:
    """The results in Markdown, one column for each class."""
    rows = [("", "aim", [f"class {i + 1}" for i in range(len(classes))])]
    rows.append(("---", "---", ["---"] * len(classes)))
    slow = [statistics.quantiles(c.clicks, n=20)[-1] for c in classes]
    counts = [f"{p95:.3f} ({len(c.clicks)})" for p95, c in zip(slow, classes, strict=True)]
    rows.append(("p95 from click to reaction, s (clicks)", "≤ 1", counts))
    rates = [f"{min(c.rates):.1f} ({statistics.median(c.rates):.1f})" for c in classes]
    rows.append(("new frames/s in a seat, least (median)", "≥ 5", rates))
    rows.append(("neither in a seat nor shown a place", "0", [str(c.unseen) for c in classes]))
    for name, aim in (("server", "≤ 80"), ("workers", "")):
        each = [(getattr(c.full, name) - getattr(start, name)) / VIEWERS for c in classes]
        rows.append((f"memory of the {name} per viewer, MB", aim, [f"{m:.1f}" for m in each]))
    idle = [f"{100 * c.idle_cpu:.1f} %" for c in classes]
    rows.append(("CPU after they left, of one core", "about 0", idle))
    for name, unit in LEFT.items():
        before = f"{getattr(start, name):.0f} before they came"
        left = [f"{getattr(c.after, name):.0f}" for c in classes]
        rows.append((f"{unit} after they left", before, left))
    return "\n".join(f"| {name} | {' | '.join(texts)} | {aim} |" for name, aim, texts in rows)


async def warm_up(address: str) -> None:
    """Two visits at a time, so that both workers load what the first run of a kind needs."""
    for page in ("gaussian-mixtures", "mnist"):
        async with visit(address, page) as one, visit(address, page) as other:
            for viewer in (one, other):
                await viewer.until(lambda now: now.get("step", 0) > 100)
    await asyncio.sleep(QUIET_SECONDS)


async def measure(address: str, pid: int) -> str:
    """Two classes, on a server that has loaded everything."""
    await warm_up(address)
    start = load_of(pid)
    return table(start, [await teach(address, pid) for _ in range(2)])


def main() -> None:
    """Measure on a server of its own and print the table."""
    with serve(**LIMITS) as (address, process):
        print(asyncio.run(measure(address, process.pid)))


if __name__ == "__main__":
    main()
