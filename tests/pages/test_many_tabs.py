"""Tabs that come and go at a server that may open few files, as on macOS by default."""

from __future__ import annotations

import asyncio
from pathlib import Path

from tests.browser.server import serve
from tests.pages.viewer import visit

LIMIT = 256
TABS = 90  # each left three files open for two minutes: no more than 80 could be opened
HOLD = ("sh", "-c", f'ulimit -n {LIMIT}; exec "$@"', "sh")


def test_ninety_tabs_open_and_close_under_a_limit_of_256_open_files():
    """The limit cannot be raised here; a tab that stays open goes on all the while."""

    async def session(address: str) -> None:
        async with visit(address, "gaussian-mixtures", "preset=two-modes&seed=1") as own:
            for seed in range(TABS):
                query = f"preset=two-modes&walkers.count=50&seed={seed}"
                async with visit(address, "gaussian-mixtures", query):
                    pass
            step = own.now["step"]
            await own.until(lambda now: now["step"] > step)

    with serve(wrapper=HOLD, EBM_WORKERS="1") as (address, process):
        asyncio.run(session(address))
        assert len(list(Path(f"/proc/{process.pid}/fd").iterdir())) < LIMIT / 2
