"""A worker that is killed: its run comes back in the same page, and nothing outlives the app."""

import os
import re
import signal
import subprocess
import sys
import time

import pytest
from playwright.sync_api import Browser

from tests.browser.explorer import Explorer
from tests.browser.server import serve

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="needs POSIX signals and pgrep")


def children(pid: int) -> list[int]:
    found = subprocess.run(["pgrep", "-P", str(pid)], capture_output=True, text=True, check=False)
    return [int(line) for line in found.stdout.split()]


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_a_killed_worker_costs_at_most_fifty_updates_and_ends_with_the_app(browser: Browser):
    """kill -9 of every worker in the middle of a run: the page says from where it went on."""
    with serve() as (address, server):
        context = browser.new_context(viewport={"width": 1440, "height": 900})
        explorer = Explorer(context.new_page())
        explorer.page.goto(f"{address}/gaussian-mixtures")
        explorer.until("now.step > 300")
        explorer.page.get_by_title("Ten updates per second").click()
        explorer.page.wait_for_timeout(500)
        before = explorer.now()["step"]
        killed = children(server.pid)
        for pid in killed:
            os.kill(pid, signal.SIGKILL)
        note = explorer.page.get_by_text(re.compile(r"restored from update"))
        note.wait_for(timeout=60_000)
        restored = int(re.sub(r"\D", "", note.inner_text().partition("update")[2]))
        assert before - 50 <= restored <= before + 20
        explorer.until(f"now.step > {restored} && now.playing")
        workers = children(server.pid)
        assert workers
        assert not set(workers) & set(killed)
        context.close()
    end = time.monotonic() + 5
    while any(map(alive, workers)) and time.monotonic() < end:
        time.sleep(0.1)
    assert not any(map(alive, workers))
