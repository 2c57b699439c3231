"""From the tensors of a run to the arrays of a snapshot."""

from __future__ import annotations

import numpy as np
from torch import Tensor


def as_numpy(tensor: Tensor, dtype: type = np.float32) -> np.ndarray:
    """The numbers of a tensor, in float32 unless another type is asked for."""
    # A run that diverges in float64 may hold numbers that are infinite in float32.
    with np.errstate(over="ignore"):
        return tensor.detach().cpu().numpy().astype(dtype)
