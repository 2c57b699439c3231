"""For the tests of the explorer: its run, its link, and waiting for a picture."""

import time

from ebm_engine.server.hub.hub import hub
from pages.common.tab import session


def held(test):
    return test.session_state["held"][session.EXPLORER]


def link(test):
    return {k: v[0] if isinstance(v, list) else v for k, v in test.query_params.items()}


def wait_for(test, reached, seconds=20.0):
    """The first view of the run for which `reached` holds."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        hub().touch(held(test).token)
        view = hub().view(held(test).token)
        if view.snapshot is not None and reached(view.snapshot):
            return view
        time.sleep(0.02)
    raise AssertionError("the run did not get there in time")


def choose(test, head, kind):
    """Choose another kind in the menu of a block, as its user does."""
    key = f"{head}.kind#{held(test).scope}"
    menu = test.button_group(key=key) if head == "energy" else test.selectbox(key=key)
    menu.set_value(kind).run()
    assert not test.exception
