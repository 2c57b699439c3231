"""The contract of studies: each yields its progress, and at last its result."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

Result = dict[str, Any]
Steps = Iterator[tuple[float, Result | None]]


class TaskError(ValueError):
    """A task that cannot be done; the message is one sentence with value and limit."""
