"""Placeholders in the texts of a lesson: measured values in place of {run.number}.

{cd.kl_exact} is the present value in run “cd”, {cd.kl_exact@500} the one recorded at update 500,
{cd.mass_model[0]:%} a share in per cent; after the colon stands a format: % or .1% for per cent,
.2f for two decimals, d for a whole number, nothing for three significant digits. In a step with a
figure {figure.left_mass} reads the figure.
"""

from __future__ import annotations

import math
import re
from collections.abc import Collection, Mapping

from ebm_engine.lessons.numbers import PAST, Annealed, mistake, numbers, numbers_at
from ebm_engine.run.snapshot import Snapshot

FIGURE = "figure"  # stands for a run's name in the placeholder of a figure
RUN_NAME = r"[a-z][a-z0-9-]*"
PLACEHOLDER = re.compile(r"\{([^{}]*)\}")
INSIDE = re.compile(rf"({RUN_NAME})\.([a-z_]+(?:\[\d+\])?)(?:@(\d+))?(?::(.*))?")
FORM = re.compile(r"d|(?:\.\d)?[%fg]")
THREE_DIGITS = ".3g"
OTHER_FORM = "is not of the form {run.number}, {run.number@update} or {run.number:format}"


def fill(
    text: str,
    snapshots: Mapping[str, Snapshot],
    *,
    annealed: Mapping[str, Annealed] | None = None,
    figure: Mapping[str, float] | None = None,
) -> str:
    """The text with the values of this moment; a number that a run does not have is “unknown”.

    snapshots: by name of the run; annealed: results of the task "ais" by name of the run; figure:
    what `figure_numbers` returns for the sliders as they stand. Raises KeyError on the name of a
    run or number that is not there, ValueError on a placeholder of another form.
    """
    measured = dict(annealed or {})
    tables = {name: numbers(s, measured.get(name)) for name, s in snapshots.items()}
    tables[FIGURE] = dict(figure or {})

    def value(found: re.Match[str]) -> str:
        parts = INSIDE.fullmatch(found[1])
        if parts is None:
            raise ValueError(f"{found[0]} {OTHER_FORM}")
        run, name, update, form = parts.groups()
        table = numbers_at(snapshots[run], int(update)) if update else tables[run]
        return shown(table[name], form or THREE_DIGITS)

    return PLACEHOLDER.sub(value, text)


def shown(value: float, form: str) -> str:
    """A number as text: true minus sign, space before %, no negative zero, “unknown” for NaN."""
    if math.isnan(value):
        return "unknown"
    if form == "d":
        text = f"{value:.0f}"
    elif form.endswith("%"):
        text = f"{100 * value:.{form[1:-1] or 0}f} %"
    else:
        text = f"{value:{form}}"
    is_zero = not any(digit in text for digit in "123456789") and math.isfinite(value)
    return text.replace("-", "" if is_zero else "−")


def mistakes(text: str, runs: Collection[str], figure: Collection[str], until: int) -> list[str]:
    """What is wrong with the placeholders of a text, one sentence each.

    runs: names of the lesson's runs; figure: names of the figure's numbers, empty without one;
    until: the last update of the lesson.
    """
    inside = PLACEHOLDER.findall(text)
    found = [(one, _mistake(one, runs, figure, until)) for one in inside]
    return [f"{{{one}}} {what}" for one, what in found if what]


def _mistake(inside: str, runs: Collection[str], figure: Collection[str], until: int) -> str:
    parts = INSIDE.fullmatch(inside)
    if parts is None:
        return OTHER_FORM
    run, name, update, form = parts.groups()
    if form is not None and not FORM.fullmatch(form):
        return f"has the format {form!r}, allowed are d, %, .1%, .2f, .3g and the like"
    if run == FIGURE:
        allowed = ", ".join(figure) or "none without a figure in the step"
        return "" if name in figure else f"is not a number of this figure, which has {allowed}"
    if run not in runs:
        return f"names a run that this lesson lacks, it has {', '.join(runs) or 'none'}"
    what = mistake(name)
    if what:
        return what
    if update is None:
        return ""
    if name.partition("[")[0] not in PAST:
        return f"is not recorded over the run; @ can follow only {', '.join(sorted(PAST))}"
    return "" if int(update) <= until else f"lies beyond the last update, which is {until}"
