"""The Engine protocol: a RunRequest goes in, a Result comes out, the machine's failures raise."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Protocol, runtime_checkable

from nbnodes.engines.said import Said
from nbnodes.errors import EngineError, RunCancelledError, RunTimeoutError, UsageError
from nbnodes.notebook.document import Cell, Notebook
from nbnodes.result import Result

OnOutput = Callable[[Cell, str, Mapping[str, Any]], None]

LONGEST_WAIT_S = 3600.0
"""What nobody waits longer than without looking again: operating systems refuse a month."""

GRACE_S = 0.15
"""From the interrupt of a cell to the end of its process."""


class CancelToken:
    """Tells a running notebook that nobody wants it any more. Safe from any thread.

    Attributes:
        is_outlived: Whether the run goes on all the same, for others who want it.
    """

    def __init__(self) -> None:
        self.is_outlived = False
        self._lock = threading.Lock()
        self._cancelled = False
        self._callbacks: list[Callable[[], None]] = []

    @property
    def cancelled(self) -> bool:
        """Whether somebody asked."""
        return self._cancelled

    def cancel(self) -> None:
        """Ask the run to stop; asking again changes nothing."""
        with self._lock:
            self._cancelled = True
            callbacks, self._callbacks = self._callbacks, []
        for callback in callbacks:
            callback()

    def on_cancel(self, callback: Callable[[], None]) -> None:
        """Call `callback` once when somebody asks, on that thread; at once if somebody has."""
        with self._lock:
            if not self._cancelled:
                self._callbacks.append(callback)
                return
        callback()


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far a run has come.

    Attributes:
        done: Cells that have ended.
        total: Cells that will run, if none ends the notebook early; 0 for a function.
        said: How far the cell that runs, or the function, says it is; None unless it just did.
    """

    done: int
    total: int
    said: Said | None = None

    @property
    def part(self) -> float:
        """How much of the present cell, or of the function, is done: from 0 to 1."""
        return (self.said and self.said.fraction) or 0.0


@dataclass(frozen=True, kw_only=True)
class RunRequest:
    """One run to make.

    Attributes:
        notebook: What to run.
        values: The given parameters, validated; defaults are the notebook's own affair.
        folder: The working directory of the run.
        globals: Names that the notebook shares with the caller (`inprocess` only).
        timeout_s: Seconds that the whole run may take; None for no limit.
        cell_timeout_s: Seconds that each cell may take; None for no limit.
        output_size_bytes: What it may print and display; more is dropped.
        cancel: The caller's way to stop it.
        on_progress: Called after each cell, and some twenty times a second while one says how far
            it is, on any thread; must not raise.
        on_output: Called with what a cell shows as it shows it: the cell, and type and content of
            a message as `nbnodes.engines.outputs.Feed` takes them; must not raise.
        is_lent: Whether its Result may be one that others have, too: the caller only looks at it.
        started_at: Monotonic time when the request was made; the deadline counts from it.
    """

    notebook: Notebook
    values: Mapping[str, Any] = field(default_factory=dict)
    folder: str = ""
    globals: Mapping[str, Any] | None = None
    timeout_s: float | None = None
    cell_timeout_s: float | None = None
    output_size_bytes: int = 10_000_000
    cancel: CancelToken = field(default_factory=CancelToken)
    on_progress: Callable[[Progress], None] = field(default=lambda _: None)
    on_output: OnOutput = field(default=lambda _cell, _type, _content: None)
    is_lent: bool = False
    started_at: float = field(default_factory=time.monotonic)

    @cached_property
    def steps(self) -> tuple[Cell, ...]:
        """The cells to run, in order."""
        return self.notebook.steps(parameterized=bool(self.values))

    @property
    def remaining_s(self) -> float | None:
        """Seconds to wait before looking again, an hour at most; see `left_s`."""
        left_s = self.left_s
        return None if left_s is None else min(left_s, LONGEST_WAIT_S)

    @property
    def left_s(self) -> float | None:
        """Seconds until the deadline (0 when it has passed); None without one."""
        if self.timeout_s is None:
            return None
        return max(0.0, self.started_at + self.timeout_s - time.monotonic())

    def placed(self) -> RunRequest:
        """Return it, if it has a working directory.

        Raises:
            UsageError: If that does not exist.
        """
        if not os.path.isdir(self.folder):
            name = self.notebook.name
            raise UsageError(f"{name}: its working directory {self.folder} does not exist")
        return self

    def interruption(self, cell: Cell | None = None) -> EngineError | None:
        """Return why the run must stop now, as the error to raise; None while it may go on."""
        if not self.cancel.cancelled and self.remaining_s != 0.0:
            return None
        place = "" if cell is None else f", cell {cell.index + 1}"
        where = f"{self.notebook.name}{place}"
        if self.cancel.cancelled:
            return RunCancelledError(f"{where}: the run was cancelled")
        hint = "allow more with timeout_s (--timeout)"
        return RunTimeoutError(f"{where}: not done after {self.timeout_s:g} s, stopped; {hint}")


@runtime_checkable
class Engine(Protocol):
    """Runs one notebook once, in a fresh namespace, in the notebook's folder.

    Implementations are safe to call from several threads and keep nothing between runs that a
    notebook could see.
    """

    @property
    def name(self) -> str:
        """The name it is chosen by."""

    def run(self, request: RunRequest, /) -> Result:
        """Run the notebook.

        Raises:
            EngineError: If the machine failed: no kernel, a dead one, out of time, cancelled.
        """

    def close(self) -> None:
        """Give back everything held; may be called twice."""
