"""What the parts of a poster have in common: size, theme, text, colours and dashes."""

from __future__ import annotations

from typing import Any, NamedTuple

from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.ticker import MaxNLocator
from matplotlib.typing import LineStyleType, RGBAColorType, RGBColorType

from ebm_engine.run.snapshot import Snapshot
from ebm_engine.views.style.palette import PALETTES, Palette, Theme

SMALLEST = 12.0  # px of text
PIXELS_PER_INCH = 72  # so that a point, the unit of text and lines in matplotlib, is a pixel
# Of matplotlib, for all posters alike: those that are drawn at the same time share its settings.
SETTINGS: dict[Any, Any] = {
    "axes.axisbelow": True,
    "axes.formatter.useoffset": False,
    "font.family": "sans-serif",
    "font.sans-serif": ["DejaVu Sans", "Verdana", "Arial"],
    "legend.borderaxespad": 0,
    "legend.borderpad": 0,
    "legend.columnspacing": 1.3,
    "legend.frameon": False,
    "legend.handletextpad": 0.5,
    "lines.scale_dashes": False,
    "pdf.fonttype": 42,  # text that can be searched and copied
    "svg.fonttype": "none",
    "svg.hashsalt": "ebm-lab",  # the same snapshot gives the same bytes
    "text.parse_math": False,  # a class may be called $1$
}
DASHES = {
    "dot": (2, 4),
    "dash": (9, 6),
    "longdash": (15, 6),
    "longdashdot": (12, 4, 2, 4),
    "dashdot": (9, 4, 2, 4),
}


class Format(NamedTuple):
    """Width and height of the sheet, size of plain text in pixels, and whether it is a film's."""

    width: int
    height: int
    text: float
    film: bool = False


class Look(NamedTuple):
    """Theme, format, and the run at its last update, which sets the axes: a film has the same in
    all its pictures.
    """

    theme: Theme
    size: Format
    whole: Snapshot

    @property
    def colors(self) -> Palette:
        """The colours of the theme."""
        return PALETTES[self.theme]

    @property
    def text(self) -> float:
        """The size of plain text in pixels."""
        return self.size.text

    @property
    def small(self) -> float:
        """The size of ticks and legends."""
        return max(SMALLEST, 0.8 * self.text)


def paint(color: str) -> RGBColorType | RGBAColorType:
    """A colour of the palette, #rrggbb or rgba(…), as matplotlib takes it."""
    if color.startswith("#"):
        return to_rgb(color)
    red, green, blue, opacity = (float(part) for part in color[len("rgba(") : -1].split(","))
    return red / 255, green / 255, blue / 255, opacity


def line_style(dash: str) -> LineStyleType:
    """The pattern of a dash named as in the figures, such as 'dot' or '9px,3px'."""
    if dash == "solid":
        return "solid"
    named = DASHES.get(dash)
    return 0, named or tuple(float(part.removesuffix("px")) for part in dash.split(","))


def plain_axes(axes: Axes, look: Look) -> None:
    """No frame, no tick marks, small grey numbers that are round."""
    axes.spines[:].set_visible(False)
    axes.patch.set_visible(False)
    axes.tick_params(length=0, pad=0.4 * look.small)
    axes.tick_params(labelsize=look.small, labelcolor=look.colors.muted)
    axes.xaxis.set_major_locator(MaxNLocator(5, steps=[1, 2, 5, 10], integer=True))
    axes.yaxis.set_major_locator(MaxNLocator(4, steps=[1, 2, 5, 10]))
