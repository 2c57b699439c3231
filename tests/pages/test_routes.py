"""The live routes: who may listen, one frame in flight, commands, leases, and our own scripts."""

from __future__ import annotations

import asyncio
import re
from dataclasses import replace
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.routing import BaseRoute

from ebm_engine.server.commands import Pause, Play, Reset, Rewind, Speed, Step
from pages.live import browser_messages, routes
from tests.pages.live_tools import Browser, StubHub, small_snapshot, unpack, view_of

PATH = "/api/live/known"


@pytest.fixture
def stub(monkeypatch: pytest.MonkeyPatch) -> StubHub:
    stub = StubHub(view_of(small_snapshot()))
    monkeypatch.setattr(routes, "hub", lambda: stub)
    return stub


def app(base: str = "") -> Starlette:
    return Starlette(routes=routes.make_routes(base))


def show(stub: StubHub, step: int, **changes: Any) -> None:
    """The run goes on to an update."""
    snapshot = replace(stub.now.snapshot, step=step)
    stub.now = replace(stub.now, version=stub.now.version + 1, snapshot=snapshot, **changes)


def test_another_site_may_not_open_the_socket(stub):
    async def run():
        browser = Browser(app(), PATH, origin="https://evil.example")
        assert await browser.hears() == {"type": "websocket.close", "code": 4403, "reason": ""}
        assert stub.touches == 0

    asyncio.run(run())


def test_an_unknown_token_is_told_so(stub):
    async def run():
        browser = Browser(app(), "/api/live/unknown", origin="http://lab:8501")
        assert (await browser.hears())["type"] == "websocket.accept"
        assert (await browser.hears())["code"] == 4404

    asyncio.run(run())


def test_the_next_frame_waits_for_the_browser(stub):
    """Without the credit a slow browser would be sent a backlog."""

    async def run():
        browser = Browser(app(), PATH, origin="http://lab:8501")
        await browser.hears()
        assert (await browser.frame())[0]["step"] == 6
        show(stub, 7)
        show(stub, 8)
        assert await browser.quiet()
        browser.says({"do": "ack"})
        assert (await browser.frame())[0]["step"] == 8
        browser.says({"do": "ack"})
        assert await browser.quiet()
        await browser.leaves()

    asyncio.run(run())


def test_a_playing_run_sends_field_and_curves_ten_times_a_second_at_most(stub):
    viewer = routes.Sent()
    slow = []
    for k in range(30):
        show(stub, 10 + k)
        frame = viewer.next_frame(stub.now, False, now=k / 30)
        slow.append(b'"name":"field"' in frame)
    assert 8 <= sum(slow) <= 11
    assert slow[0]


def test_a_paused_run_shows_its_last_curves(stub):
    viewer = routes.Sent()
    viewer.next_frame(stub.now, False, now=0.0)
    show(stub, 7, playing=False)
    assert b'"name":"curves"' in viewer.next_frame(stub.now, False, now=0.01)


def test_training_data_are_sent_once_and_again_when_they_change(stub):
    viewer = routes.Sent()
    assert b'"name":"data"' in viewer.next_frame(stub.now, False, now=0.0)
    show(stub, 7)
    assert b'"name":"data"' not in viewer.next_frame(stub.now, False, now=1.0)
    other = replace(stub.now.snapshot, data=stub.now.snapshot.data + 1)
    stub.now = replace(stub.now, version=99, snapshot=other)
    assert b'"name":"data"' in viewer.next_frame(stub.now, False, now=2.0)


def test_messages_become_commands(stub):
    messages = [
        {"do": "play"}, {"do": "pause"}, {"do": "step", "count": 10}, {"do": "reset"},
        {"do": "rewind", "count": 50}, {"do": "speed", "value": 60}, {"do": "speed", "value": None},
    ]  # fmt: skip

    async def run():
        browser = Browser(app(), PATH)
        for message in messages:
            browser.says(message)
        await browser.hears()
        await browser.frame()
        await browser.leaves()

    asyncio.run(run())
    expected = [Play(), Pause(), Step(10), Reset(None), Rewind(50), Speed(60), Speed(None)]
    assert stub.commands == expected


