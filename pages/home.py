"""Home: two methods on the same data, from the same start, at the same update."""

from __future__ import annotations

import streamlit as st

from ebm_engine.spec.edit import with_value
from ebm_engine.spec.presets import preset
from ebm_engine.spec.run_spec import RunSpec
from pages.common.figures import side_by_side
from pages.common.tab import lockstep, session
from pages.common.tab.another_seed import another_seed
from pages.live.stage import Action

FASTER = 4  # times the preset's learning rates: the contrast shows within ten seconds
PACE = 60.0  # updates per second: slow enough to watch
METHODS = {
    "pcd": "PCD: persistent contrastive divergence",
    "weighted-ula": "Weighted ULA: walkers with Jarzynski weights",
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


def contrast(kind: str, seed: int) -> RunSpec:
    """The two-modes preset with one method, a seed and faster rates."""
    spec = with_value(with_value(preset("two-modes").spec, "method.kind", kind), "seed", seed)
    for rate in ("lr_means", "lr_log_masses"):
        faster = FASTER * getattr(spec.optimizer, rate)
        spec = with_value(spec, f"optimizer.{rate}", faster)
    return spec


def act(action: Action) -> None:
    """Carry out an action of the bar: another seed for both runs."""
    if action.name == "new-seed":
        kept["seed"] = another_seed(seed)


kept = session.kept("home", dict)
seed = kept.get("seed", preset("two-modes").spec.seed)
specs = [contrast(kind, seed) for kind in METHODS]
runs = lockstep.hold("home", "", specs, anew=True, pace=PACE)

st.header("Same data, same model, same start. One method gets the masses wrong.", anchor=False)
side_by_side.bar(runs, key="home-bar", on_action=act)
for place, (column, title) in enumerate(
    zip(st.columns(2, gap="medium"), METHODS.values(), strict=True)
):
    with column:
        st.markdown(f"**{title}**")
        side_by_side.cell(runs, place, key=f"home-{place}")
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
