"""The methods there are: the one place that lists them."""

from __future__ import annotations

from ebm_engine.spec.blocks import MethodBlock
from ebm_engine.spec.methods.contrastive import CD, PCD, ShortRun
from ebm_engine.spec.methods.improved import ImprovedCD
from ebm_engine.spec.methods.sampling_free import DenoisingScoreMatching, Exact, ScoreMatching
from ebm_engine.spec.methods.weighted import Unweighted, WeightedULA

METHODS: dict[str, type[MethodBlock]] = {
    "weighted-ula": WeightedULA,
    "pcd": PCD,
    "cd": CD,
    "improved-cd": ImprovedCD,
    "short-run": ShortRun,
    "unweighted": Unweighted,
    "score-matching": ScoreMatching,
    "denoising-score-matching": DenoisingScoreMatching,
    "exact": Exact,
}
