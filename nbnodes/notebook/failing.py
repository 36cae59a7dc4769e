"""A cell's error and its notebook become the line where it broke. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass

from nbnodes.notebook.document import Notebook
from nbnodes.result import CallError, CellError

_ANSI = re.compile(r"\x1b\[[0-9;]*m")
_FRAME = re.compile(r"^\s*Cell In\[\d+\], line (\d+)", re.MULTILINE)  # IPython's, outermost first


@dataclass(frozen=True, slots=True, kw_only=True)
class FailingLine:
    """Where a cell broke.

    Attributes:
        number: The line in its cell, counted from 1.
        source: The line.
    """

    number: int
    source: str


def bare(text: str) -> str:
    """Return text without ANSI's colours."""
    return _ANSI.sub("", text)


def failing_line(error: CellError, notebook: Notebook) -> FailingLine | None:
    """Return the line of the failing cell from which the error came; None where nobody tells."""
    if isinstance(error, CallError) or not 0 <= error.cell_index < len(notebook.cells):
        return None
    found = _FRAME.search(bare("\n".join(error.traceback)))
    lines = notebook.cells[error.cell_index].source.splitlines()
    number = int(found.group(1)) if found else 0
    if not 1 <= number <= len(lines):
        return None
    return FailingLine(number=number, source=lines[number - 1])
