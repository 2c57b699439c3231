"""A hub with real workers for the tests of one module; each module has its own."""

from collections.abc import Iterator

import pytest

from ebm_engine.server.hub.hub import Hub
from tests.server.hub_tools import patient, ready


@pytest.fixture(scope="module")
def hub() -> Iterator[Hub]:
    hub = Hub(patient(workers=2))
    hub.start()
    yield ready(hub)
    hub.stop()
