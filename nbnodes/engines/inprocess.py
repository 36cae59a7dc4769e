"""The `inprocess` engine: a fresh IPython shell in the caller's interpreter, put away afterwards.

Values need not cross a process boundary and names can be shared (`globals`). The price: one run at
a time, and a cell that kills its process kills the caller's.
"""

from __future__ import annotations

import asyncio
import copy
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from contextvars import ContextVar
from typing import Any

from nbnodes.engines import shell_side
from nbnodes.engines.collect import RaisedError, failure, success
from nbnodes.engines.crossing import cell_roles
from nbnodes.engines.engine import Progress, RunRequest
from nbnodes.engines.outputs import OutputLog
from nbnodes.engines.sandbox import sandbox
from nbnodes.engines.shell import NotebookShell, open_shell
from nbnodes.engines.threads import run_in_thread
from nbnodes.engines.watchdog import Watchdog
from nbnodes.errors import UsageError
from nbnodes.notebook import binding
from nbnodes.notebook.document import Cell
from nbnodes.result import Result

_TICK_S = 0.05  # how often deadline and cancellation are looked at while waiting

# The working directory, sys.stdout and the current shell belong to the whole interpreter, so runs
# take turns. Those that a notebook makes take turns among themselves, within its own.
_turn: ContextVar[threading.Lock] = ContextVar("turn", default=threading.Lock())  # noqa: B039  # one lock for all is what is meant


class InProcessEngine:
    """Runs Python notebooks here. See `nbnodes.engines.engine.Engine`."""

    name = "inprocess"

    def run(self, request: RunRequest, /) -> Result:
        """Run the notebook; see `Engine.run`.

        Raises:
            EngineError: Out of time, or cancelled.
            UsageError: For a notebook that is not Python.
        """
        if not request.notebook.is_python:
            language = request.notebook.language or request.notebook.kernel_name
            raise UsageError(f"{request.notebook.name} is {language}: run it with engine='kernel'")
        return run_in_thread(request, _run) if _loop_is_running() else _run(request)

    def close(self) -> None:
        """Hold nothing, so give back nothing."""


def _run(request: RunRequest) -> Result:
    with _turn_taken(request):
        before = _turn.set(threading.Lock())
        try:
            return _run_in_sandbox(request)
        finally:
            _turn.reset(before)


@contextmanager
def _turn_taken(request: RunRequest) -> Iterator[None]:
    lock = _turn.get()
    while not lock.acquire(timeout=_TICK_S):
        error = request.interruption()
        if error:
            raise error
    try:
        yield
    finally:
        lock.release()


def _run_in_sandbox(request: RunRequest) -> Result:
    log = OutputLog(request.output_size_bytes)
    delivered: list[Any] = []
    with ExitStack() as stack:
        stack.enter_context(sandbox(request.folder, log))
        shell = stack.enter_context(open_shell(log))
        shell.user_ns.update(request.globals or {})
        roles = cell_roles(request.steps)
        values = {name: _own(value) for name, value in request.values.items()}
        shell_side.install(shell, vars(binding), values, roles, delivered.append)
        watchdog = stack.enter_context(Watchdog(request))
        return _run_cells(request, shell, log, delivered, watchdog)


def _run_cells(
    request: RunRequest,
    shell: NotebookShell,
    log: OutputLog,
    delivered: list[Any],
    watchdog: Watchdog,
) -> Result:
    for done, cell in enumerate(request.steps):
        error = _run_cell(shell, log, cell, watchdog)
        request.on_progress(Progress(done=done + 1, total=len(request.steps)))
        if error and error.ends(cell) and not error.is_early_end:
            return failure(request, InProcessEngine.name, log, error, cell)
        if error and error.is_early_end:
            log.drop_last_error()
        if shell.exit_asked or (error and error.is_early_end):
            break
    return success(request, InProcessEngine.name, log, delivered[-1] if delivered else None)


def _run_cell(
    shell: NotebookShell, log: OutputLog, cell: Cell, watchdog: Watchdog
) -> RaisedError | None:
    log.begin_cell()
    started_at = time.monotonic()
    with watchdog.guard(cell):
        shell.run_in_loop(cell.source)
    log.end_cell(time.monotonic() - started_at)
    if shell.raised and shell.raised.ename == "KeyboardInterrupt" and watchdog.has_seen_sigint:
        raise KeyboardInterrupt  # from outside: the cell did not raise it
    return shell.raised


def _own(value: Any) -> Any:
    """Copy a parameter: a notebook must not change its caller's. What has no copy is shared."""
    try:
        return copy.deepcopy(value)
    except Exception:  # noqa: BLE001  # a class may fail to copy in any way it likes
        return value


def _loop_is_running() -> bool:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True
