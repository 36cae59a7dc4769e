"""A Result becomes Blocks: its value, what it displayed, what it printed; or why it failed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Any, Literal

from nbnodes.formats import json_text
from nbnodes.formats.documents import has_notebook
from nbnodes.live.drawn import drawn
from nbnodes.notebook.document import Cell, Notebook
from nbnodes.page.drawing.block import Block
from nbnodes.page.drawing.bundle import Surroundings, bundle_html, quiet, text_of
from nbnodes.page.drawing.failed import failure_html, raised_html
from nbnodes.page.drawing.plain import aside, pre
from nbnodes.result import CellRun, Failure, Output, Result, Success

HIDE = "hide"
_MOST_BITS = 300_000  # of an integer: to write a longer one takes longer than anybody waits
_MOST_BLOCKS = 1000
_VALUE = "download the value"


def blocks_of(
    result: Result,
    notebook: Notebook | None,
    *,
    frame: Callable[[str], str],
    debug: bool = False,
    style_url: str | None = None,
) -> tuple[Block, ...]:
    """Draw a Result: first its value or its error, then what was displayed, then what was printed.

    Never raises: what cannot be drawn gives a block that says so.

    Args:
        result: What to draw.
        notebook: The notebook that gave it, whose cells tagged `hide` show nothing; None for a
            function's.
        frame: Takes a whole HTML document with scripts, gives the URL at which it can be had.
        debug: Whether tracebacks and paths of this machine are shown.
        style_url: Where `drawing.css` is; None: blocks carry its rules along.
    """
    drawer = _Drawer(
        around=Surroundings(frame=frame, style_url=style_url, rest=_rest(result)),
        places=_places(result, notebook),
        is_returned=notebook is None or notebook.return_cell is not None,
        debug=debug,
    )
    return tuple(drawer.blocks(result, notebook))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Drawer:
    """Draws one Result.

    Attributes:
        around: Where drawings come to stand.
        places: The cells that ran, by ordinal; none for a function's.
        is_returned: Whether what the last cell showed is the value.
        debug: Whether tracebacks are shown.
    """

    around: Surroundings
    places: tuple[Cell, ...]
    is_returned: bool
    debug: bool

    def blocks(self, result: Result, notebook: Notebook | None) -> Iterator[Block]:
        """Yield the blocks, of which there are never none."""
        first = tuple(self._first(result, notebook))
        displayed = tuple(self._displayed(result))
        yield from first
        yield from displayed[:_MOST_BLOCKS]
        if len(displayed) > _MOST_BLOCKS:
            rest = f": {self.around.rest} to have them all" * bool(self.around.rest)
            more = f"… {len(displayed) - _MOST_BLOCKS:,} outputs more{rest}."
            yield Block(html=aside(more), kind="output")
        printed = tuple(self._printed(result))
        yield from printed[:_MOST_BLOCKS]
        if not first and not displayed and not printed:
            yield Block(html=quiet("No value"), kind="value")

    def _first(self, result: Result, notebook: Notebook | None) -> Iterator[Block]:
        if isinstance(result, Failure):
            tags = tuple(result.error.tags)
            html = failure_html(result, notebook, debug=self.debug)
            yield Block(html=html, tags=tags, kind="error")
            return
        tags = self._tags(result.cells[-1]) if result.cells else ()
        if HIDE not in tags:
            html = self._value(result)
            if html:
                yield Block(html=html, tags=tags, kind="value")

    def _value(self, result: Success) -> str:
        """Draw the value; "" for None, and where the return cell has displayed it otherwise."""
        found = result.displayed_value if self.is_returned else None
        value = result.value
        try:
            if isinstance(value, str) and (found is None or set(found["data"]) <= {"text/plain"}):
                return pre(value, rest=_VALUE) if value else quiet("Empty text")
            if found is not None:
                return self._output(found, "Value", rest=_VALUE)
            return "" if value is None or self._has_drawn(result) else self._object(value)
        except Exception as error:  # noqa: BLE001  # anybody's own drawing code
            return undrawable(error, debug=self.debug)

    def _has_drawn(self, result: Success) -> bool:
        """Whether the `return` cell of a notebook displayed something."""
        outputs = result.cells[-1].outputs if self.places and result.cells else ()
        return any(output.get("output_type") == "display_data" for output in outputs)

    def _object(self, value: Any) -> str:
        if isinstance(value, int) and not isinstance(value, bool):
            if value.bit_length() > _MOST_BITS:
                return aside("An integer too long to be written here.")
            return pre(json_text(int(value)), rest=_VALUE)
        data, metadata = drawn(value)
        return bundle_html(data, metadata, replace(self.around, rest=_VALUE), title="Value")

    def _displayed(self, result: Result) -> Iterator[Block]:
        value = result.displayed_value if isinstance(result, Success) and self.is_returned else None
        for cell in self._visible(result):
            for output in cell.outputs:
                if output is value or output.get("output_type") == "stream":
                    continue
                is_told = isinstance(result, Failure) and output.get("output_type") == "error"
                html = "" if is_told else self._drawn(output, cell)
                if html:
                    is_error = output.get("output_type") == "error"
                    kind: Literal["error", "output"] = "error" if is_error else "output"
                    yield Block(html=html, tags=self._tags(cell), kind=kind)

    def _drawn(self, output: Output, cell: CellRun) -> str:
        number = f" of cell {self.places[cell.ordinal].index + 1}" if self._place(cell) else ""
        try:
            return self._output(output, f"Output{number}")
        except Exception as error:  # noqa: BLE001  # anybody's bundle
            return undrawable(error, debug=self.debug)

    def _output(self, output: Output, title: str, *, rest: str | None = None) -> str:
        if output.get("output_type") == "error":
            told = str(output.get("ename")), str(output.get("evalue"))
            lines = [str(line) for line in output.get("traceback", ())]
            return raised_html(*told, lines, debug=self.debug)
        data, metadata = output.get("data"), output.get("metadata")
        if not isinstance(data, Mapping):
            return ""
        said = metadata if isinstance(metadata, Mapping) else {}
        around = self.around if rest is None else replace(self.around, rest=rest)
        return bundle_html(data, said, around, title=title)

    def _printed(self, result: Result) -> Iterator[Block]:
        """Yield one block for each stretch of a cell's text that nothing else interrupts."""
        for cell in self._visible(result):
            for kind, outputs in groupby(cell.outputs, lambda one: one.get("output_type")):
                if kind == "stream":
                    html = "".join(
                        pre(text, name=f"nb-text nb-{name}", rest=self.around.rest)
                        for name, text in _streams(outputs)
                    )
                    if html:
                        yield Block(html=html, tags=self._tags(cell), kind="printed")

    def _visible(self, result: Result) -> Iterator[CellRun]:
        return (cell for cell in result.cells if HIDE not in self._tags(cell))

    def _tags(self, cell: CellRun) -> tuple[str, ...]:
        place = self._place(cell)
        return place.tags if place else ()

    def _place(self, cell: CellRun) -> Cell | None:
        return self.places[cell.ordinal] if 0 <= cell.ordinal < len(self.places) else None


