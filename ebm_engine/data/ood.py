"""Out-of-distribution detection by energy: how well U tells strange points from familiar ones.

The score of a point is −U, in-distribution points carry the label 1 (Du et al. 2021, arXiv
2012.01316, section on out-of-distribution robustness). AUROC is the chance that a familiar point
scores higher than a strange one, ties counting half: it depends on the order of the energies alone.
"""

from __future__ import annotations

import numpy as np
from torch import Tensor


def auroc(familiar: Tensor, strange: Tensor) -> float:
    """AUROC of −U from the energies of familiar (n,) and strange (m,) points, between 0 and 1.

    Raises ValueError when either is empty or holds a number that is not finite.
    """
    from sklearn.metrics import roc_auc_score

    energies = [part.detach().double().cpu().numpy() for part in (familiar, strange)]
    for name, values in zip(("familiar", "strange"), energies, strict=True):
        if len(values) == 0:
            raise ValueError(f"there are no {name} points to score")
        if not np.isfinite(values).all():
            bad = int((~np.isfinite(values)).sum())
            raise ValueError(f"{bad} of {len(values)} {name} points have no finite energy")
    labels = np.repeat([1, 0], [len(values) for values in energies])
    return float(roc_auc_score(labels, -np.concatenate(energies)))
