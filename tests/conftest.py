"""What every test shares: one thread for torch, as in a worker."""

from __future__ import annotations

import pytest
import torch


@pytest.fixture(scope="session", autouse=True)
def one_thread() -> None:
    """Small operations get many times slower with more threads than free cores."""
    torch.set_num_threads(1)
    torch.set_flush_denormal(True)
