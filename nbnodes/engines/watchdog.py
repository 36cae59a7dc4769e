"""Interrupts a run in this interpreter when its time is over or its caller has left."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Any, Self, TypeVar

from nbnodes.engines.interrupting import PATIENCE_S, is_importing, raise_in
from nbnodes.engines.run import Run

T = TypeVar("T")

_AGAIN_S = 0.2  # between two interrupts of a cell that swallows them
_IMPORT_S = 0.01  # between two looks at a cell that imports something


class Watchdog:
    """Raises KeyboardInterrupt in a cell whose run must stop, again and again until it ends.

    In the main thread by SIGINT, which also ends a sleep or a system call; elsewhere by an
    asynchronous exception, which waits for the next bytecode (`PyThreadState_SetAsyncExc`).
    Outside `guard` nothing is interrupted: between cells there is nothing to stop.

    Attributes:
        has_seen_sigint: Whether somebody pressed Ctrl-C.
    """

    def __init__(self, run: Run) -> None:
        self._run = run
        self._thread_id = threading.get_ident()
        self._is_main = threading.current_thread() is threading.main_thread()
        self._handler: Any = signal.SIG_DFL
        self.has_seen_sigint = False
        # An interrupt may arrive wherever Python code begins or a call ends, also in a Condition's
        # `__enter__`, which then keeps its lock for ever; to enter a lock itself is one step.
        self._lock = threading.RLock()
        self._changed = threading.Condition(self._lock)
        self._ended = False
        self._is_armed = False
        self._holds = 0
        self._has_interrupted = False
        self._imports_since = 0.0
        self._thread: threading.Thread | None = None

    def __enter__(self) -> Self:
        if self._is_main:  # a script's `command &` starts us with SIGINT ignored
            self._handler = signal.signal(signal.SIGINT, self._on_sigint)
        request = self._run.request
        if request.timeout_s is not None or request.cell_timeout_s is not None:
            self._start()
        request.cancel.on_cancel(self._on_cancel)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None
    ) -> None:
        with self._lock:
            self._ended = True
            self._changed.notify()
        if self._thread:
            self._thread.join()
        if self._is_main:
            signal.signal(signal.SIGINT, self._handler)

    def guard(self, run_cell: Callable[[], T]) -> T | None:
        """Run the cell that has begun; it is interrupted when time is over or its caller left.

        Raises:
            EngineError: If it was, or must not even begin.
        """
        self._raise_interruption()
        returned = None
        try:
            self._arm()
            try:
                returned = run_cell()
            finally:
                self._disarm()
        except KeyboardInterrupt:  # ours may arrive late, while the cell ended by itself
            self._disarm()
            if not self._has_interrupted:
                raise
        self._raise_interruption()
        return returned

    @contextmanager
    def held_off(self) -> Iterator[None]:
        """Let a block end before the cell that it is part of is interrupted."""
        with self._lock:
            self._holds += 1
        try:
            self._take_back()
            yield
        finally:
            with self._lock:
                self._holds -= 1
                self._changed.notify()

    def _on_sigint(self, *_: object) -> None:
        self.has_seen_sigint = True
        raise KeyboardInterrupt

    def _raise_interruption(self) -> None:
        error = self._run.interruption()
        if error:
            raise error

    def _start(self) -> None:
        self._thread = threading.Thread(target=self._watch, name="nbnodes-watchdog", daemon=True)
        self._thread.start()

    def _on_cancel(self) -> None:
        with self._lock:
            self._changed.notify()
            if self._thread is None and not self._ended:
                self._start()

    def _arm(self) -> None:
        self._is_armed = True
        if self._thread:
            with self._lock:
                self._changed.notify()

    def _disarm(self) -> None:
        with self._lock:
            self._is_armed = False
        self._take_back()

    def _take_back(self) -> None:
        """Let an interrupt that is on its way not arrive any more, or now."""
        if self._has_interrupted:
            raise_in(self._thread_id, None)
            time.sleep(0)  # lets a signal that is on its way arrive here

    def _watch(self) -> None:
        with self._lock:
            while not self._ended:
                is_over = self._run.interruption() is not None
                if is_over and self._is_armed and not self._holds:
                    if self._is_importing():
                        self._changed.wait(_IMPORT_S)
                        continue
                    self._has_interrupted = True
                    self._interrupt()
                self._changed.wait(_AGAIN_S if is_over else self._run.remaining_s)

    def _is_importing(self) -> bool:
        """Whether the cell is in the middle of an import, and not for too long already."""
        if not is_importing(self._thread_id):
            return False
        self._imports_since = self._imports_since or time.monotonic()
        return time.monotonic() - self._imports_since < PATIENCE_S

    def _interrupt(self) -> None:
        if self._is_main:
            signal.pthread_kill(self._thread_id, signal.SIGINT)
        else:
            raise_in(self._thread_id, KeyboardInterrupt)
