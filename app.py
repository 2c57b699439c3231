"""EBM Lab: `streamlit run app.py`.

The page shell lives in pages/main.py. Beside Streamlit's own routes there are the websocket
that carries the live frames and the scripts of our components. The workers start with the server,
so that play is instant.
"""

from __future__ import annotations

import asyncio
import functools
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pandas  # noqa: F401 - whole before two pages at once can find it half imported
import streamlit as st
from streamlit import net_util
from streamlit.runtime import memory_session_storage
from streamlit.web.server import server_util

from ebm_engine.data.own_files import read_only_uploads
from ebm_engine.server import open_files
from ebm_engine.server.hub.hub import hub
from ebm_engine.server.limits import Limits, LimitsError
from pages.live import plot, routes

START_SECONDS = 20.0  # after that the server opens all the same and a page says "starting"


EVERYWHERE = ("0.0.0.0", "::")  # addresses that stand for all those of this machine
FILES_PER_CLOSED_TAB = 8  # each holds three while it is kept; most are for the open ones


def call_no_other_machine() -> None:
    """Keep Streamlit from asking a server on the internet for the address of this machine.

    It does so before it refuses a page of another site, and for its message at the start, in whose
    place `announce` comes (logger.hideWelcomeMessage in .streamlit/config.toml).
    """
    net_util.get_external_ip = lambda: None


def keep_fewer_closed_tabs() -> None:
    """Limit the closed tabs that Streamlit keeps for two minutes, in case they come back."""
    storage = memory_session_storage.MemorySessionStorage
    most = min(128, open_files.limit() // FILES_PER_CLOSED_TAB)
    memory_session_storage.MemorySessionStorage = functools.partial(storage, maxsize=most)


def announce() -> None:
    """Print the addresses of the app."""
    address = st.get_option("server.address") or EVERYWHERE[0]
    hosts = ["localhost", net_util.get_internal_ip()] if address in EVERYWHERE else [address]
    urls = [server_util.get_url(host) for host in hosts if host]
    sys.stdout.write(f"EBM Lab runs at {' and '.join(urls)}\n")
    sys.stdout.flush()


@asynccontextmanager
async def lifespan(_: st.App) -> AsyncIterator[None]:
    """Start the workers with the server and stop them with it."""
    read_only_uploads()
    running = await asyncio.to_thread(hub)
    await asyncio.to_thread(running.wait_until_ready, START_SECONDS)
    announce()
    try:
        yield
    finally:
        await asyncio.to_thread(running.stop)


try:
    Limits.from_environment()
except LimitsError as error:
    sys.exit(f"EBM Lab cannot start: {error}")

call_no_other_machine()
open_files.raise_limit()
keep_fewer_closed_tabs()
BASE = st.get_option("server.baseUrlPath") or ""

app = st.App(
    "pages/main.py",
    routes=[*routes.make_routes(BASE), *plot.make_routes(BASE)],
    lifespan=lifespan,
)

if __name__ == "__main__":
    app.run()
