"""A small lesson and its files for the tests."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

SMALL: dict[str, Any] = {
    "id": "small",
    "number": 1,
    "title": "Small",
    "minutes": 2,
    "intro": ["One.", "Two."],
    "until": 20,
    "runs": [
        {
            "name": "w",
            "title": "Weights",
            "preset": "masses-only",
            "set": {"walkers.count": 50, "target.samples": 50, "method.witness": 0},
        }
    ],
    "steps": [
        {
            "say": "Play.",
            "ask": {"question": "Will it?", "choices": ["Yes", "No"], "right": 0},
            "do": "play",
            "until": 20,
            "point": "masses",
            "reveal": "It has {w.mass_model[0]:%}.",
        },
        {
            "say": "Slide.",
            "figure": "energy",
            "do": {"slide": "shift", "low": 1, "high": 2},
            "reveal": "{figure.log_z:.1f}",
        },
    ],
    "claims": [{"text": "It runs", "run": "w", "number": "update", "between": [20, 20]}],
    "summary": "Done.",
    "teach": {"timing": [{"minutes": 2, "what": "All"}], "questions": []},
}


def changed(path: str, value: Any) -> dict[str, Any]:
    """SMALL with another value at a path such as runs/0/set."""
    content = json.loads(json.dumps(SMALL))
    *way, last = [int(part) if part.isdigit() else part for part in path.split("/")]
    place = content
    for part in way:
        place = place[part]
    place[last] = value
    return content


def written(folder: Path, content: Any, name: str = "01-small.json") -> Path:
    """A lesson file; text is written as it is."""
    path = folder / name
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    return path
