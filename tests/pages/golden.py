"""A file of golden links: one JSON object in each line of a list, which only ever grows."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple


def entries(file: Path) -> list[dict[str, Any]]:
    """All of the file, in its order; none where there is no file yet."""
    return json.loads(file.read_text(encoding="utf-8")) if file.exists() else []


def append(file: Path, entry: NamedTuple, key: Sequence[str], problems: list[str]) -> None:
    """Add an entry; ValueError where one with the same `key` is there, or it has problems."""
    known, new = entries(file), entry._asdict()
    if any(all(old[name] == new[name] for name in key) for old in known):
        raise ValueError(f"{' '.join(new[name] for name in key)} is in the file already")
    if problems:
        raise ValueError(" ".join(problems))
    lines = [json.dumps(content, ensure_ascii=False) for content in (*known, new)]
    file.write_text("[\n" + ",\n".join(lines) + "\n]\n", encoding="utf-8")
