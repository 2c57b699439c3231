"""Own points: what can be read, what is refused and why, and what is known of them."""

from __future__ import annotations

import subprocess
import sys
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
import torch

from ebm_engine.data.cloud import points
from ebm_engine.data.points import parse_points, read_points

F64 = torch.float64
ROWS = [(float(i), float(i * i % 7)) for i in range(12)]


def text(separator: str = ",", header: str = "") -> str:
    return header + "".join(f"{x}{separator}{y}\n" for x, y in ROWS)


@pytest.mark.parametrize("separator", [",", ";", "\t", " ", ", ", " ; ", "   "])
@pytest.mark.parametrize("header", ["", "x,y\n", "\ufeffx;y\n", "\n\nlength in m, height\n"])
def test_two_columns_are_read_whatever_separates_them(separator, header):
    """The same numbers, with or without a header, a byte order mark and empty lines."""
    assert np.array_equal(parse_points(text(separator, header)), np.array(ROWS))


def test_a_file_is_read_as_its_text(tmp_path):
    """float64 (n, 2), Windows line ends included."""
    file = tmp_path / "own.csv"
    file.write_bytes(text(";", "x;y\n").replace("\n", "\r\n").encode("utf-8-sig"))
    found = read_points(file)
    assert found.dtype == np.float64
    assert np.array_equal(found, np.array(ROWS))


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        ("1,2,3\n", "Row 13 is “1 2 3”, and exactly 2 numbers are needed."),
        ("1\n", "Row 13 is “1”, and exactly 2 numbers are needed."),
        ("1,,2\n", "Row 13 is “1  2”, and exactly 2 numbers are needed."),
        ("1,5 2,5\n", "Row 13 is “1 5 2 5”, and exactly 2 numbers are needed."),
        ("1,two\n", "Row 13 is “1 two”, and exactly 2 numbers are needed."),
        ("x,y\n", "Row 13 is “x y”, and exactly 2 numbers are needed."),
        ("1_0,2\n", "Row 13 is “1_0 2”, and exactly 2 numbers are needed."),
        ("\n1,nan\n", "Row 14 holds nan, and all numbers must be finite."),
        ("-inf,1\n", "Row 13 holds -inf, and all numbers must be finite."),
        ("1,-1000.5\n", "Row 13 holds -1000.5, and 1000 is the largest size."),
    ],
)
def test_a_bad_row_is_named(bad, message):
    """The row's number in the file, its content and the limit, in one sentence."""
    with pytest.raises(ValueError) as error:  # noqa: PT011 - the whole sentence is compared
        parse_points(text() + bad)
    assert str(error.value) == message


HALVES = [(i + 0.5, -0.25 * i) for i in range(12)]


def written(row: str, *first: str, comma: str = ".") -> str:
    rows = [row.format(x, y).replace(".", comma) for x, y in HALVES]
    return "\r\n".join([*first, *rows])


@pytest.mark.parametrize(
    "whole",
    [
        written("{};{}", "x;y", comma=","),
        written("{}\t{}", comma=","),
        written("{} {}", comma=","),
        written('"{}";"{}"', '"x";"y"', comma=","),
        written("{};{}", "sep=;", "x;y"),
        written("{};{}", "SEP=;", comma=","),
        written("{},{}", '"sep=,"', "x,y"),
        written('"{}","{}"'),
        written("'{}','{}'", "'x','y'"),
        written("{},{}", "0,1"),
    ],
)
def test_what_spreadsheets_write_is_understood(whole):
    """Decimal commas beside another separator, “sep=;”, quotes, the header 0,1 of a table without
    names: the same 12 points, never the header as a point or 1,5 as (1, 5).
    """
    assert np.array_equal(parse_points(whole), np.array(HALVES))


@pytest.mark.parametrize(
    "whole",
    [
        "temp\n" + "".join(f"{k},{k % 7}\n" for k in range(28)),
        "".join(f"{k},{k % 7}\n" for k in range(28)),
        "".join(f"-{k},{k:02d}\n" for k in range(28)),
        "x\n" + "".join(f"{k},{k * k}\n" for k in range(28)),
    ],
)
def test_one_column_with_decimal_commas_is_not_two(whole):
    """“28,2” is not the point (28, 2): refused with the likely cause and the remedy."""
    with pytest.raises(ValueError, match=r"one number with a decimal comma.* first line “x,y”"):
        parse_points(whole)


def test_whole_numbers_are_points_where_their_columns_are_named():
    """Or where no decimals look like them: of different length, or after a space."""
    rows = [(k, k * k) for k in range(28)]
    for whole in (
        "x,y\n" + "".join(f"{k},{k % 7}\n" for k in range(28)),
        "".join(f"{x},{y}\n" for x, y in rows),
        "".join(f"{k}, {k % 7}\n" for k in range(28)),
        "".join(f"{x};{y}\n" for x, y in rows),
    ):
        assert parse_points(whole)[5].tolist() in ([5, 5], [5, 25])


def test_a_large_text_without_points_costs_little():
    """5 MB of empty lines, of one line, of fields: refused in less than 4 MB beside the text."""
    for whole in ("\n" * 5_000_000, "\r" * 5_000_000, "1," * 2_500_000, "1" * 5_000_000):
        tracemalloc.start()
        with pytest.raises(ValueError, match=r"lines, and at most|characters, and at most"):
            parse_points(whole)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert peak < 12_000_000


