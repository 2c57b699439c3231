"""Tables as CSV: a header row, fields separated by commas, lines ended by a line feed."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable


def csv_text(header: Iterable[str], rows: Iterable[Iterable[object]]) -> str:
    """The table as text: numbers with all their digits, an empty field for None."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(rows)
    return text.getvalue()
