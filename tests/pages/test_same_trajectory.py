"""One link, opened in five sessions: the same numbers at update 200."""

import numpy as np
import pytest

from ebm_engine.server.commands import Pause, Reset, Step
from ebm_engine.server.hub.hub import hub
from tests.pages.explorer_tools import held, link, wait_for

SESSIONS = 5
COLUMNS = ("step", "kl_exact", "ess", "contrast")
LINKS = {
    "mixture": {"preset": "two-modes", "seed": "3", "walkers__count": "300"},
    "network": {"preset": "net-two-modes", "seed": "3", "walkers__count": "100"},
}


def at_200(test):
    """Curves and walkers of the session's run at update 200, made by hand from a paused start."""
    token = held(test).token
    for command in (Pause(), Reset(None), Step(200)):
        hub().command(token, command)
    found = wait_for(test, lambda s: s.step == 200 and not s.playing, 60.0).snapshot
    return {name: found.history[name] for name in COLUMNS} | {"walkers": found.positions}


@pytest.mark.parametrize("query", LINKS.values(), ids=LINKS)
def test_a_link_opened_five_times_gives_the_same_numbers(explorer, query):
    """Equal to the last bit, wherever the run lives; another seed gives other walkers."""
    first = explorer(**query)
    expected = at_200(first)
    assert expected["step"][-1] == 200
    for _ in range(SESSIONS - 1):
        found = at_200(explorer(**{k.replace(".", "__"): v for k, v in link(first).items()}))
        for name, values in expected.items():
            np.testing.assert_array_equal(found[name], values, err_msg=name)
    other = at_200(explorer(**query | {"seed": "4"}))
    assert not np.array_equal(other["walkers"], expected["walkers"])
