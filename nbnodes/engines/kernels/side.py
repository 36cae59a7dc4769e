"""Inside a Python kernel: runs begin and end in it; cells behind a run's end are refused.

Sent as text into kernels, as `cells.shell_side` is, and so of the standard library and
IPython only. What is sent once (`Side`) serves every run of its kernel.
"""

from __future__ import annotations

import ast
import gc
import io
import json
import mmap
import os
import select
import sys
import time
from collections.abc import Mapping
from contextlib import redirect_stderr, redirect_stdout, suppress
from typing import Any

_PIPE_S = 0.05
_PIPE_STEP_S = 0.0002


class Side:
    """What serves a kernel's runs.

    Args:
        shell: The IPython shell.
        binding: The names of the module `nbnodes.notebook.binding`.
        shell_side: The names of the module `nbnodes.engines.cells.shell_side`.
        values: The names of the module `nbnodes.engines.kernels.values`.
        renewal: The names of the module `nbnodes.engines.kernels.renewal`.
    """

    def __init__(
        self,
        shell: Any,
        binding: Mapping[str, Any],
        shell_side: Mapping[str, Any],
        values: Mapping[str, Any],
        renewal: Mapping[str, Any],
    ) -> None:
        self.renewal = renewal
        self._shell = shell
        self._binding = binding
        self._shell_side = shell_side
        self._values = values

    def install(self, values_path: str, value_path: str, roles: list[str]) -> None:
        """Have parameters bound and the value delivered; see `shell_side.install`.

        Args:
            values_path: Where the parameters are read.
            value_path: Where the value is written.
            roles: What each cell is to the run.
        """
        dumps, save = self._shell_side["pickled"], self._values["save_or_explain"]
        self._shell_side["install"](
            self._shell,
            self._binding,
            dict(self._values["load"](values_path)),
            roles,
            lambda value: save(value_path, value, dumps),
        )

    def serve(self, job_path: str, *, keep: bool) -> None:
        """Begin a run with the first cell that comes after its job was written.

        A request of its own would take as long as a cell.

        Args:
            job_path: Where jobs are written; see `_Runs.begin`.
            keep: Whether the kernel outlives `exit()`, for the runs after the one that called it.
        """
        if keep:
            _stay_on_exit(self._shell)
        for stream in (sys.stdout, sys.stderr):
            _skip_idle_flushes(stream)
        self._warm()
        self._shell.nbnodes = _Runs(self._shell, self, job_path)

    def _warm(self) -> None:
        """Go once where every run goes, so that no run is the first."""
        with suppress(ImportError):
            import cloudpickle  # noqa: F401
        self._shell_side["pickled"]({"n": [1.0]})
        self._shell.display_formatter.format(1)
        if type(self._shell).__module__.startswith("ipykernel"):
            self._shell.run_cell("1", silent=True, store_history=False)