@pytest.mark.parametrize(
    ("whole", "message"),
    [
        ("", "The points fill 0 rows, and 10 to 50000 are needed."),
        ("x,y\n" + "1,2\n" * 9, "The points fill 9 rows, and 10 to 50000 are needed."),
        ("1,2\n" * 50_001, "The points fill 50001 rows, and 10 to 50000 are needed."),
        ("1,2\n" * 10, "All 10 points are equal, and at least 2 different ones are needed."),
        ("0" * 5_100_000, "The points take 5.1 MB, and at most 5 MB are allowed."),
    ],
)
def test_too_few_too_many_or_equal_points_are_refused(whole, message):
    """The number and its limits, in one sentence."""
    with pytest.raises(ValueError) as error:  # noqa: PT011
        parse_points(whole)
    assert str(error.value) == message


def test_limits_themselves_are_allowed():
    """10 rows, 50 000 rows and coordinates of 1000 pass."""
    assert parse_points("0,0\n" * 9 + "-1000,1000").shape == (10, 2)
    assert parse_points("0,0\n" * 49_998 + "1,1\n-20,30").shape == (50_000, 2)


def test_a_file_that_cannot_be_text_is_refused(tmp_path):
    """Missing, a folder, larger than 5 MB or no UTF-8: one sentence each."""
    latin, large = tmp_path / "latin.csv", tmp_path / "large.csv"
    latin.write_bytes("1,2\nlänge,3\n".encode("latin-1"))
    large.write_bytes(b" " * 5_200_000)
    for path, message in (
        (tmp_path / "none.csv", r"^There is no file none.csv\.$"),
        (tmp_path, r"^There is no file "),
        (latin, r"^The file latin.csv is not UTF-8 text: byte 6 cannot be read\.$"),
        (large, r"^The points take 5.2 MB, and at most 5 MB are allowed\.$"),
    ):
        with pytest.raises(ValueError, match=message):
            read_points(path)


def test_reading_points_needs_no_torch():
    """The server's process reads uploads, and never loads torch."""
    code = "import sys, ebm_engine.data.points; sys.exit('torch' in sys.modules)"
    root = Path(__file__).parents[2]
    assert subprocess.run([sys.executable, "-c", code], cwd=root, timeout=60).returncode == 0


def clusters() -> torch.Tensor:
    """10, 20, 30 and 40 points around four corners of a square of side 8."""
    corners = torch.tensor([[-4.0, -4.0], [-4.0, 4.0], [4.0, -4.0], [4.0, 4.0]], dtype=F64)
    rows = corners.repeat_interleave(torch.tensor([10, 20, 30, 40]), 0)
    return rows + 0.1 * torch.randn(rows.shape, dtype=F64, generator=rng(5))


def rng(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def test_own_points_are_given_out_once_before_any_is_repeated():
    """Up to n without repetition, in random order; 250 of 100: each twice, 50 of them thrice."""
    rows = clusters()
    cloud = points(rows)
    like = torch.zeros(1, dtype=F64)
    some = cloud.sample(60, rng(), like)
    assert len(some.unique(dim=0)) == 60
    assert not torch.equal(some, rows[:60])
    every = cloud.sample(100, rng(), like)
    assert torch.equal(every.unique(dim=0), rows.unique(dim=0))
    _, counts = cloud.sample(250, rng(), like).unique(dim=0, return_counts=True)
    assert counts.bincount().tolist() == [0, 0, 50, 50]
    assert torch.equal(every, cloud.sample(100, rng(), like))
    assert not torch.equal(every, cloud.sample(100, rng(1), like))
    assert cloud.sample(5, rng(), torch.zeros(1)).dtype == torch.float32


def test_regions_of_own_points_are_their_clusters():
    """Four clusters of 10, 20, 30, 40: these shares, at their means; the points are kept."""
    rows = clusters()
    cloud = points(rows)
    order = cloud.masses.argsort()
    assert cloud.masses[order].tolist() == pytest.approx([0.1, 0.2, 0.3, 0.4])
    assert torch.allclose(cloud.centres[order[0]], rows[:10].mean(0))
    assert torch.equal(cloud.rows, rows)
    assert torch.equal(cloud.centres, points(rows).centres)


def test_the_width_of_own_points_is_the_fifth_neighbour_distance():
    """On a line of spacing 1 the fifth neighbour of an inner point is 3 away, the fourth 2."""
    line = torch.stack([torch.arange(100.0), torch.zeros(100)], 1)
    cloud = points(line)
    assert cloud.width == pytest.approx(3.0)
    assert cloud.box == pytest.approx((-4.95, 103.95, -4.95, 4.95))


def test_repeated_points_have_a_width_and_no_more_regions_than_places():
    """Two places, fifty points each: two regions of one half, width extent/200."""
    cloud = points(torch.tensor([[0.0, 0.0], [2.0, 0.0]]).repeat(50, 1))
    assert cloud.width == pytest.approx(0.01)
    assert cloud.masses.tolist() == pytest.approx([0.5, 0.5])


def test_own_points_have_no_density():
    """known is False; log_density and grid say so in one sentence."""
    cloud = points(clusters())
    assert not cloud.known
    for ask in (lambda: cloud.log_density(torch.zeros(1, 2)), cloud.grid):
        with pytest.raises(ValueError, match="The density of 100 own points is unknown"):
            ask()


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (torch.zeros(9, 2), r"shape \(9, 2\), and \(n, 2\) with n ≥ 10"),
        (torch.zeros(20, 3), r"shape \(20, 3\)"),
        (torch.zeros(20, 2), "All 20 points are equal"),
        (torch.full((20, 2), torch.nan), "40 coordinates are not finite"),
    ],
)
def test_impossible_points_are_refused(rows, message):
    """One sentence with the value and its limit."""
    with pytest.raises(ValueError, match=message):
        points(rows)
