"""A copy of the project that a test adds things to, the way the README says."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
HERE = Path(__file__).parent


def copy_to(root: Path, *folders: str) -> None:
    """Copy folders of the project, by default the engine, and the presets."""
    for folder in (*(folders or ("ebm_engine",)), "assets/presets"):
        shutil.copytree(ROOT / folder, root / folder, ignore=shutil.ignore_patterns("__pycache__"))


def add_file(root: Path, example: str, path: str) -> None:
    """Put an example of this folder at a path of the copy, where nothing is yet."""
    assert not (root / path).exists()
    shutil.copy(HERE / example, root / path)


def add_line(root: Path, path: str, before: str, line: str) -> None:
    """Put a line before the one place of a file that reads `before`."""
    file = root / path
    text = file.read_text(encoding="utf-8")
    assert text.count(before) == 1, f"{path} has {text.count(before)} times {before!r}"
    file.write_text(text.replace(before, f"{line}\n{before}"), encoding="utf-8")


def python(root: Path, *arguments: str) -> str:
    """What a fresh interpreter prints that finds the copied project first."""
    done = subprocess.run(
        [sys.executable, *arguments], capture_output=True, text=True, cwd=root, timeout=120
    )
    assert done.returncode == 0, done.stderr
    return done.stdout
