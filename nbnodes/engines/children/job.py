"""What a child is given to run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

from nbnodes.engines.cells.program import Program
from nbnodes.notebook.document import Cell

Kind: TypeAlias = Literal["once", "setup", "often"]
"""Of a job: whether the child ends with it, becomes a template, or waits for other values."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One run's cells and place; the given values follow in a message of their own.

    Attributes:
        cells: The cells, in order.
        program: The same, compiled, if all of them are plain.
        folder: The working directory.
        local_names: Top-level names of the modules that lie there.
        kind: What follows once the cells have run: nothing; the child becomes a template; or, as
            they leave no trace (`nbnodes.notebook.traceless`), other values, to run them again.
    """

    cells: tuple[Cell, ...]
    program: Program | None
    folder: str
    local_names: frozenset[str]
    kind: Kind = "once"
