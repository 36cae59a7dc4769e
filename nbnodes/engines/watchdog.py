"""Interrupts a run in this interpreter when its time is over or its caller has left."""

from __future__ import annotations

import ctypes
import signal
import threading
import time
from types import TracebackType
from typing import Self

from nbnodes.engines.engine import RunRequest
from nbnodes.errors import EngineError
from nbnodes.notebook.document import Cell

_AGAIN_S = 0.2  # between two interrupts of a cell that swallows them


class Watchdog:
    """Raises KeyboardInterrupt in the running thread, again and again until the run ends.

    In the main thread by SIGINT, which also ends a sleep or a system call; elsewhere by an
    asynchronous exception, which waits for the next bytecode (`PyThreadState_SetAsyncExc`).
    """

    def __init__(self, request: RunRequest) -> None:
        self._request = request
        self._thread_id = threading.get_ident()
        self._changed = threading.Condition()
        self._ended = False
        self._error: EngineError | None = None
        self._thread = threading.Thread(target=self._watch, name="nbnodes-watchdog", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        self._request.cancel.on_cancel(self._wake)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None
    ) -> None:
        try:
            self._end()
        except KeyboardInterrupt:  # ours, on its way while the last cell ended by itself
            self._end()
        self._thread.join()

    def check(self, cell: Cell) -> None:
        """Raise why the run was interrupted, if it was.

        Raises:
            EngineError: Out of time, or cancelled.
        """
        error = self._request.interruption(cell) or self._error
        if error:
            raise error

    def _wake(self) -> None:
        with self._changed:
            self._changed.notify()

    def _end(self) -> None:
        with self._changed:
            self._ended = True
            self._changed.notify()
        if self._error:
            ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(self._thread_id), None)
            time.sleep(0)  # lets a signal that is on its way arrive here

    def _watch(self) -> None:
        with self._changed:
            while not self._ended:
                self._error = self._error or self._request.interruption()
                if self._error:
                    self._interrupt()
                    self._changed.wait(_AGAIN_S)
                else:
                    self._changed.wait(self._request.remaining_s)

    def _interrupt(self) -> None:
        if self._thread_id == threading.main_thread().ident:
            signal.pthread_kill(self._thread_id, signal.SIGINT)
        else:
            exception = ctypes.py_object(KeyboardInterrupt)
            ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(self._thread_id), exception)
