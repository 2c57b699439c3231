"""Home: two methods on the same data, from the same start, playing at once."""

from __future__ import annotations

import streamlit as st

from ebm_engine.spec.edit import with_value
from ebm_engine.spec.presets import preset
from ebm_engine.spec.run_spec import RunSpec
from pages.common.tab import session
from pages.live.stage import stage

FASTER = 4  # times the preset's learning rates: the contrast shows within ten seconds
PACE = 60.0  # updates per second: slow enough to watch
STAGES = {
    "pcd": ("home-pcd", "PCD: persistent contrastive divergence"),
    "weighted-ula": ("home-weighted", "Weighted ULA: walkers with Jarzynski weights"),
}
READING = (
    "**Both find the modes.** Each model starts as two equal modes at the centre and moves them "
    "onto the data, a quarter of which lie on the left.",
    "**PCD loses a mode.** Its left mass runs through ¼ to almost 0 and never settles, while many "
    "of its walkers still stand there: samples are not the model.",
    "**Weights repair it.** Each walker carries a weight that makes up for its lag behind the "
    "model. The left mass settles near ¼ and the exact KL falls below 0.01.",
)
PAPERS = (
    "Carbone, Hua, Coste, Vanden-Eijnden: Efficient Training of Energy-Based Models Using "
    "Jarzynski Equality. NeurIPS 2023, arXiv 2305.19414.",
    "Du, Li, Tenenbaum, Mordatch: Improved Contrastive Divergence Training of Energy Based "
    "Models. ICML 2021, arXiv 2012.01316.",
)


def contrast(kind: str) -> RunSpec:
    """The two-modes preset with one method and faster rates."""
    spec = with_value(preset("two-modes").spec, "method.kind", kind)
    for rate in ("lr_means", "lr_log_masses"):
        faster = FASTER * getattr(spec.optimizer, rate)
        spec = with_value(spec, f"optimizer.{rate}", faster)
    return spec


entered = session.enter(*(slot for slot, _ in STAGES.values()))

st.header("Same data, same model, same start. One method gets the masses wrong.", anchor=False)
for column, (kind, (slot, title)) in zip(st.columns(2, gap="medium"), STAGES.items(), strict=True):
    with column:
        st.markdown(f"**{title}**")
        held = session.demo(slot, contrast(kind), PACE, restart=entered)
        stage(held.token, key=slot, layout="mini")
for column, sentence in zip(st.columns(3, gap="medium"), READING, strict=True):
    column.markdown(sentence)
with st.container(horizontal=True, vertical_alignment="center", gap="medium"):
    if st.button("Open the explorer", type="primary", icon=":material/tune:"):
        st.switch_page("gaussian_mixtures.py")
    if st.button("Compare four methods", icon=":material/view_column:"):
        st.switch_page("compare.py")
    if st.button("Take a lesson", icon=":material/school:"):
        st.switch_page("lessons.py")
    st.caption("  \n".join(PAPERS), width="content")