@pytest.mark.parametrize(
    "text",
    ["", "{", "7", "null", '"play"', '["do"]', '{"do": "fly"}', '{"do": "step"}',
     '{"do": "step", "count": 1000000}', '{"do": "step", "count": "1"}', '{"do": "rewind"}',
     '{"do": "speed"}', '{"do": "speed", "value": 1e9}', '{"do": {"do": "play"}}', "[" * 1000,
     '{"do": "step", "count": true}', '{"do": "step", "count": 10.0}',
     '{"do": "speed", "value": true}', '{"do": "scrub", "step": NaN}',
     '{"do": "scrub", "step": -1}', '{"do": "scrub"}',
     '{"do": "scrub", "step": 1' + "0" * 900 + "}", '{"do": "pause", "do": ["pause"]}'],
)  # fmt: skip
def test_anything_else_is_ignored_and_the_socket_lives_on(stub, text):
    stub.recorded = lambda token, step: None

    async def run():
        browser = Browser(app(), PATH)
        await browser.hears()
        await browser.frame()
        browser.says(text)
        browser.says({"do": "pause"})
        assert await browser.quiet(0.05)
        await browser.leaves()

    asyncio.run(run())
    assert stub.commands == [Pause()]


@pytest.mark.parametrize("say", [Browser.says, lambda b, text: b.says_bytes(text.encode())])
def test_a_message_longer_than_any_of_ours_closes_the_socket_unread(stub, say, monkeypatch):
    """Ten million brackets would be parsed on the event loop, where everybody else waits."""
    monkeypatch.setattr(routes, "parse", lambda text: pytest.fail("parsed"))

    async def run():
        browser = Browser(app(), PATH)
        await browser.hears()
        await browser.frame()
        say(browser, '{"do": "pause"}' + " " * 10_000_000)
        assert await browser.hears() == {"type": "websocket.close", "code": 1009, "reason": ""}
        await browser.leaves()

    asyncio.run(run())
    assert (stub.commands, stub.left) == ([], 1)


def test_a_flood_of_resets_is_thinned_out_and_the_person_is_told_for_a_while(stub):
    """Ten pass at once, and what comes after them; a still run is shown the notice and its end."""

    async def run():
        browser = Browser(app(), PATH)
        await browser.hears()
        await browser.frame()
        for _ in range(100):
            browser.says({"do": "reset"})
        browser.says({"do": "pause"})
        browser.says({"do": "ack"})
        assert (await browser.frame())[0]["notice"] == browser_messages.TOO_FAST
        browser.says({"do": "ack"})
        event = await browser.hears(browser_messages.SHOWN_SECONDS + 2)
        assert unpack(event["bytes"])[0]["notice"] == ""
        await browser.leaves()

    asyncio.run(run())
    assert stub.commands == [Reset(None)] * 10 + [Pause()]


def test_bytes_from_a_browser_are_ignored(stub):
    async def run():
        browser = Browser(app(), PATH)
        await browser.hears()
        await browser.frame()
        browser.says_bytes(b"\x00\xff")
        browser.says({"do": "pause"})
        assert await browser.quiet(0.05)
        await browser.leaves()

    asyncio.run(run())
    assert stub.commands == [Pause()]


def test_a_sign_of_life_renews_the_lease(stub):
    async def run():
        browser = Browser(app(), PATH)
        await browser.hears()
        await browser.frame()
        before = stub.touches
        browser.says({"do": "alive"})
        await browser.quiet(0.05)
        assert stub.touches == before + 1
        await browser.quiet(0.2)
        assert stub.touches == before + 1
        await browser.leaves()

    asyncio.run(run())


def test_only_the_last_of_two_browsers_leaves_the_run(stub):
    async def run():
        first, second = Browser(app(), PATH), Browser(app(), PATH)
        for browser in (first, second):
            await browser.hears()
            await browser.frame()
        await first.leaves()
        assert stub.left == 0
        await second.leaves()
        assert stub.left == 1

    asyncio.run(run())


