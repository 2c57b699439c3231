"""The methods there are: the one place that lists them."""

from __future__ import annotations

from ebm_engine.runs.methods.contrastive import CD, PCD, ShortRun
from ebm_engine.runs.methods.improved import ImprovedCD
from ebm_engine.runs.methods.sampling_free import DenoisingScoreMatching, Exact, ScoreMatching
from ebm_engine.runs.methods.weighted import Unweighted, WeightedULA
from ebm_engine.spec.fields import MethodBlock

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
