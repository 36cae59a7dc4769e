"""The `inprocess` engine: cells run in the caller's interpreter, which is put in order afterwards.

Values need not cross a process boundary and names can be shared (`globals`). The price: one run at
a time, and a cell that kills its process kills the caller's.
"""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from contextvars import ContextVar
from functools import partial
from types import ModuleType
from typing import TYPE_CHECKING, Any

from nbnodes.engines.cells.lazy_shell import LazyShell
from nbnodes.engines.cells.plain import PlainCells
from nbnodes.engines.cells.program import plain_program
from nbnodes.engines.copies import own
from nbnodes.engines.engine import RunRequest
from nbnodes.engines.raised import RaisedError
from nbnodes.engines.reporting import reporter_of
from nbnodes.engines.run import Run
from nbnodes.engines.sandbox import sandbox
from nbnodes.engines.watchdog import Watchdog
from nbnodes.errors import UsageError
from nbnodes.result import Result

if TYPE_CHECKING:  # brings IPython, which plain notebooks do without
    from nbnodes.engines.cells.ipython import IPythonCells

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
        if not _loop_is_running():
            return _run(request)
        from nbnodes.engines.threads import run_in_thread

        return run_in_thread(request, _run)

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
    values = {name: own(value) for name, value in request.values.items()}  # not the caller's
    with ExitStack() as stack:
        stack.enter_context(sandbox(request.folder, run))
        reporter = stack.enter_context(reporter_of(run))
        watchdog = Watchdog(run)
        cells = _cells(request, values, run, watchdog, stack)
        stack.enter_context(watchdog)
        for number, cell in enumerate(request.steps):
            run.begin(cell)
            error = watchdog.guard(partial(_run_cell, cells, number))
            reporter.end_cell()
            if error and error.ename == "KeyboardInterrupt" and watchdog.has_seen_sigint:
                raise KeyboardInterrupt  # from outside: the cell did not raise it
            if not run.end(error, exits=cells.exit_asked):
                break
    return run.result(cells.value)


def _run_cell(cells: PlainCells | IPythonCells, number: int) -> RaisedError | None:
    """Run a cell. A process that it has forked ends with it: it is a copy of the caller's."""
    pid, raised = os.getpid(), None
    status = 1
    try:
        raised = cells.run(number)
        status = int(bool(raised and not raised.is_early_end))
    finally:
        if os.getpid() != pid:
            os._exit(status)
    return raised


def _cells(
    request: RunRequest, values: dict[str, Any], run: Run, watchdog: Watchdog, stack: ExitStack
) -> PlainCells | IPythonCells:
    program = plain_program(request)
    if program is None:
        from nbnodes.engines.cells.ipython import IPythonCells
        from nbnodes.engines.cells.shell import open_shell

        shell = stack.enter_context(open_shell(run))
        shell.user_ns.update(request.globals or {})
        return IPythonCells(request.steps, values, shell)
    main = ModuleType("__main__")
    sys.modules["__main__"] = main
    vars(main).update(request.globals or {})
    lazy = LazyShell(run, main, unbroken=watchdog.held_off)
    stack.enter_context(lazy.offered())
    return PlainCells(program, values, vars(main), feed=run, shell=lazy)


def _loop_is_running() -> bool:
    asyncio = sys.modules.get("asyncio")
    return asyncio is not None and asyncio._get_running_loop() is not None  # noqa: SLF001  # public, for event loops
