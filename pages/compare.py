"""Compare: two to four methods, or values of a knob, side by side and in lockstep."""

from __future__ import annotations

from pages.common.compare import comparison, controls, figures, link
from pages.common.tab import lockstep
from pages.common.tab.plain_text import warn

comparing = link.enter()
controls.draw(comparing)
warn(comparing.link.problems)
members = comparison.members(comparing.now)
runs = lockstep.hold("compare", comparing.now.preset, [one.spec for one in members])
figures.draw(comparing.now, members, runs)
link.write()
