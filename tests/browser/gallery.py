"""Every page in every size and theme, to be looked at: `python -m tests.browser.gallery`.

The pictures go to out/gallery, one file for each page, size and theme.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from playwright.sync_api import Page

from tests.browser.picture import browser
from tests.browser.server import ROOT, serve

SIZES = {"1440x900": (1440, 900), "1280x720": (1280, 720), "390x844": (390, 844)}
THEMES = ("light", "dark")
ADDRESSES = {
    "home": "/",
    "explorer": "/gaussian-mixtures",
    "figures": "/gaussian-mixtures?view=Figures",
    "slow-motion": "/gaussian-mixtures?view=Slow+motion",
    "runs": "/gaussian-mixtures?view=Runs",
    "presenter": "/gaussian-mixtures?present=1",
    "images": "/mnist?preset=digits-017",
    "langevin": "/langevin",
    "compare": "/compare",
    "sweeps": "/sweeps",
    "lessons": "/lessons",
    "lesson-curves": "/lessons?lesson=5&step=2",
    "lesson-three": "/lessons?lesson=8&step=2",
    "lesson-images": "/lessons?lesson=10&step=1",
    "lesson-figure": "/lessons?lesson=1&step=1",
    "lesson-presenter": "/lessons?lesson=5&step=2&present=1",
    "lecturer": "/lecturer",
}
QUIET = """() => document.querySelector('.stApp[data-test-script-state="notRunning"]')
  && !document.querySelector('[data-testid="stSkeleton"]')
  && [...(globalThis.ebmStages ?? [])].every((s) => s.scene.ready && s.stats.paints > 0)"""
PLAYED_MS = 3500  # so that curves and figures have something to show


def photograph(page: Page, address: str, path: Path) -> None:
    """One page once it is complete, as far as the screen goes."""
    page.goto(address)
    page.locator("[data-testid='stElementContainer']").first.wait_for(timeout=60_000)
    page.wait_for_timeout(PLAYED_MS)
    page.wait_for_function(QUIET, timeout=120_000, polling=100)
    page.screenshot(path=path)


def main() -> None:
    """Take all pictures, or those of the pages that are named."""
    parser = argparse.ArgumentParser(prog="python -m tests.browser.gallery")
    parser.add_argument("names", nargs="*", help=f"of {', '.join(ADDRESSES)}; all without any")
    parser.add_argument("--out", type=Path, default=ROOT / "out" / "gallery")
    options = parser.parse_args()
    unknown = set(options.names) - set(ADDRESSES)
    if unknown:
        parser.error(f"{', '.join(sorted(unknown))} is none of {', '.join(ADDRESSES)}")
    options.out.mkdir(parents=True, exist_ok=True)
    with serve() as (home, _), browser() as opened:
        for theme in THEMES:
            for size, (width, height) in SIZES.items():
                screen = {"width": width, "height": height}
                context = opened.new_context(viewport=screen, color_scheme=theme)
                for name in options.names or ADDRESSES:
                    page = context.new_page()
                    path = options.out / f"{name}-{size}-{theme}.png"
                    photograph(page, home + ADDRESSES[name], path)
                    page.close()
                context.close()


if __name__ == "__main__":
    main()
