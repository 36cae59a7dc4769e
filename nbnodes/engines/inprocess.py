"""The `inprocess` engine: a fresh IPython shell in the caller's interpreter, put away afterwards.

Values need not cross a process boundary and names can be shared (`globals`). The price: one run at
a time, and a cell that kills its process kills the caller's.
"""

from __future__ import annotations

import asyncio
import copy
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from contextvars import ContextVar
from typing import Any

from nbnodes.engines import shell_side
from nbnodes.engines.crossing import cell_roles
from nbnodes.engines.engine import RunRequest
from nbnodes.engines.raised import RaisedError
from nbnodes.engines.run import Run
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
    run = Run(request, InProcessEngine.name)
    delivered: list[Any] = []
    with ExitStack() as stack:
        stack.enter_context(sandbox(request.folder, run))
        shell = stack.enter_context(open_shell(run))
        shell.user_ns.update(request.globals or {})
        roles = cell_roles(request.steps)
        values = {name: _own(value) for name, value in request.values.items()}
        shell_side.install(shell, vars(binding), values, roles, delivered.append)
        watchdog = stack.enter_context(Watchdog(run))
        for cell in request.steps:
            if not run.end(_run_cell(shell, run, cell, watchdog), exits=shell.exit_asked):
                break
    return run.result(delivered[-1] if delivered else None)


def _run_cell(shell: NotebookShell, run: Run, cell: Cell, watchdog: Watchdog) -> RaisedError | None:
    run.begin(cell)
    with watchdog.guard():
        shell.run_in_loop(cell.source)
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
