"""The words of the KL figure: names, alt text and caption.

Where the target's density is known the figure shows KL(target ‖ model); else its history holds the
cross-entropy of the data, log Z + E_data[U], which is KL plus the unknown entropy of the target.
"""

from __future__ import annotations

from ebm_engine.run.snapshot import Snapshot
from ebm_engine.views.style import wording
from ebm_engine.views.style.series import last_finite
from ebm_engine.views.style.theme import has_weights, method_name, number


def title(snapshot: Snapshot) -> str:
    """What the figure shows."""
    if snapshot.known_density:
        return "KL(target ‖ model)"
    return "Cross-entropy of the data under the model"


def line_names(snapshot: Snapshot) -> dict[str, str]:
    """The legend's name of each curve, by its field of the history, from back to front.

    With an unknown density the data are all there is, so there is no second exact curve.
    """
    names = {
        "kl_data": "exact, on the training data",
        "kl_witness": "witness ± 2 s.e.",
        "kl_estimate": f"{method_name(snapshot)} estimate ± 2 s.e.",
        "kl_exact": "against the truth ± 2 s.e." if wording.sampled(snapshot) else "exact",
    }
    if not snapshot.known_density:
        names["kl_exact"] = names.pop("kl_data")
    return names


def alt(snapshot: Snapshot) -> str:
    """The newest numbers."""
    names = {"kl_exact": "exact", "kl_estimate": "estimated", "kl_witness": "witness"}
    values = {name: last_finite(snapshot.history[field]) for field, name in names.items()}
    text = ", ".join(f"{name} {number(v)}" for name, v in values.items() if v is not None)
    what = "KL" if snapshot.known_density else "Cross-entropy"
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


def _quantity(snapshot: Snapshot) -> str:
    samples = snapshot.spec.target.samples
    if snapshot.known_density:
        return (
            "KL(target ‖ model) in nats against the true density; the thin line is the same on "
            f"the {samples} training points, where it may fall below 0."
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
