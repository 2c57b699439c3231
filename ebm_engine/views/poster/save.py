"""A poster of a snapshot as a file: PNG, SVG or PDF.

The same snapshot gives the same bytes. The files refer to nothing outside.
"""

from __future__ import annotations

import io
from xml.sax.saxutils import escape, quoteattr

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.backends.backend_pdf import FigureCanvasPdf
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure

from ebm_engine.run.snapshot import Snapshot
from ebm_engine.views.poster.sheet import FEW, POSTER, Format, facts, sheet, title
from ebm_engine.views.style.palette import Theme

MAKER = "EBM Lab"


def poster(snapshot: Snapshot, theme: Theme = "light", size: Format = POSTER) -> Figure:
    """The poster of a snapshot."""
    page = sheet(snapshot, theme, size)
    page.fill(snapshot)
    page.explain()
    return page.figure


def png(snapshot: Snapshot, theme: Theme = "light") -> bytes:
    """The poster of a snapshot as a PNG file of 1600 × 900 pixels."""
    file, known = io.BytesIO(), {"Title": title(snapshot), "Software": MAKER}
    known["Description"] = facts(snapshot, FEW)
    FigureCanvasAgg(poster(snapshot, theme)).print_png(file, metadata=known)
    return file.getvalue()


def svg(snapshot: Snapshot, theme: Theme = "light") -> bytes:
    """The poster of a snapshot as an SVG file: paths and text, the field as an image within."""
    file, name = io.StringIO(), title(snapshot)
    known = {"Title": name, "Creator": MAKER, "Date": None}
    FigureCanvasSVG(poster(snapshot, theme)).print_svg(file, metadata=known)
    root, content = file.getvalue().split("<svg ", 1)[1].split(">", 1)
    words = f"</title>\n <desc>{escape(facts(snapshot, FEW))}</desc>"
    root = f'<svg role="img" aria-label={quoteattr(name)} ' + root.replace('pt"', '"')
    return f"{root}>{content.replace('</title>', words, 1)}".encode()


def pdf(snapshot: Snapshot, theme: Theme = "light") -> bytes:
    """The poster of a snapshot as a PDF file of one page, with text that can be searched."""
    file = io.BytesIO()
    known = {"Title": title(snapshot), "Creator": MAKER, "CreationDate": None}
    known["Subject"] = facts(snapshot, FEW)
    FigureCanvasPdf(poster(snapshot, theme)).print_pdf(file, metadata=known)
    return file.getvalue()
