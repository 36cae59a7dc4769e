"""A Matplotlib figure becomes plain parts that name it: what it looks like, and what it draws.

Neither is enough: numbers may change by less than a pixel, or outside the axes, and a colour is no
number. Its pickle is of no use, as it holds counters that differ with each figure.
"""

from __future__ import annotations

import io
from typing import Any

_DRAWN = ("get_xydata", "get_offsets", "get_array", "get_paths", "get_path", "get_text")


def figure_parts(figure: Any) -> tuple[Any, ...]:
    """Draw a figure, as `savefig` does, and return its size, its pixels and its axes' numbers."""
    file = io.BytesIO()
    figure.savefig(file, format="rgba", dpi=figure.dpi)
    drawn = [
        [(type(artist).__name__, *_numbers(artist)) for artist in axes.get_children()]
        for axes in figure.axes
    ]
    return (tuple(figure.get_size_inches().tolist()), float(figure.dpi), file.getvalue(), drawn)


def _numbers(artist: Any) -> list[Any]:
    found = ((name, getattr(artist, name, None)) for name in _DRAWN)
    return [(name, _plain(get())) for name, get in found if callable(get)]


def _plain(drawn: Any) -> Any:
    """Return numbers as plain arrays; of a path its corners."""
    import numpy as np

    if isinstance(drawn, list | tuple):
        return [_plain(one) for one in drawn]
    if hasattr(drawn, "vertices"):
        return (np.asarray(drawn.vertices), drawn.codes)
    if isinstance(drawn, np.ma.MaskedArray):
        return (drawn.data, np.ma.getmaskarray(drawn))
    return drawn if isinstance(drawn, np.ndarray | str) else str(type(drawn))
