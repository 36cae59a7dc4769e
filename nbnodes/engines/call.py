"""A function is called on the thread at hand, and can be interrupted; a Result comes out."""

from __future__ import annotations

import asyncio
import inspect
import os
import threading
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from nbnodes.engines.engine import CancelToken
from nbnodes.engines.interrupting import await_import, is_importing, raise_in
from nbnodes.engines.outputs import OutputLog
from nbnodes.engines.overheard import overheard
from nbnodes.engines.raised import text_of
from nbnodes.engines.reporter import Reporter
from nbnodes.engines.said import Said
from nbnodes.errors import RunCancelledError
from nbnodes.result import CallError, CellRun, Failure, Output, Result, Success

_PACKAGE = os.path.join(os.path.dirname(os.path.dirname(__file__)), "")  # not the user's code

THREAD = "thread"
"""The engine's name: functions run in a thread of this process."""


class _Interrupted(BaseException):  # a way out of the function, not an error
    """Nobody wants the call any more."""


@dataclass(slots=True, kw_only=True)
class Call:
    """A call to make.

    Attributes:
        name: What messages call the function.
        function: It, with its arguments bound.
        cancel: The caller's way to stop it. A function that computes in Python stops at the next
            bytecode; one that sleeps, or computes elsewhere, when it comes back.
        on_said: Called when the function says how far it is, on any thread.
        is_echoed: Whether what it prints appears where it would have, too.
        output_size_bytes: How much of what it prints and displays is kept.
        show: Tells what a value shows besides itself: the value to pass on, and outputs.
    """

    name: str
    function: Callable[[], Any]
    cancel: CancelToken
    on_said: Callable[[Said], None] = field(default=lambda _: None)
    is_echoed: bool = True
    output_size_bytes: int = 10_000_000
    show: Callable[[Any], tuple[Any, tuple[Output, ...]]] = field(default=lambda value: (value, ()))
    _lock: threading.Lock = field(default_factory=threading.Lock, init=False)
    _thread_id: int = field(default=0, init=False)
    _is_interrupted: bool = field(default=False, init=False)

    def run(self) -> Result:
        """Make the call.

        Raises:
            RunCancelledError: If it was interrupted.
        """
        log = OutputLog(self.output_size_bytes)
        log.begin_cell()
        hearing = overheard(log, is_echoed=self.is_echoed)
        with Reporter(lambda said, _: self.on_said(said)), hearing:
            result = self._made()
        (heard,) = log.cells()
        shown = tuple(output for cell in result.cells for output in cell.outputs)
        return replace(result, cells=(replace(heard, outputs=heard.outputs + shown),))

    def _made(self) -> Result:
        began_at = time.monotonic()
        try:
            self._arm()
            try:
                value, outputs = self.show(value_of(self.function))
            finally:
                self._disarm()
        except _Interrupted:
            self._disarm_surely()
            raise self._cancelled() from None
        except BaseException as error:  # noqa: BLE001  # a function may raise anything: its failure
            self._disarm_surely()
            if self._is_interrupted:  # and made something else of it
                raise self._cancelled() from None
            return Failure(name=self.name, engine=THREAD, error=_error(error))
        if self._is_interrupted:  # and went on with half of its work
            raise self._cancelled()
        cell = CellRun(ordinal=0, outputs=outputs)
        duration_s = time.monotonic() - began_at
        return Success(
            name=self.name, engine=THREAD, value=value, cells=(cell,), duration_s=duration_s
        )

    def _arm(self) -> None:
        with self._lock:
            self._thread_id = threading.get_ident()
        self.cancel.on_cancel(self._interrupt)

    def _interrupt(self) -> None:
        if is_importing(self._thread_id):  # who cancels need not wait for it
            threading.Thread(target=self._interrupt_after_import, daemon=True).start()
        else:
            self._interrupt_now()

    def _interrupt_after_import(self) -> None:
        await_import(self._thread_id)
        self._interrupt_now()

    def _interrupt_now(self) -> None:
        with self._lock:
            if self._thread_id:
                self._is_interrupted = True
                raise_in(self._thread_id, _Interrupted)

    def _cancelled(self) -> RunCancelledError:
        return RunCancelledError(f"{self.name}: the run was cancelled")

    def _disarm(self) -> None:
        """Let no interrupt arrive any more, nor one that is on its way."""
        with self._lock:
            if self._thread_id:
                self._thread_id = 0
                raise_in(threading.get_ident(), None)

    def _disarm_surely(self) -> None:
        while True:
            try:
                self._disarm()
            except _Interrupted:  # it arrived in the middle
                continue
            return


def value_of(function: Callable[[], Any]) -> Any:
    """Call a function; wait for what it gives if that has to be awaited."""
    value = function()
    return asyncio.run(_awaited(value)) if inspect.isawaitable(value) else value


async def _awaited(value: Any) -> Any:
    return await value


def _error(error: BaseException) -> CallError:
    place = error.__traceback__
    while place is not None and place.tb_frame.f_code.co_filename.startswith(_PACKAGE):
        place = place.tb_next
    lines = traceback.format_exception(type(error), error, place or error.__traceback__)
    text = "".join(lines).rstrip("\n")
    return CallError(
        ename=type(error).__name__, evalue=text_of(error), traceback=tuple(text.split("\n"))
    )
