"""EBM Lab: `streamlit run app.py`.

The page shell lives in pages/main.py. Beside Streamlit's own routes there are the websocket
that carries the live frames and the scripts of our components. The workers start with the server,
so that play is instant.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pandas  # noqa: F401 - whole before two pages at once can find it half imported
import streamlit as st

from ebm_engine.server.hub.hub import hub
from ebm_engine.server.limits import Limits, LimitsError
from pages.live import plot, routes

START_SECONDS = 20.0  # after that the server opens all the same and a page says "starting"


@asynccontextmanager
async def lifespan(_: st.App) -> AsyncIterator[None]:
    """Start the workers with the server and stop them with it."""
    running = await asyncio.to_thread(hub)
    await asyncio.to_thread(running.wait_until_ready, START_SECONDS)
    try:
        yield
    finally:
        await asyncio.to_thread(running.stop)


try:
    Limits.from_environment()
except LimitsError as error:
    sys.exit(f"EBM Lab cannot start: {error}")

BASE = st.get_option("server.baseUrlPath") or ""

app = st.App(
    "pages/main.py",
    routes=[*routes.make_routes(BASE), *plot.make_routes(BASE)],
    lifespan=lifespan,
)

if __name__ == "__main__":
    app.run()
