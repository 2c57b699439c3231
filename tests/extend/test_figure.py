"""A figure is added in one file, an import and a line of the album, and nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.extend.copied import add_file, add_line, copy_to, python

ALBUM = "pages/common/figures/album.py"


@pytest.fixture(scope="module")
def extended(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the project with the example as a new file, listed among the figures of weights."""
    root = tmp_path_factory.mktemp("figure")
    copy_to(root, "ebm_engine", "pages")
    add_file(root, "example_figure.py", "ebm_engine/views/one_run/marginal.py")
    add_line(
        root,
        ALBUM,
        "from ebm_engine.views.style.theme import Captioned, Theme",
        "from ebm_engine.views.one_run.marginal import marginal",
    )
    add_line(root, ALBUM, '    "genealogy": genealogy,', '    "marginal": marginal,')
    return root


def test_the_page_draws_the_new_figure_of_a_run(extended):
    """In both themes, with the same number in its title and in its alternative text."""
    code = (
        "from ebm_engine.run.run import Run\n"
        "from ebm_engine.spec.edit import parse_spec\n"
        "from pages.common.figures.album import PLANE\n"
        "spec = {'walkers': {'count': 300}, 'target': {'samples': 500}}\n"
        "snapshot = Run(parse_spec(spec)).snapshot(playing=False, updates_per_second=0.0)\n"
        "for theme in ('light', 'dark'):\n"
        "    found = PLANE.groups['Weights']['marginal'](snapshot, theme)\n"
        "    print(found.figure.layout.title.text)\n"
        "    print(found.alt)\n"
    )
    title, alt, *dark = python(extended, "-c", code).splitlines()
    assert dark == [title, alt]
    gap = title.rpartition(" ")[2]
    # A quarter of the data lies near −5, far left of walkers near 0, and the rest far right.
    assert 0.7 < float(gap) <= 0.76
    assert alt.startswith("Cumulative shares of 300 walkers and 500 training points along x₁")
    assert alt.endswith(f"at most {gap}.")


def test_the_distance_of_the_example_is_that_of_kolmogorov_and_smirnov(extended):
    """By hand: walkers 0 and 2 of weights ¼ and ¾, data 1 and 3; the gap is ½ on [1, 2)."""
    code = (
        "import numpy as np\n"
        "from ebm_engine.views.one_run.marginal import distance\n"
        "x, w, data = np.array([2.0, 0.0]), np.array([0.75, 0.25]), np.array([1.0, 3.0])\n"
        "print(distance(x, w, data), distance(data, np.array([0.5, 0.5]), data))\n"
    )
    assert python(extended, "-c", code).split() == ["0.5", "0.0"]
