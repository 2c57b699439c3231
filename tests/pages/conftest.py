"""The app in a simulated session; its runs are closed and its workers stopped afterwards."""

from contextlib import suppress
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from ebm_engine.server.hub.hub import UnknownRun, hub

MAIN = Path(__file__).parents[2] / "pages" / "main.py"


@pytest.fixture(scope="session")
def workers():
    """The hub of this process with its workers; none of them outlives the tests."""
    yield hub()
    hub().stop()


@pytest.fixture
def app(workers):
    """A function without arguments → AppTest that has opened the home page in a new session."""
    opened = []

    def open_home():
        test = AppTest.from_file(str(MAIN), default_timeout=60)
        opened.append(test)
        return test.run()

    yield open_home
    for test in opened:
        for held in test.session_state["held"].values() if "held" in test.session_state else ():
            with suppress(UnknownRun):
                workers.close(held.token)


@pytest.fixture
def explorer(app):
    """A function (**query parameters) → AppTest on the explorer."""

    def open_page(**query):
        test = app()
        test.switch_page("gaussian_mixtures.py")
        test.query_params.update({k.replace("__", "."): v for k, v in query.items()})
        test.run()
        assert not test.exception
        return test

    return open_page