def test_a_run_that_is_closed_while_watched_ends_the_socket(stub):
    async def run():
        browser = Browser(app(), PATH)
        await browser.hears()
        await browser.frame()
        stub._check = stub.view = lambda token: (_ for _ in ()).throw(routes.UnknownRun(token))
        browser.says({"do": "ack"})
        assert (await browser.hears())["code"] == 4404
        await browser.leaves()

    asyncio.run(run())


async def get(base: str, path: str) -> tuple[int, dict[str, str], bytes]:
    """Status, headers and body of a GET."""
    requests, events = [{"type": "http.request"}], []

    async def receive() -> dict[str, Any]:
        return requests.pop() if requests else await asyncio.Event().wait()

    async def send(event: dict[str, Any]) -> None:
        events.append(event)

    scope = {"type": "http", "method": "GET", "path": path, "headers": [], "query_string": b""}
    await app(base)(scope, receive, send)
    headers = {k.decode(): v.decode() for k, v in events[0]["headers"]}
    return events[0]["status"], headers, b"".join(e.get("body", b"") for e in events[1:])


@pytest.mark.parametrize("base", ["", "lab", "/deep/lab/"])
def test_scripts_and_styles_are_served_below_the_base_path(base):
    prefix = "/" + base.strip("/") if base else ""
    root = f"{prefix}/api/stage/{routes.assets_version()}"
    status, headers, body = asyncio.run(get(base, f"{root}/main.js"))
    assert (status, headers["content-type"]) == (200, "text/javascript; charset=utf-8")
    assert "immutable" in headers["cache-control"]
    assert body == (routes.ASSETS / "main.js").read_bytes()
    assert asyncio.run(get(base, f"{root}/stage.css"))[1]["content-type"].startswith("text/css")


def test_scripts_in_folders_are_served_by_their_path():
    root = f"/api/stage/{routes.assets_version()}"
    for name in ("plane/field.js", "shared/dom.js"):
        status, headers, body = asyncio.run(get("", f"{root}/{name}"))
        assert (status, headers["content-type"]) == (200, "text/javascript; charset=utf-8")
        assert body == (routes.ASSETS / name).read_bytes()


@pytest.mark.parametrize(
    "name",
    ["", ".", "/", "plane", "plane/", "nothing.js", "field.js", "plane/nothing.js",
     "../../app.py", "../lessons.css", "../stage/main.js", "plane/../main.js", "./main.js",
     "plane//field.js", "/main.js", "main.js/", "main.js\0", "MAIN.JS",
     "..%2f..%2fapp.py", "%2e%2e", "%2e%2e/%2e%2e/app.py", "plane%2ffield.js",
     "..\\..\\app.py", "plane\\field.js", "plane\\..\\main.js",
     str(routes.ASSETS / "main.js"), "/etc/passwd"],
)  # fmt: skip
def test_no_other_file_is_served(name):
    """Only a name of the listing is: no way out of the folder, none that is spelt differently."""
    assert asyncio.run(get("", f"/api/stage/{routes.assets_version()}/{name}"))[0] == 404


def test_an_old_version_of_a_script_is_not_served_under_its_address():
    """It would be kept forever by the browser."""
    assert asyncio.run(get("", "/api/stage/0123456789ab/main.js"))[0] == 404


def test_every_module_that_a_script_imports_exists():
    files = set(routes.assets().values())
    assert len(files) > 30
    for path in files:
        for name in re.findall(r'(?:from |import\()"(\.[^"]*)"', path.read_text()):
            assert (path.parent / name).resolve() in files, (path.name, name)


def test_routes_do_not_collide_with_streamlit():
    reserved = ("/_stcore/", "/media/", "/component/", "/static/")
    made: list[BaseRoute] = routes.make_routes("")
    assert [r.path for r in made if r.path.startswith(reserved)] == []
