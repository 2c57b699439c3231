"""Films of a run: its recorded pictures as an animated GIF or WebP, within size and time.

A film that would be too large loses pictures, evenly, then pixels; when drawing takes too long,
the pictures drawn so far are spread evenly over the run. All have the axes of the last one.
"""

from __future__ import annotations

import io
import time
from collections.abc import Callable, Sequence

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from PIL import Image

from ebm_engine.run.snapshot import Snapshot
from ebm_engine.views.poster.sheet import sheet
from ebm_engine.views.poster.style import Format
from ebm_engine.views.style.palette import Theme
from ebm_engine.views.style.series import thin

MOST_BYTES = 5_000_000
MOST_PICTURES = 60
DRAW_SECONDS = 5.0
FRAME = Format(800, 450, 13.0, film=True)
FEWEST = 12  # pictures below which a large film loses pixels instead
SMALLER = 0.75  # factor of both sides then
LASTS = 8000  # ms of a film
SHORTEST, LONGEST = 60, 600  # ms of a picture
REST = 2000  # ms that the last picture stays
COLORS = 160  # of a GIF

Encode = Callable[[list[Image.Image], list[int]], bytes]


def gif(snapshots: Sequence[Snapshot], theme: Theme = "light") -> bytes:
    """The pictures of a run, oldest first, as an animated GIF; raises ValueError without any."""
    return _within_bounds(_frames(snapshots, theme), _as_gif)


def webp(snapshots: Sequence[Snapshot], theme: Theme = "light") -> bytes:
    """The pictures of a run, oldest first, as an animated WebP; raises ValueError without any."""
    return _within_bounds(_frames(snapshots, theme), _as_webp)


def spread(count: int) -> list[int]:
    """0 … count − 1 in an order whose every beginning is spread evenly, the last index first.

    Halving again and again: the numbers of the van der Corput sequence.
    """
    bits = max(1, (count - 1).bit_length())
    reversed_bits = (int(f"{k:0{bits}b}"[::-1], 2) for k in range(2**bits))
    order = [count - 1, *(place for place in reversed_bits if place < count)]
    return list(dict.fromkeys(order))


def _frames(snapshots: Sequence[Snapshot], theme: Theme) -> list[Image.Image]:
    """As many pictures as can be drawn in time, in the order of the run."""
    if not snapshots:
        raise ValueError("a film needs at least one recorded picture, and there is none")
    chosen = [snapshots[k] for k in thin(len(snapshots), MOST_PICTURES)]
    draw = _painter(chosen[-1], theme)
    drawn: dict[int, Image.Image] = {}
    end = time.monotonic() + DRAW_SECONDS
    for place in spread(len(chosen)):
        if len(drawn) > 1 and time.monotonic() > end:
            break
        drawn[place] = draw(chosen[place])
    return [drawn[place] for place in sorted(drawn)]


def _painter(whole: Snapshot, theme: Theme) -> Callable[[Snapshot], Image.Image]:
    """What draws a snapshot: axes and legends are drawn once, for the whole run."""
    page = sheet(whole, theme, FRAME)
    moving = page.fill(whole)
    page.explain()
    for artist in moving:
        artist.remove()
    canvas = FigureCanvasAgg(page.figure)
    canvas.draw()
    still = canvas.copy_from_bbox(page.figure.bbox)

    def draw(snapshot: Snapshot) -> Image.Image:
        canvas.restore_region(still)
        for artist in page.fill(snapshot):
            page.figure.draw_artist(artist)
            artist.remove()
        return Image.fromarray(np.asarray(canvas.buffer_rgba())).convert("RGB")

    return draw


def _within_bounds(frames: list[Image.Image], encode: Encode) -> bytes:
    """The film of as many and as large pictures as MOST_BYTES allow."""
    while True:
        content = encode(frames, _times(len(frames)))
        if len(content) <= MOST_BYTES:
            return content
        fitting = int(0.9 * len(frames) * MOST_BYTES / len(content))
        if fitting < min(FEWEST, len(frames)):
            width, height = (round(SMALLER * side) for side in frames[0].size)
            frames = [frame.resize((width, height), Image.Resampling.BOX) for frame in frames]
            fitting = max(fitting, min(FEWEST, len(frames)))
        frames = [frames[k] for k in thin(len(frames), fitting)]


def _times(count: int) -> list[int]:
    """Milliseconds of each picture; the last one stays."""
    each = min(LONGEST, max(SHORTEST, LASTS // count))
    return [each] * (count - 1) + [REST]


def _as_gif(frames: list[Image.Image], times: list[int]) -> bytes:
    """One palette for all pictures, from the first, the middle and the last."""
    width, height = frames[0].size
    sample = Image.new("RGB", (width, 3 * height))
    for k, frame in enumerate((frames[0], frames[len(frames) // 2], frames[-1])):
        sample.paste(frame, (0, k * height))
    palette = sample.quantize(COLORS, Image.Quantize.MEDIANCUT)
    flat = [frame.quantize(palette=palette, dither=Image.Dither.NONE) for frame in frames]
    file = io.BytesIO()
    more = {"save_all": True, "append_images": flat[1:], "duration": times, "loop": 0}
    flat[0].save(file, "GIF", optimize=False, disposal=1, **more)
    return file.getvalue()


def _as_webp(frames: list[Image.Image], times: list[int]) -> bytes:
    file = io.BytesIO()
    more = {"save_all": True, "append_images": frames[1:], "duration": times, "loop": 0}
    frames[0].save(file, "WEBP", quality=80, method=2, **more)
    return file.getvalue()
