"""Script: a Python file that trains a run again and compares its numbers with those it had.

It needs this package and the same machine, where the same spec gives the same bits; it imports the
names of the package itself, which stay. Importing this module never loads torch.
"""

from __future__ import annotations

import json
import math
from typing import Any

import numpy as np

from ebm_engine.run.snapshot import MARK, Snapshot
from ebm_engine.run.timeline import CHANGES
from ebm_engine.spec.edit import with_changes
from ebm_engine.spec.run_spec import RunSpec, SpecError

TOLERANCE = 1e-6
MARKS = 200  # that a snapshot holds at most

TEMPLATE = '''\
"""Train a run of EBM Lab again and compare its numbers with those of its picture.

Start it in the folder of EBM Lab with the Python that the lab runs on,

    .venv/bin/python {name}

or anywhere with a Python that has EBM Lab installed.

It prints every number as expected and as found, and ends with status 1 when one differs by more
than {tolerance:g}. On another machine the last digits differ, and with them, later, the rest.
"""

import json
import math
from typing import Any
import os
import sys

sys.path.insert(0, os.getcwd())

from ebm_engine import Run, numbers_of, parse_spec, prepare_process, with_changes

SPEC = json.loads(r"""
{spec}
""")
UPDATES = {updates}
JUDGED = {judged}  # the update that the exact numbers belong to
CHANGES = json.loads(r"""
{changes}
""")  # made while the run went on: [update, {{field: new value}}]
EXPECTED = json.loads(r"""
{expected}
""")

prepare_process()
run = Run(parse_spec(SPEC))
waiting = list(CHANGES)
while True:
    while waiting and waiting[0][0] == run.step:
        run.change(with_changes(run.spec, [waiting.pop(0)]))
    if run.step == UPDATES or run.divergence:
        break
    run.advance()

found = numbers_of(run.snapshot(playing=False, updates_per_second=0.0), JUDGED)
worst = 0.0
print(f"{{'number':<24}} {{'expected':>22}} {{'found':>22}} {{'difference':>10}}")
for name, value in EXPECTED.items():
    got = found.get(name, math.inf)
    worst = max(worst, abs(got - value))
    print(f"{{name:<24}} {{value:>22.15g}} {{got:>22.15g}} {{abs(got - value):>10.1e}}")
print(f"largest difference {{worst:.1e}}, allowed {tolerance:g}")
sys.exit(worst > {tolerance:g})
'''


class NotReproducible(ValueError):  # noqa: N818 - names what the run is
    """A run that no script can train again; the message is one sentence."""


def script(snapshot: Snapshot, first: Snapshot | None, name: str) -> bytes:
    """The script `name` for a run as its picture shows it; `first` is its picture of update 0.

    Raises NotReproducible with the reason where a spec and live changes do not give the run.
    """
    spec = beginning(snapshot, first)
    judged = int(snapshot.history["step"][-1])
    text = TEMPLATE.format(
        name=name,
        tolerance=TOLERANCE,
        spec=_json(spec.model_dump(mode="json")),
        updates=snapshot.step,
        judged=judged,
        changes=_json([[step, values] for step, values in snapshot.changes]),
        expected=_json(numbers_of(snapshot, judged)),
    )
    return text.encode()


def beginning(snapshot: Snapshot, first: Snapshot | None) -> RunSpec:
    """The spec of a run at update 0; raises NotReproducible with the reason where none gives it."""
    target = snapshot.spec.target
    if target.own_file:
        raise NotReproducible(f"its {target.kind} are a file of yours, which no script holds")
    if any(text == MARK for _, text in snapshot.marks) or len(snapshot.marks) >= MARKS:
        raise NotReproducible("it did not start from its settings: take the run file")
    if not snapshot.changes:
        return snapshot.spec
    if len(snapshot.changes) >= CHANGES:
        raise NotReproducible(f"more than {CHANGES} settings were changed while it ran")
    if first is not None and first.step == 0:
        try:
            if with_changes(first.spec, snapshot.changes) == snapshot.spec:
                return first.spec
        except SpecError as error:
            raise NotReproducible(f"its changes do not fit its start: {error}") from None
    raise NotReproducible("its settings at update 0 are not known any more: take the run file")


def numbers_of(snapshot: Snapshot, judged: int) -> dict[str, float]:
    """The finite numbers of a picture by name: its history at update `judged`, masses, log Z."""
    row = np.flatnonzero(snapshot.history["step"] == judged)[-1]
    found: dict[str, Any] = {
        name: values[row] for name, values in snapshot.history.items() if name != "step"
    }
    found |= {f"model mass {j}": m for j, m in enumerate(snapshot.mass_history[row], start=1)}
    masses = snapshot.mode_mass
    for reading, shares in (("raw", masses.raw), ("weighted", masses.weighted)):
        found |= {f"{reading} mass {j}": m for j, m in enumerate(shares, start=1)}
    for name in ("log_z_estimate", "log_z_witness"):
        value = getattr(snapshot, name)
        found[name] = math.nan if value is None else value
    return {name: float(value) for name, value in found.items() if math.isfinite(value)}


def _json(content: object) -> str:
    return json.dumps(content, indent=1)
