"""Runs a notebook of plain cells: compiled code in a fresh `__main__`, IPython only where needed.

The namespace, the outputs and the errors are those that IPython would give. Until something asks
for IPython (a library that displays, a value with a rich form, a traceback) it is not even loaded.
"""

from __future__ import annotations

import linecache
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Protocol

from nbnodes.engines.cells.program import Program
from nbnodes.engines.cells.shell_side import hidden_names
from nbnodes.engines.outputs import Feed
from nbnodes.notebook import binding

if TYPE_CHECKING:
    from nbnodes.engines.cells.shell import NotebookShell
    from nbnodes.engines.raised import RaisedError

_SPELLED = (bool, float, int, str)  # IPython shows them as `repr` does
_LONGEST_INT = 1 << 4096


class ShellSource(Protocol):
    """Gives a shell for what plain Python cannot do."""

    @property
    def made(self) -> NotebookShell | None:
        """The shell, if it has been made."""

    def get(self) -> NotebookShell:
        """Return the shell, made now if need be."""


class PlainCells:
    """One run of a program.

    Args:
        program: What to run.
        values: The given parameters.
        names: The namespace to run in: that of the module `__main__`.
        feed: Takes what the cells show.
        shell: Where IPython comes from.

    Attributes:
        value: What the `return` cell gave; None before.
        exit_asked: False: a plain cell has no `exit()`.
    """

    exit_asked = False

    def __init__(
        self,
        program: Program,
        values: dict[str, Any],
        names: dict[str, Any],
        *,
        feed: Feed,
        shell: ShellSource,
    ) -> None:
        self._program = program
        self._names = names
        self._feed = feed
        self._shell = shell
        self.value: Any = None
        names.update(hidden_names(vars(binding), values, names))
        if not any(cell.declares for cell in program):
            names.update(values)

    def run(self, number: int) -> RaisedError | None:
        """Run a cell, counted from 0; return what it raised."""
        cell = self._program[number]
        linecache.cache[cell.file_name] = (len(cell.source), None, cell.lines, cell.file_name)
        body, last = cell.codes
        value = None
        try:
            if body:
                # with a star, Python makes no shorter way of it after some runs: what a cell has
                # room for on the stack stays the same
                exec(*(body, self._names))  # noqa: S102  # the notebook's own code
            if last:
                value = eval(*(last, self._names))  # noqa: S307  # as above
                if cell.is_shown and value is not None:
                    self._show(value)
        except BaseException as error:  # noqa: BLE001  # a cell may raise anything
            return self._raised(error, number)
        if self._shell.made:
            self._shell.made.flush()
        if cell.returns:
            self.value = value
        return None

    def _show(self, value: Any) -> None:
        kind = type(value)
        if kind in _SPELLED and (kind is not int or -_LONGEST_INT < value < _LONGEST_INT):
            content: Mapping[str, Any] = {"data": {"text/plain": repr(value)}, "metadata": {}}
            self._feed.feed("execute_result", content)
            return
        hook = self._shell.get().displayhook
        data, metadata = hook.compute_format_data(value)
        if data:
            hook.write_format_data(data, metadata)

    def _raised(self, error: BaseException, number: int) -> RaisedError | None:
        """Show an error as IPython does."""
        shell = self._shell.get()
        for cell in self._program[: number + 1]:
            shell.compile._filename_map[cell.file_name] = cell.number  # noqa: SLF001  # no other way
        shell.execution_count = self._program[number].number
        frames = error.__traceback__.tb_next if error.__traceback__ else None  # without `run` above
        raised = shell.show_error(error, frames)
        shell.flush()
        return raised
