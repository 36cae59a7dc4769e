"""Results become what cards show, drawn once for all pages that show them."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

from nbnodes.formats.formats import formats_of
from nbnodes.notebook.document import Notebook
from nbnodes.page.drawing.block import Block
from nbnodes.page.drawing.blocks import blocks_of
from nbnodes.page.layout import card_body
from nbnodes.result import Failure, Result

_LIMIT_BYTES = 64_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawing:
    """What a card shows.

    Attributes:
        blocks: What it is made of.
        html: The same as one piece.
        key: Names the Result; None for one that nothing names.
        formats: What the Result can be downloaded as.
        note: What else is worth knowing.
    """

    blocks: tuple[Block, ...]
    html: str
    key: str | None
    formats: tuple[str, ...]
    note: str


class Drawings:
    """Draws Results; the latest are kept. Safe from several threads.

    Args:
        frame: Takes a document with scripts, gives the URL at which pages find it.
        style_url: Where the rules of what is drawn are.
        debug: Whether tracebacks are shown.
    """

    def __init__(self, frame: Callable[[str], str], style_url: str, *, debug: bool) -> None:
        self._frame, self._style_url, self._debug = frame, style_url, debug
        self._lock = threading.Lock()
        self._kept: OrderedDict[tuple[str, str], Drawing] = OrderedDict()
        self._size_bytes = 0

    def of(self, name: str, result: Result, notebook: Notebook | None) -> Drawing:
        """Draw a Result for the card of a node; never raises."""
        place = (name, result.key or "")
        with self._lock:
            found = self._kept.get(place) if result.key else None
            if found is not None:
                self._kept.move_to_end(place)
                return found
        drawing = self._drawn(name, result, notebook)
        if result.key and not isinstance(result, Failure):
            self._keep(place, drawing)
        return drawing

    def _drawn(self, name: str, result: Result, notebook: Notebook | None) -> Drawing:
        blocks = blocks_of(
            result, notebook, frame=self._frame, debug=self._debug, style_url=self._style_url
        )
        return Drawing(
            blocks=blocks,
            html=card_body(blocks, name),
            key=result.key,
            formats=() if isinstance(result, Failure) else formats_of(result),
            note=f"ran for {_spoken(result.duration_s)}" if result.duration_s else "",
        )

    def _keep(self, place: tuple[str, str], drawing: Drawing) -> None:
        with self._lock:
            if place in self._kept or 4 * len(drawing.html) > _LIMIT_BYTES:
                return
            self._kept[place] = drawing
            self._size_bytes += _size_bytes(drawing)
            while self._size_bytes > _LIMIT_BYTES:
                self._size_bytes -= _size_bytes(self._kept.popitem(last=False)[1])


def _size_bytes(drawing: Drawing) -> int:
    return 2 * len(drawing.html) + 1000  # blocks and the whole


def _spoken(duration_s: float) -> str:
    return f"{duration_s * 1000:.3g} ms" if duration_s < 1 else f"{duration_s:.3g} s"