def undrawable(error: BaseException, *, debug: bool) -> str:
    """Write that something cannot be drawn: its own code raised."""
    try:
        said = str(error) if debug else ""
    except Exception:  # noqa: BLE001  # an error that has no text
        said = ""
    kind = type(error).__name__
    return aside(f"This cannot be drawn: {kind}{': ' if said else ''}{said}. Download it instead.")


def _streams(outputs: Any) -> Iterator[tuple[str, str]]:
    """Join what was printed one after another to the same stream."""
    for name, parts in groupby(outputs, lambda one: one.get("name")):
        text = "".join(text_of(part.get("text")) for part in parts)
        if text:
            yield ("stderr" if name == "stderr" else "stdout"), text


def _rest(result: Result) -> str:
    """Say how to have all of what was displayed or printed: the value does not contain it."""
    is_offered = isinstance(result, Success) and has_notebook(result)
    return "download the notebook" if is_offered else ""


def _places(result: Result, notebook: Notebook | None) -> tuple[Cell, ...]:
    """Return the cells that ran; whether `override` cells did, their number tells."""
    if notebook is None:
        return ()
    count = 1 + max((cell.ordinal for cell in result.cells), default=-1)
    given, bare = (notebook.steps(parameterized=one) for one in (True, False))
    if isinstance(result, Failure):
        at = result.error.cell_index
        return given if count and len(given) >= count and given[count - 1].index == at else bare
    return given if len(given) == count else bare
