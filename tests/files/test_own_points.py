"""Own points on the server: checked, private, named by content, bounded, and gone at the end."""

import stat
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from ebm_engine.data.points import read_points
from ebm_engine.files import uploads

ROOT = Path(__file__).parents[2]


def text(seed=0, rows=20):
    points = np.random.default_rng(seed).normal(size=(rows, 2))
    return "".join(f"{x!r};{y!r}\n" for x, y in points.tolist()), points


def test_kept_points_are_read_back_bit_for_bit():
    given, points = text()
    np.testing.assert_array_equal(read_points(uploads.keep(given)), points)


def test_the_same_points_have_the_same_path_and_others_another():
    """Separators and headers do not count; one changed coordinate does."""
    given, _ = text()
    path = uploads.keep(given)
    assert uploads.keep("x\ty\n" + given.replace(";", "\t")) == path
    assert uploads.keep(text(1)[0]) != path


def test_only_this_user_can_look_into_the_folder():
    folder = Path(uploads.keep(text()[0])).parent
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_the_folder_holds_a_bounded_number_and_keeps_what_was_used_last(monkeypatch):
    monkeypatch.setattr(uploads, "MOST_FILES", 3)
    first = uploads.keep(text(10)[0])
    for seed in (11, 12):
        uploads.keep(text(seed)[0])
    uploads.keep(text(10)[0])
    last = uploads.keep(text(13)[0])
    assert Path(first).exists()
    assert Path(last).exists()
    assert len(list(Path(last).parent.iterdir())) == 3


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"1,2\n" * 5, "5 rows"),
        (b"1,2\nx,3\n" * 9, "exactly 2 numbers"),
        (b"\xff\xfe" + b"1,2\n" * 20, "not UTF-8 text: byte 1"),
        (b"1" * 5_000_001, "5.0 MB"),
    ],
)
def test_a_bad_file_is_refused_in_one_sentence_and_nothing_is_written(content, said):
    folder = Path(uploads.keep(text()[0])).parent
    before = set(folder.iterdir())
    with pytest.raises(ValueError, match=said) as caught:
        uploads.keep_bytes(content)
    assert "\n" not in str(caught.value)
    assert set(folder.iterdir()) == before


@pytest.mark.parametrize("points", [None, "no", [[1, 2, 3]], [[1], [2, 3]], 7, []])
def test_drawn_points_that_are_none_are_refused(points):
    with pytest.raises(ValueError, match="drawn points"):
        uploads.to_text(points)


def test_the_folder_goes_with_its_process():
    code = (
        "from ebm_engine.files import uploads\n"
        "print(uploads.keep('x,y\\n' + ''.join(f'{i},{i % 3}\\n' for i in range(20))))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    path = Path(done.stdout.strip())
    assert path.name.endswith(".csv")
    assert not path.parent.exists()
