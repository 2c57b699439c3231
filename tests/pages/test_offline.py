"""A whole session calls no other machine: every connection and name look-up of the server is noted.

An audit hook sees those of all processes of the server, of whatever library they come from.
"""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from tests.browser.server import serve
from tests.pages.viewer import open_page, visit

PAGES = ["", "mnist", "langevin", "compare", "sweeps", "lessons", "lecturer"]
FOREIGN = "http://evil.example"
OUTSIDE = "192.0.2.1"  # an address of documentation, which no machine has
RECORDER = """
import ipaddress, os, socket, sys

def is_near(host):
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host in ("localhost", socket.gethostname())
    return address.is_loopback or address.is_unspecified

def note(event, values):
    if event in ("socket.getaddrinfo", "socket.gethostbyname"):
        host = values[0]
    elif event in ("socket.connect", "socket.sendto") and isinstance(values[1], tuple):
        if event == "socket.connect" and values[0].type == socket.SOCK_DGRAM:
            return  # sends nothing: asks the system which address of its own it would use
        host = values[1][0]
    else:
        return
    host = host.decode() if isinstance(host, bytes) else host
    if host and not is_near(host):
        with open(os.environ["CALLS"], "a") as file:
            file.write(f"{event} {host}\\n")

sys.addaudithook(note)
"""


@pytest.fixture
def recorded(tmp_path: Path) -> dict[str, str]:
    """Variables with which all processes of a server note their calls in the file CALLS."""
    (tmp_path / "sitecustomize.py").write_text(RECORDER, encoding="utf-8")
    no_proxy = {"HTTP_PROXY": "", "HTTPS_PROXY": "", "http_proxy": "", "https_proxy": ""}
    return {"PYTHONPATH": str(tmp_path), "CALLS": str(tmp_path / "calls"), **no_proxy}


def calls(recorded: dict[str, str]) -> list[str]:
    file = Path(recorded["CALLS"])
    return file.read_text().splitlines() if file.exists() else []


async def is_refused(address: str, path: str) -> bool:
    """Whether a page of another site gets no socket."""
    url = f"{address.replace('http', 'ws', 1)}/{path}"
    protocols = ["streamlit"] if "stream" in path else None
    try:
        async with connect(url, origin=FOREIGN, subprotocols=protocols):
            return False
    except InvalidStatus as error:
        return error.response.status_code == 403


def test_the_recorder_sees_a_connection_and_a_look_up_of_a_name(recorded):
    """Else the test below would hold for any server."""
    for line in (
        f"s.create_connection(('{OUTSIDE}', 80), 0.01)",
        "s.gethostbyname('evil.example')",
    ):
        code = f"import socket as s, contextlib\nwith contextlib.suppress(OSError): {line}"
        environment = {**os.environ, **recorded}
        subprocess.run([sys.executable, "-c", code], env=environment, check=True)
    seen = " ".join(calls(recorded))
    assert OUTSIDE in seen
    assert "evil.example" in seen


def test_a_session_calls_no_other_machine_also_when_all_may_come_and_another_site_knocks(recorded):
    """Streamlit asks checkip.amazonaws.com at the start and for each foreign Origin."""

    async def session(address: str) -> None:
        urllib.request.urlopen(address).close()
        query = "preset=two-modes&walkers.count=200"
        async with visit(address, "gaussian-mixtures", query) as viewer:
            await viewer.until(lambda now: now.get("step", 0) > 20)
            for path in ("_stcore/stream", viewer.path):
                assert await is_refused(address, path)
        for page in PAGES:
            await open_page(address, page)

    with serve("--server.address", "0.0.0.0", EBM_WORKERS="1", **recorded) as (address, _):
        asyncio.run(session(address))
    assert calls(recorded) == []
