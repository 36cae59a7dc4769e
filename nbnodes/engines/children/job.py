"""What a child is given to run."""

from __future__ import annotations

from dataclasses import dataclass

from nbnodes.engines.cells.program import Program
from nbnodes.notebook.document import Cell


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One run's cells and place; the given values follow in a message of their own.

    Attributes:
        cells: The cells, in order.
        program: The same, compiled, if all of them are plain.
        folder: The working directory.
        local_names: Top-level names of the modules that lie there.
        is_setup: Whether the child is to become a template once the cells have run.
    """

    cells: tuple[Cell, ...]
    program: Program | None
    folder: str
    local_names: frozenset[str]
    is_setup: bool = False
