"""A run becomes papermill's: each cell's beginning, outputs, end and failure, as they happen."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from nbclient.exceptions import CellTimeoutError  # noqa: TID253  # this module is imported lazily

from nbnodes.engines.engine import CancelToken, Progress
from nbnodes.engines.papermill_client import ToldClient
from nbnodes.engines.raised import RaisedError
from nbnodes.notebook.document import RAISES, Cell, Notebook
from nbnodes.result import Failure, Result


class Record:
    """Tells papermill's NotebookExecutionManager of a run. Belongs to the run's thread.

    papermill begins and ends every cell, those that do not run too. Engines tell only of ends, and
    not yet how a cell ended: unless it shows an error, the next one is taken to begin at once.

    Args:
        client: Writes what cells show.
        notebook: What runs; its cells are in the places of papermill's.
        cancel: Ends the run.

    Attributes:
        problem: What papermill raised, for which the run was cancelled.
    """

    def __init__(self, client: ToldClient, notebook: Notebook, cancel: CancelToken) -> None:
        self._client = client
        self._manager = client.nb_man
        self._steps = notebook.steps(parameterized=False)
        self._numbers = {cell.index: number for number, cell in enumerate(self._steps, 1)}
        self._cancel = cancel
        self._begun = -1
        self._done = 0
        self._is_over = False
        self.problem: Exception | None = None

    def begin(self) -> None:
        """Note that the run begins."""
        self._begin_next()

    def on_output(self, cell: Cell, kind: str, content: Mapping[str, Any]) -> None:
        """Take what a cell shows; see `RunRequest`."""
        with self._problem_kept():
            self._begin_until(cell.index)
            self._client.tell(cell.index, kind, content)

    def on_progress(self, progress: Progress) -> None:
        """Note that a cell has ended; see `RunRequest`."""
        if progress.said is not None:  # it is shown, too
            return
        cell = self._steps[progress.done - 1]
        with self._problem_kept():
            self._begin_until(cell.index)
            self._client.end(cell.index)
            self._manager.cell_complete(self._node(cell.index), cell_index=cell.index)
            self._done = progress.done
            if RAISES in cell.tags or not self._errors(cell):
                self._begin_next()

    def finish(self, result: Result) -> None:
        """Note how the run ended.

        Raises:
            Exception: What papermill raised, when it was told of a cell.
        """
        if self.problem:
            raise self.problem
        self._is_over = True
        if self._done == len(self._steps):
            self._begin_until(len(self._manager.nb.cells) - 1)
        if self._done:
            self._close(self._steps[self._done - 1], result)

    def break_off(self) -> None:
        """Note that the run did not end by itself, unless it did: its cell has failed.

        papermill's own engine calls such a cell completed.
        """
        if not self._is_over and self._done < len(self._steps):
            self._is_over = True
            index = self._steps[self._done].index
            self._begin_until(index)
            self._client.settle()
            self._manager.cell_exception(self._node(index), cell_index=index)
            self._manager.cell_complete(self._node(index), cell_index=index)

    def timeout(self) -> Exception:
        """Return the error that papermill raises for a cell that takes too long."""
        node = self._node(self._steps[self._done].index)
        limit_s = self._client.cell_timeout_s or 0
        error: Exception = CellTimeoutError.error_from_timeout_and_cell(
            "Cell execution timed out", limit_s, node
        )
        return error

    def _close(self, last: Cell, result: Result) -> None:
        has_failed = isinstance(result, Failure) or self._has_exited(last)
        if has_failed or self._done < len(self._steps):
            self._take_back(last.index + 1)
        if has_failed:
            self._manager.cell_exception(self._node(last.index), cell_index=last.index)

    def _has_exited(self, cell: Cell) -> bool:
        """Whether a cell called `sys.exit(0)`, which for papermill fails, though not in the end."""
        raised = (RaisedError(ename=e.ename, evalue=e.evalue) for e in self._errors(cell))
        return RAISES not in cell.tags and any(error.is_early_end for error in raised)

    def _begin_next(self) -> None:
        """Note that the next step begins, and what lies before it."""
        if self._done < len(self._steps):
            self._begin_until(self._steps[self._done].index)

    def _begin_until(self, index: int) -> None:
        while self._begun < index:
            self._begun += 1
            node = self._node(self._begun)
            self._manager.cell_start(node, self._begun)
            if self._begun in self._numbers:
                self._client.begin(self._begun, self._numbers[self._begun])
            else:
                self._manager.cell_complete(node, cell_index=self._begun)

    def _take_back(self, start: int) -> None:
        """Forget that cells began, for the run ended before them."""
        for index in range(start, self._begun + 1):
            node = self._node(index)
            node.metadata.papermill.update(dict.fromkeys(node.metadata.papermill))
            node.metadata.papermill["status"] = self._manager.PENDING
            node.metadata.pop("execution", None)
            if index in self._numbers:
                node.execution_count = None

    def _errors(self, cell: Cell) -> list[Any]:
        outputs = self._node(cell.index).outputs
        return [output for output in outputs if output.output_type == "error"]

    def _node(self, index: int) -> Any:
        return self._manager.nb.cells[index]

    @contextmanager
    def _problem_kept(self) -> Iterator[None]:
        """Keep what is raised, and end the run: an engine's callbacks must not raise."""
        try:
            yield
        except Exception as error:  # noqa: BLE001  # saving may fail in any storage's own way
            self.problem = self.problem or error
            self._cancel.cancel()
