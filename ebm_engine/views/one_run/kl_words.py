"""The KL of a run: its curves, and the words of every figure that shows it.

Where the target's density is known it is KL(target ‖ model); else the history holds the
cross-entropy of the data, log Z + E_data[U], which is KL plus the unknown entropy of the target.
"""

from __future__ import annotations

import numpy as np

from ebm_engine.run.snapshot import Snapshot
from ebm_engine.views.style import wording
from ebm_engine.views.style.curves import Curve
from ebm_engine.views.style.palette import PALETTES, Theme, method_line
from ebm_engine.views.style.series import last_finite
from ebm_engine.views.style.theme import has_weights, method_name, number

KL = "KL(target ‖ model)"
CROSS_ENTROPY = "Cross-entropy of the data under the model"
CONTRAST = "CD contrast E(data) − E(walkers): not a loss"


def title(snapshot: Snapshot) -> str:
    """What the figure shows."""
    return KL if snapshot.known_density else CROSS_ENTROPY


def noun(snapshot: Snapshot) -> str:
    """The same within a sentence or a table."""
    return "KL" if snapshot.known_density else "cross-entropy"


def curves(snapshot: Snapshot, theme: Theme) -> list[Curve]:
    """The curves that have values, from back to front, with their standard errors.

    With an unknown density the data are all there is, so there is no second exact curve.
    """
    colors, history, known = PALETTES[theme], snapshot.history, snapshot.known_density
    data = ("exact, on the training data", "on the data")
    method = {**method_line(snapshot.spec.method.kind, theme), "width": 2}
    truth = (
        ("against the truth ± 2 s.e.", "against the truth")
        if wording.sampled(snapshot)
        else ("exact", "exact")
    )
    lines = {
        "kl_data": (data, {"color": colors.muted, "dash": "solid", "width": 1}),
        "kl_witness": (
            ("witness ± 2 s.e.", "witness"),
            {"color": colors.witness, "dash": "longdash", "width": 2},
        ),
        "kl_estimate": ((f"{method_name(snapshot)} estimate ± 2 s.e.", "estimate"), method),
        "kl_exact": (
            truth if known else data,
            {"color": colors.ink, "dash": "solid", "width": 2},
        ),
    }
    return [
        Curve(name, history["step"], history[field], style, _errors(snapshot, field), short)
        for field, ((name, short), style) in lines.items()
        if np.isfinite(history[field]).any() and (known or field != "kl_data")
    ]


def alt(snapshot: Snapshot) -> str:
    """The newest numbers."""
    names = {"kl_exact": "exact", "kl_estimate": "estimated", "kl_witness": "witness"}
    values = {name: last_finite(snapshot.history[field]) for field, name in names.items()}
    text = ", ".join(f"{name} {number(v)}" for name, v in values.items() if v is not None)
    what = KL if snapshot.known_density else "Cross-entropy"
    return f"{what} in nats at update {wording.judged_step(snapshot)}: {text or 'no values yet'}."


def caption(snapshot: Snapshot, *, log_scale: bool) -> str:
    """What is shown, how exact it is and from how many samples."""
    text = _quantity(snapshot) + wording.exactness(snapshot) + _estimate(snapshot)
    if not snapshot.spec.method.reads_walkers:
        text += wording.walkers_role(snapshot)
    text += wording.average(snapshot)
    if log_scale:
        text += " Values below half the smallest exact one leave a gap on the log axis."
    return text


def _errors(snapshot: Snapshot, field: str) -> np.ndarray | None:
    """Standard errors of a column of the history, None where it has none."""
    errors = snapshot.history.get(f"{field}_se")
    return errors if errors is not None and (errors > 0).any() else None


def _quantity(snapshot: Snapshot) -> str:
    samples = snapshot.spec.target.samples
    if snapshot.known_density:
        return (
            f"{KL} in nats against the true density; the thin line is the same on the {samples} "
            "training points, where it may fall below 0."
        )
    return (
        f"Cross-entropy log Z + E[U] on the {samples} training points in nats, lower is better. "
        f"{wording.UNKNOWN}, so neither KL nor the lowest value is known."
    )


def _estimate(snapshot: Snapshot) -> str:
    if not has_weights(snapshot):
        return f" Without weights ({method_name(snapshot)}) there is no estimate of log Z to draw."
    witness = snapshot.spec.method.witness
    others = f" and the witness {witness} others that never train" if witness else ""
    return f" The estimate uses the {snapshot.spec.walkers.count} training walkers{others}."
