"""Runs a notebook's cells in an IPython shell: magics, `await`, displays and all."""

from __future__ import annotations

from typing import Any

from nbnodes.engines.cells import shell_side
from nbnodes.engines.cells.roles import cell_roles
from nbnodes.engines.cells.shell import NotebookShell
from nbnodes.engines.raised import RaisedError
from nbnodes.notebook import binding
from nbnodes.notebook.document import Cell


class IPythonCells:
    """One run of cells in a shell.

    Attributes:
        value: What the `return` cell gave; None before.
    """

    def __init__(
        self, cells: tuple[Cell, ...], values: dict[str, Any], shell: NotebookShell
    ) -> None:
        self._cells = cells
        self._shell = shell
        self.value: Any = None
        shell_side.install(shell, vars(binding), values, cell_roles(cells), self._deliver)

    @property
    def exit_asked(self) -> bool:
        """Whether a cell called `exit()`."""
        return self._shell.exit_asked

    def run(self, number: int) -> RaisedError | None:
        """Run a cell, counted from 0; return what it raised."""
        self._shell.run_in_loop(self._cells[number].source)
        return self._shell.raised

    def _deliver(self, value: Any) -> None:
        self.value = value
