"""A heat map: where an eye rested, for how long, as a small picture to lay over the image."""

import base64
import io
from collections.abc import Iterable

_WIDE = 64
# Whatever a table says of an image's height.
_TALLEST = 10 * _WIDE
# The eye sees sharply around the middle of a fixation: one part in so many of the width.
_SPREAD = 24


def heat_map(
    fixations: Iterable[tuple[float, float, float]], width: float, height: float
) -> str | None:
    """A PNG as an address, of the places (pixels) and seconds of fixations; None without any."""
    import numpy
    from PIL import Image

    columns, rows = _WIDE, min(max(1, round(_WIDE * height / width)), _TALLEST)
    x = (numpy.arange(columns) + 0.5) * width / columns
    y = (numpy.arange(rows) + 0.5) * height / rows
    found = numpy.array(list(fixations), dtype=float).reshape(-1, 3)
    spread = 2 * (width / _SPREAD) ** 2
    across = numpy.exp(-((found[:, :1] - x) ** 2) / spread)
    down = numpy.exp(-((found[:, 1:2] - y) ** 2) / spread)
    heat = (down * found[:, 2:]).T @ across
    most = heat.max()
    if most <= 0:
        return None
    share = heat / most
    pixels = numpy.zeros((rows, columns, 4), dtype=numpy.uint8)
    pixels[..., 0] = 255
    pixels[..., 1] = 230 * (1 - share)
    # Fewer steps make a smaller file, and none is visible.
    pixels[..., 3] = numpy.round(share * 24) / 24 * 190
    file = io.BytesIO()
    Image.fromarray(pixels, "RGBA").save(file, "PNG", optimize=True)
    return "data:image/png;base64," + base64.b64encode(file.getvalue()).decode()