class _Runs(ast.NodeTransformer):
    """The runs of a kernel, one after another.

    All cells of a run are sent at once, before anybody knows where it ends. ipykernel's own
    `stop_on_error` aborts only what has arrived when the error happens, stops where only showing a
    value failed, and does not know `exit()`. So those behind the end are refused here.
    """

    def __init__(self, shell: Any, side: Side, job_path: str) -> None:
        self._shell = shell
        self._side = side
        self._job_path = job_path
        self._folder = os.getcwd()
        self._is_open = self._has_begun = False
        self._may_raise: list[bool] = []
        self._depth = self._number = 0
        self._begun = memoryview(bytearray(8))
        shell.ast_transformers.append(self)
        shell.events.register("pre_run_cell", self.before_cell)
        shell.events.register("post_run_cell", self.after_cell)
        self._as_started = side.renewal["Hooked"](shell)
        self._modules = frozenset(sys.modules)

    def begin(self, *, folder: str, begun_path: str, may_raise: list[bool], **options: Any) -> None:
        """Begin a run.

        Args:
            folder: Its working directory.
            begun_path: A file of 8 bytes that tells how many cells have begun, whatever ends us.
            may_raise: For each cell in order, whether the next one runs though it raised.
            **options: See `Side.install`.
        """
        self._is_open = False  # without its parameters no cell runs
        self.end()
        self._has_begun = True
        with open(begun_path, "r+b") as file:
            self._begun = memoryview(mmap.mmap(file.fileno(), 8))
        self._may_raise, self._number = may_raise, 0
        self._enter(folder)
        self._side.install(**options)
        self._is_open = True

    def end(self) -> None:
        """Forget the last run: its names, what it hooked into the shell, its own modules."""
        if not self._has_begun:
            return
        self._has_begun = False
        self._as_started.put_back()
        if "matplotlib.pyplot" in sys.modules:
            sys.modules["matplotlib.pyplot"].close("all")
        renewal = self._side.renewal
        renewal["forget_modules"](os.path.join(self._folder, ""), self._modules)
        renewal["renew_names"](self._shell)

    def forget(self) -> None:
        """Forget the last run, and all that it held."""
        self.end()
        gc.collect()

    def before_cell(self, info: Any) -> None:
        """Note that a cell begins, or one within a cell."""
        self._depth += 1
        if self._depth > 1:
            return
        if os.path.exists(self._job_path):
            self._begin_job(info)
        if os.path.exists(f"{self._job_path}.ended"):  # by the caller, who is about to interrupt
            self._is_open = False
        if self._is_open:
            self._number += 1
            self._begun[:] = self._number.to_bytes(8, "little")

    def visit(self, tree: Any) -> Any:
        """Refuse a cell behind the end."""
        if self._depth and not self._is_open:
            from IPython.core.error import InputRejected

            raise InputRejected("the notebook has ended")
        return tree

    def after_cell(self, result: Any) -> None:
        """Note that a cell has ended."""
        self._depth = max(0, self._depth - 1)  # an empty cell within a cell has no beginning
        if self._depth:
            return
        for stream in (sys.stdout, sys.stderr):
            _await_pipe(stream)
        if self._ends(result):
            self._is_open = False

    def _begin_job(self, info: Any) -> None:
        """Begin the run that is asked for; if that fails, say why, and run nothing."""
        with open(self._job_path, encoding="utf-8") as file:
            job = json.load(file)
        os.remove(self._job_path)
        callbacks = self._shell.events.callbacks["pre_run_cell"]
        try:
            with redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()):
                self.begin(**job)
        except BaseException as error:  # noqa: BLE001  # loading values runs their classes' code
            said = {"ename": type(error).__name__, "evalue": str(error)}
            with open(f"{self._job_path}.refused", "w", encoding="utf-8") as file:
                json.dump(said, file)
        for callback in list(callbacks):
            if callback != self.before_cell:  # registered too late to be called for this cell
                callback(info)

    def _ends(self, result: Any) -> bool:
        if result is None:  # an interrupted `await`
            return True
        error = result.error_before_exec or result.error_in_exec
        if error is None:
            return _exit_asked(self._shell)
        if isinstance(error, SystemExit) and str(error) in ("", "0", "None"):
            return True
        return not any(self._may_raise[self._number - 1 : self._number])

    def _enter(self, folder: str) -> None:
        """Be in a folder as if the kernel had been started there."""
        os.chdir(folder)
        sys.path[:] = [folder if place == self._folder else place for place in sys.path]
        self._folder = folder
        self._shell.starting_dir = folder
        self._shell.user_ns.get("_dh", [])[:] = [folder]


def _exit_asked(shell: Any) -> bool:
    payload = getattr(shell, "payload_manager", None)
    asked = payload.read_payload() if payload else ()
    return any(part.get("source") == "ask_exit" for part in asked)


def _stay_on_exit(shell: Any) -> None:
    """Have `exit()` end a notebook, and not its kernel; it decides anew each time it is called."""
    ask_exit = shell.ask_exit

    def ask_and_stay() -> None:
        shell.keepkernel_on_exit = True
        ask_exit()

    shell.ask_exit = ask_and_stay


def _skip_idle_flushes(stream: Any) -> None:
    """Have ipykernel flush a stream only if something was written.

    It flushes both, twice after each cell, and waits for another thread each time, which takes
    half as long as the cell's way here and back.
    """
    if type(stream).__module__ != "ipykernel.iostream" or not hasattr(stream, "_buffers"):
        return
    flush = stream.flush

    def flush_if_written() -> None:
        if stream._buffers or stream.echo is not None:  # noqa: SLF001  # there is no public way
            flush()

    stream.flush = flush_if_written


def _await_pipe(stream: Any) -> None:
    """Wait until what was written to a stream's descriptor was taken from there.

    A thread of ipykernel's reads it (C code and programs write so) and holds it to be of the cell
    that runs by then.
    """
    descriptor = getattr(stream, "_fid", None)
    until = time.monotonic() + _PIPE_S
    while isinstance(descriptor, int) and time.monotonic() < until:
        if not select.select([descriptor], [], [], 0)[0]:
            return
        time.sleep(_PIPE_STEP_S)
