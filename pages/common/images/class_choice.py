"""Class choice: which digits a run learns and how many of each, or which own images."""

from __future__ import annotations

from collections.abc import Iterable

import streamlit as st

from ebm_engine.spec.edit import parse_spec
from ebm_engine.spec.presets import Preset
from ebm_engine.spec.run_spec import RunSpec, SpecError
from ebm_engine.spec.targets.images import DigitsTarget
from pages.common.controls import choices, panel
from pages.common.images import fetch_mnist, own_images
from pages.common.tab import session
from pages.common.tab.offers import offer
from pages.common.tab.plain_text import plain
from pages.common.tab.session import Held

TARGET_HELP = (
    "The images to learn. A change starts with a preset on them. The 8 × 8 digits come with "
    "scikit-learn and are not MNIST. Own images come from a file of yours."
)
ENERGY_HELP = (
    "What is trained, on a Gaussian base. **Network** sees the coordinates, **Multi-scale** adds "
    "three of them, **Convolutional** sees the image that they stand for. A change restarts the "
    "run."
)
CLASSES_HELP = "The digits to learn, each with its number of training images."
# Training images of the digits 0 to 9 in each set.
LARGEST = {
    "mnist": (5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949),
    "digits": (143, 146, 142, 147, 145, 146, 145, 144, 140, 144),
}
ACROSS = 3  # number fields beside each other


def choose(held: Held) -> RunSpec:
    """Draw the choices of images, digits, energy and method; the spec they ask for."""
    known = offer(held.slot)
    kind = choices.select("Target", known.kinds["target"], TARGET_HELP, held)
    fetch_mnist.show_if_missing()
    if kind == own_images.KIND:
        return own_images.choose(held, ENERGY_HELP)
    if kind != held.spec.target.kind:
        session.load(held.slot, _first_on(kind, known.presets.values()))
        st.rerun()
    target = held.spec.target
    assert isinstance(target, DigitsTarget)
    spec = _with_classes(held, target, *_classes(held, target))
    return panel.energy_and_method(held, spec, ENERGY_HELP)


def _first_on(kind: str, known: Iterable[Preset]) -> str:
    return next(preset.name for preset in known if preset.spec.target.kind == kind)


def _classes(held: Held, target: DigitsTarget) -> tuple[list[int], list[int]]:
    """Draw the digits and their numbers of images."""
    before = dict(zip(target.classes, target.counts, strict=True))
    chosen = st.pills(
        "Digits",
        range(10),
        selection_mode="multi",
        default=list(target.classes),
        key=f"classes#{held.scope}",
        help=CLASSES_HELP,
    )
    classes, counts = sorted(chosen), []
    if not classes:
        st.caption("The run keeps its digits until you choose one.")
        return list(target.classes), list(target.counts)
    for place in range(0, len(classes), ACROSS):
        for column, digit in zip(st.columns(ACROSS), classes[place : place + ACROSS], strict=False):
            most = LARGEST[target.kind][digit]
            value = min(before.get(digit, min(target.counts)), most)
            with column:
                count = st.number_input(
                    f"of {digit}", 1, most, value, key=f"count.{digit}#{held.scope}"
                )
            counts.append(count)
    shares = " : ".join(f"{100 * count / sum(counts):.0f}" for count in counts)
    st.caption(f"Shares in percent: {shares}")
    return classes, counts


def _with_classes(
    held: Held, target: DigitsTarget, classes: list[int], counts: list[int]
) -> RunSpec:
    """The spec with other digits, or itself and one sentence when they do not fit."""
    content = held.spec.model_dump(mode="json")
    before = dict(zip(target.classes, target.counts, strict=True))
    if before == dict(zip(classes, counts, strict=True)):
        return held.spec
    content["target"] |= {"classes": classes, "counts": counts}
    try:
        return parse_spec(content)
    except SpecError as error:
        st.warning(plain(f"{error}. The run goes on with its digits."))
        return held.spec
