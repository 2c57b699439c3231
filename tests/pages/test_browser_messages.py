"""What one browser may ask for, with a clock of its own."""

from __future__ import annotations

from ebm_engine.server.commands import Pause, Reset, Rewind, Step
from pages.live.browser_messages import AT_ONCE, PER_SECOND, SHOWN_SECONDS, TOO_FAST, Allowance


class Clock:
    """Seconds that pass when a test says so."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_five_resets_a_second_pass_and_ten_at_once():
    clock = Clock()
    allowance = Allowance(clock)
    assert [allowance.admits(Reset()) for _ in range(12)] == [True] * 10 + [False] * 2
    clock.now = 1.0
    passed = sum(allowance.admits(command) for command in [Reset(), Rewind()] * 5)
    assert passed == 5
    clock.now = 1000.0
    assert sum(allowance.admits(Reset()) for _ in range(1000)) == 10


def test_what_costs_little_is_never_left_out():
    """Holding the arrow key makes thirty steps a second; nobody may miss a pause."""
    allowance = Allowance(Clock())
    assert all(allowance.admits(Reset()) for _ in range(10))
    assert all(allowance.admits(command) for command in [Step(1), Pause()] * 1000)
    assert allowance.notice == ""


def test_the_notice_of_a_command_left_out_goes_again():
    clock = Clock()
    allowance = Allowance(clock)
    for _ in range(11):
        allowance.admits(Reset())
    assert allowance.notice == TOO_FAST
    clock.now = SHOWN_SECONDS
    assert allowance.notice == ""


def test_a_browser_that_talks_too_fast_is_listened_to_more_slowly():
    """A stage at work, with thirty signs of life, sixty looks and thirty steps, is not."""
    clock = Clock()
    allowance = Allowance(clock)
    for _ in range(120 * 60):
        assert allowance.listen() == 0.0
        clock.now += 1 / 120
    heard, end = 0, clock.now + 10
    while clock.now < end:
        clock.now += allowance.listen()
        heard += 1
    assert AT_ONCE + 9 * PER_SECOND < heard <= AT_ONCE + 10 * PER_SECOND + 1
