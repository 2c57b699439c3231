"""Type errors found by basedpyright against the numbers allowed: `python -m tests.types_baseline`.

Each folder has exactly the errors of the table: more means a new error, fewer that the number
is to be lowered; a folder outside the table has none. With files or folders as arguments, their
errors are printed and nothing is compared.
"""

import json
import subprocess
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path

ROOT = Path(__file__).parents[1]
ALLOWED: dict[str, int] = {}


def findings(paths: Iterable[str]) -> list[tuple[str, str]]:
    """(folder, `file:line message`) of each error; without paths, of the whole project."""
    command = [sys.executable, "-m", "basedpyright", "--pythonpath", sys.executable, "--outputjson"]
    done = subprocess.run([*command, *paths], cwd=ROOT, capture_output=True, text=True, check=False)
    if not done.stdout:
        raise RuntimeError(f"basedpyright stopped without a report: {done.stderr}")
    report = json.loads(done.stdout)["generalDiagnostics"]
    return [_place(finding) for finding in report if finding["severity"] == "error"]


def complaints(found: Iterable[tuple[str, str]], allowed: Mapping[str, int]) -> list[str]:
    """What is wrong with the errors found: the errors of a folder with too many, or a number."""
    by_folder: dict[str, list[str]] = {folder: [] for folder in allowed}
    for folder, error in found:
        by_folder.setdefault(folder, []).append(error)
    lines = []
    for folder, errors in by_folder.items():
        most = allowed.get(folder, 0)
        if len(errors) > most:
            lines += [*errors, f"{folder}: {len(errors)} type errors, {most} are allowed."]
        elif len(errors) < most:
            lines.append(f"{folder}: lower its number in {Path(__file__).name} to {len(errors)}.")
    return lines


def _place(finding: Mapping) -> tuple[str, str]:
    path = Path(finding["file"]).relative_to(ROOT)
    line = finding["range"]["start"]["line"] + 1
    folders = path.parts[:-1]
    folder = "/".join(folders[:2] if folders[:1] == ("ebm_engine",) else folders[:1]) or "."
    return folder, f"{path}:{line} {finding['message']} ({finding.get('rule', 'syntax')})"


def main() -> None:
    """Exit with 1 and say why where the errors are not those of the table."""
    paths = sys.argv[1:]
    found = findings(paths)
    lines = [error for _, error in found] if paths else complaints(found, ALLOWED)
    if lines:
        sys.exit("\n".join(lines))


if __name__ == "__main__":
    main()
