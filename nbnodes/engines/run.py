"""One run as it goes: which cell runs, what it shows, how long it may take; at last its Result."""

from __future__ import annotations

import time
from collections.abc import Mapping
from functools import partial
from typing import Any

from nbnodes.engines.engine import LONGEST_WAIT_S, Progress, RunRequest
from nbnodes.engines.outputs import ERROR_BYTES, OutputLog, carriable, cut_error
from nbnodes.engines.raised import RaisedError, UntransferableValue
from nbnodes.engines.said import Said, said_in
from nbnodes.errors import EngineError, RunTimeoutError
from nbnodes.notebook.document import Cell
from nbnodes.notebook.executed import executed_document
from nbnodes.result import CellError, Failure, Result, Success


class Run:
    """A run under way: its engine tells it of each cell. The only place that makes a Result.

    Args:
        request: What to run.
        engine: The engine's name.

    Attributes:
        request: What to run.
        log: The outputs so far.
        cell: The cell that began last; None before the first.
    """

    def __init__(self, request: RunRequest, engine: str) -> None:
        self.request = request
        self.log = OutputLog(request.output_size_bytes)
        self.cell: Cell | None = None
        self._engine = engine
        self._began_at = 0.0
        self._is_in_cell = False
        self._done = 0
        self._error: RaisedError | None = None

    @property
    def where(self) -> str:
        """The notebook and, once one has begun, the cell: for messages."""
        name = self.request.notebook.name
        return name if self.cell is None else f"{name}, cell {self.cell.index + 1}"

    @property
    def remaining_s(self) -> float | None:
        """Seconds to wait before looking again: `left_s`, but an hour at most."""
        left_s = self.left_s
        return None if left_s is None else min(left_s, LONGEST_WAIT_S)

    @property
    def left_s(self) -> float | None:
        """Seconds until the run or its cell is out of time (0 when it is); None without limit."""
        left = [self.request.left_s, self._cell_left_s]
        return min((one for one in left if one is not None), default=None)

    def interruption(self) -> EngineError | None:
        """Return why the run must stop now, as the error to raise; None while it may go on."""
        error = self.request.interruption(self.cell)
        limit_s = self.request.cell_timeout_s
        if error is None and limit_s is not None and self._cell_left_s == 0.0:
            hint = "allow more with cell_timeout_s (--cell-timeout)"
            return RunTimeoutError(f"{self.where}: not done after {limit_s:g} s, stopped; {hint}")
        return error

    def begin(self, cell: Cell) -> None:
        """Note that a cell begins."""
        self.cell = cell
        self._is_in_cell = True
        self._began_at = time.monotonic()
        self.log.begin_cell()

    def feed(self, message_type: str, content: Mapping[str, Any]) -> None:
        """Take what the cell shows; see `OutputLog.feed`. A bar is told, not kept."""
        content = carriable(content)
        said = said_in(content)
        if said is None:
            self.log.feed(message_type, content)
        elif self._is_in_cell:
            self._tell_progress(said)
        if self.cell is not None:
            self.request.on_output(self.cell, message_type, content)

    def end(
        self, error: RaisedError | None, *, exits: bool = False, duration_s: float | None = None
    ) -> bool:
        """Note that the cell has ended.

        Args:
            error: What it raised.
            exits: Whether it asked to end the notebook (`exit()`).
            duration_s: How long it took; None: since `begin`.

        Returns:
            Whether the next cell is to run.
        """
        if duration_s is None:
            duration_s = time.monotonic() - self._began_at
        self.log.end_cell(duration_s)
        self._is_in_cell = False
        self._done += 1
        self._tell_progress()
        if error and error.is_early_end:
            self.log.drop_last_error()
            return False
        if error and self.cell and error.ends(self.cell):
            self._error = error
            return False
        return not exits

    def result(self, value: Any) -> Result:
        """Make the Result of a run that has ended.

        Args:
            value: What the `return` cell gave, or an `UntransferableValue`: a Failure then.
        """
        error, cell = self._error, self.cell
        if error is None and isinstance(value, UntransferableValue):
            error, cell = value.as_error(), self.request.notebook.return_cell or cell
        if error and cell:
            return self._failure(error, cell)
        return Success(value=value, **self._described())

    def _tell_progress(self, said: Said | None = None) -> None:
        total = len(self.request.steps)
        self.request.on_progress(Progress(done=self._done, total=total, said=said))

    def _failure(self, error: RaisedError, cell: Cell) -> Failure:
        room_bytes = max(self.request.output_size_bytes, ERROR_BYTES)
        evalue, traceback, _ = cut_error(error.evalue, error.traceback, room_bytes)
        raised = CellError(
            ename=error.ename,
            evalue=evalue,
            traceback=tuple(traceback),
            cell_index=cell.index,
            tags=cell.tags,
        )
        return Failure(error=raised, **self._described())

    def _described(self) -> dict[str, Any]:
        request = self.request
        return {
            "name": request.notebook.name,
            "engine": self._engine,
            "cells": self.log.cells(),
            "duration_s": time.monotonic() - request.started_at,
            "document": partial(executed_document, request.notebook, request.values),
        }

    @property
    def _cell_left_s(self) -> float | None:
        limit_s = self.request.cell_timeout_s
        if limit_s is None or not self._is_in_cell:
            return None
        return max(0.0, self._began_at + limit_s - time.monotonic())
