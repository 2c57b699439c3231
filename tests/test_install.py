"""The engine as an installed package: what pip is told, and a wheel that works by itself."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tomllib
from itertools import chain
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from ebm_engine.lessons.read import lessons

ROOT = Path(__file__).parents[1]
# A module that is None in sys.modules cannot be imported.
WITHOUT_THE_APP = """
import sys
for name in ("streamlit", "plotly", "matplotlib", "pandas"):
    sys.modules[name] = None
from ebm_engine.__main__ import main
sys.exit(main(sys.argv[1:]))
"""


def declared() -> dict[str, Requirement]:
    """The packages that pyproject.toml asks for, with all extras, by name."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    lines = [*project["dependencies"], *chain(*project["optional-dependencies"].values())]
    found = {canonicalize_name(r.name): r for r in map(Requirement, lines)}
    found.pop(project["name"])  # an extra that includes another
    return found


def pinned() -> dict[str, str]:
    """The versions that requirements.txt pins, by name."""
    lines = (ROOT / "requirements.txt").read_text(encoding="utf-8").splitlines()
    pins = [Requirement(line) for line in lines if line and line[0] not in "#-"]
    return {canonicalize_name(r.name): str(r.specifier).removeprefix("==") for r in pins}


def test_each_declared_package_is_pinned_within_its_range():
    """pyproject.toml says what is needed, requirements.txt which version the tests ran on."""
    needed, versions = declared(), pinned()
    assert needed.keys() == versions.keys()
    outside = {name for name, version in versions.items() if version not in needed[name].specifier}
    assert outside == set()


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the wheel's content, installed as pip does; other packages stay as they are."""
    wheels, site = tmp_path_factory.mktemp("wheels"), tmp_path_factory.mktemp("site")
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--no-input"]
    alone = ["--quiet", "--no-deps", "--no-index"]
    build = [*pip, "wheel", *alone, "--no-build-isolation", "--wheel-dir", str(wheels), str(ROOT)]
    subprocess.run(build, check=True, capture_output=True, text=True)
    (wheel,) = wheels.iterdir()
    subprocess.run([*pip, "install", *alone, "--target", str(site), str(wheel)], check=True)
    return site


def run(command: list[str], site: Path, folder: Path) -> str:
    """What a command prints, run in another folder with the installed package on the path."""
    environment = os.environ | {"PYTHONPATH": str(site)}
    done = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.slow
def test_the_installed_command_finds_its_presets_and_lessons(installed, tmp_path):
    command = shutil.which("ebm-lab", path=str(installed / "bin"))
    assert command is not None
    assert run([command, "presets"], installed, tmp_path).startswith("two-modes")
    code = "import ebm_engine.lessons.read as read; print(read.__file__, len(read.lessons()))"
    place, count = run([sys.executable, "-c", code], installed, tmp_path).split()
    assert Path(place).is_relative_to(installed)
    assert int(count) == len(lessons())


@pytest.mark.slow
def test_the_installed_engine_trains_without_the_packages_of_the_app(installed, tmp_path):
    """Nor does it need the clone: the command runs in an empty folder."""
    train = ["train", "two-modes", "--updates", "20", "--out", "run.json"]
    printed = run([sys.executable, "-c", WITHOUT_THE_APP, *train], installed, tmp_path)
    assert "update 20" in printed
    result = json.loads((tmp_path / "run.json").read_text(encoding="utf-8"))
    assert result["history"]["step"][-1] == 20
