"""The `papermill` engine: the executed notebook exactly as papermill makes it, with typed values.

papermill's own client runs the cells; before the first one, the kernel is prepared as the `kernel`
engine prepares it, so that values arrive as objects although papermill's cell shows them as text.
"""

from __future__ import annotations

import copy
import math
import os
import signal
import subprocess
import tempfile
import threading
from collections import deque
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import replace
from typing import Any

from jupyter_core.utils import ensure_event_loop
from nbclient.exceptions import (  # noqa: TID253  # this module is imported lazily
    CellExecutionError,
    CellTimeoutError,
    DeadKernelError,
)
from papermill.clientwrap import PapermillNotebookClient  # noqa: TID253
from papermill.engines import NotebookExecutionManager  # noqa: TID253
from papermill.execute import prepare_notebook_metadata, remove_error_markers  # noqa: TID253
from papermill.iorw import load_notebook_node  # noqa: TID253
from papermill.parameterize import parameterize_notebook  # noqa: TID253

from nbnodes.engines.cells.roles import cell_roles
from nbnodes.engines.cpus import all_cpus
from nbnodes.engines.engine import GRACE_S, RunRequest
from nbnodes.engines.environment import process_environment
from nbnodes.engines.kernels import crossing, foreign
from nbnodes.engines.kernels.kernelspec import Kernelspec, find_kernelspec
from nbnodes.engines.kernels.process import use_private_sockets
from nbnodes.engines.loops import close_loop
from nbnodes.engines.outputs import (
    ERROR_BYTES,
    cut,
    cut_error,
    rich_size_bytes,
    size_bytes,
)
from nbnodes.engines.raised import RaisedError
from nbnodes.engines.refusals import unloadable
from nbnodes.engines.run import Run
from nbnodes.engines.said import said_in
from nbnodes.engines.threads import run_in_thread
from nbnodes.errors import KernelDiedError, RunTimeoutError
from nbnodes.notebook.document import INJECTED, OVERRIDE, SKIP, Cell
from nbnodes.notebook.executed import inject_parameters, spelled_values
from nbnodes.notebook.quiet import quietly
from nbnodes.notebook.translation import is_known_to_papermill, papermill_language
from nbnodes.result import Result

_QUIET_MS = 50


class PapermillEngine:
    """Runs notebooks through papermill. See `nbnodes.engines.engine.Engine`."""

    name = "papermill"

    def run(self, request: RunRequest, /) -> Result:
        """Run the notebook; see `Engine.run`.

        Raises:
            EngineError: No kernel, a dead one, out of time, cancelled.
        """
        return run_in_thread(request, _run)  # nbclient takes over the loop and the signals

    def close(self) -> None:
        """Hold nothing, so give back nothing."""


def _run(request: RunRequest) -> Result:
    interruption = request.interruption()
    if interruption:
        raise interruption
    spec = find_kernelspec(request.notebook)
    with tempfile.TemporaryDirectory(prefix="nbnodes-") as folder, _own_loop():
        return _PapermillRun(request, spec, folder).result()


@contextmanager
def _own_loop() -> Iterator[None]:
    """Close the event loop that jupyter_core keeps for this thread, and what still waits on it."""
    loop = ensure_event_loop()
    try:
        yield
    finally:
        close_loop(loop)


class _PapermillRun:
    """One run."""

    def __init__(self, request: RunRequest, spec: Kernelspec, folder: str) -> None:
        self._request = request
        self._spec = spec
        self._folder = folder
        self._node = _prepared(request, spec)
        self._run = Run(request, PapermillEngine.name)

    def result(self) -> Result:
        """Run the cells through papermill's client."""
        if self._spec.is_python:
            crossing.write_values(self._request, self._folder)
        manager = NotebookExecutionManager(self._node, progress_bar=False, autosave_cell_every=0)
        client = _Client(
            manager,
            run=self._run,
            spec=self._spec,
            folder=self._folder,
            prologue=self._prologue(),
            kernel_name=self._spec.name,
            resources={"metadata": {"path": self._request.folder}},
            timeout_func=lambda _: self._timeout_s(),
            shutdown_kernel="immediate",
        )
        self._request.cancel.on_cancel(client.kill)
        manager.notebook_start()
        try:
            with all_cpus():
                client.execute(
                    env=process_environment(is_python=self._spec.is_python),
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.DEVNULL,
                )
        except (CellTimeoutError, DeadKernelError, RuntimeError) as error:
            raise self._machine_failure(error) from error
        finally:
            manager.notebook_complete()
        if self._request.cancel.cancelled:
            raise self._machine_failure(RuntimeError("it was interrupted"))
        return self._collected(client, manager)

    def _prologue(self) -> str | None:
        if not self._spec.is_python:
            return None
        roles = cell_roles(self._request.steps)
        injected = _place_of_injected(self._node, self._request)
        if injected is not None:
            roles.insert(injected, "parameters")
        return crossing.prologue(self._folder, roles)

    def _timeout_s(self) -> float | None:
        """Return the seconds left for a cell; never 0, which nbclient takes for no limit."""
        left_s = self._run.left_s
        return None if left_s in (None, math.inf) else max(left_s, 0.01)

    def _machine_failure(self, error: Exception) -> Exception:
        interruption = self._run.interruption()
        if interruption:
            return interruption
        if isinstance(error, CellTimeoutError):
            return RunTimeoutError(f"{self._run.where}: {error}")
        return KernelDiedError(f"{self._run.where}: the kernel {self._spec.name!r} died: {error}")

    def _collected(self, client: _Client, manager: NotebookExecutionManager) -> Result:
        self._run.log.note_dropped(client.dropped_bytes)
        return replace(self._run.result(self._value(client)), executed=manager.nb)

    def _value(self, client: _Client) -> Any:
        if self._spec.is_python:
            return crossing.read_value(self._folder)
        cells = self._run.log.cells()
        return foreign.shown_value(cells[-1]) if client.returned and cells else None


class _Client(PapermillNotebookClient):  # type: ignore[misc]  # papermill ships no types
    """papermill's client, which also leaves out cells, binds values and bounds the output."""

    def __init__(
        self,
        manager: NotebookExecutionManager,
        *,
        run: Run,
        spec: Kernelspec,
        folder: str,
        prologue: str | None,
        **options: Any,
    ) -> None:
        super().__init__(manager, **options)
        self._run = run
        self._request = run.request
        self._spec = spec
        self._folder = folder
        self._prologue = prologue
        self._text_room_bytes = self._rich_room_bytes = run.request.output_size_bytes
        self.dropped_bytes = 0
        self._exits = False
        self.returned = False

    def create_kernel_manager(self) -> Any:
        """Make a manager whose sockets lie in our folder where the kernel can do that."""
        manager = super().create_kernel_manager()
        use_private_sockets(manager, self._spec, self._folder)
        return manager

    def papermill_execute_cells(self) -> None:
        """Run the cells that a function runs."""
        self.on_cell_executed = self._after_cell
        if self._prologue:
            self._prepare(self._prologue)
        steps = deque(self._request.steps)
        for index, cell in enumerate(self.nb.cells):
            if not _runs(cell, self._request):
                continue
            if INJECTED in cell.metadata.tags:
                self._inject(index, cell)
            elif not self._run_step(index, cell, steps.popleft()):
                break
            if not steps:
                break

    def process_message(self, message: Any, cell: Any, cell_index: int) -> Any:
        """Take a message unless the run has printed too much already."""
        kind, content = message["msg_type"], message["content"]
        if said_in(content) is not None:  # it would fill the room of what is kept
            self._run.feed(kind, content)
            return None
        if not self._is_left(kind, content):
            return None
        self._run.feed(kind, content)
        return super().process_message(message, cell, cell_index)

    def kill(self) -> None:
        """Interrupt the kernel and, after a moment, end it. Safe from any thread."""
        provisioner = getattr(self.km, "provisioner", None)
        process = getattr(provisioner, "process", None)
        if process is None:
            return
        with suppress(ProcessLookupError):
            os.kill(process.pid, signal.SIGINT)
        timer = threading.Timer(GRACE_S, self._kill, [process.pid])
        timer.daemon = True
        timer.start()

    def _kill(self, pid: int) -> None:
        if self.km is not None and self.km.has_kernel:
            with suppress(ProcessLookupError):
                os.killpg(pid, signal.SIGKILL)

    def _is_left(self, kind: str, content: dict[str, Any]) -> bool:
        """Cut what a message shows to what may be kept; return whether anything is left."""
        match kind:
            case "stream":
                content["text"], dropped_bytes = cut(content["text"], self._text_room_bytes)
                self._text_room_bytes -= size_bytes(content["text"])
                is_left = bool(content["text"]) or not dropped_bytes
            case "display_data" | "execute_result" | "update_display_data":
                size = rich_size_bytes(content)
                is_left = size <= self._rich_room_bytes
                self._rich_room_bytes -= size if is_left else 0
                dropped_bytes = 0 if is_left else size
            case "error":
                room_bytes = max(self._rich_room_bytes, ERROR_BYTES)
                content["evalue"], content["traceback"], dropped_bytes = cut_error(
                    content["evalue"], content["traceback"], room_bytes
                )
                is_left = True
            case _:
                return True
        self.dropped_bytes += dropped_bytes
        return is_left

    def _prepare(self, prologue: str) -> None:
        sent = self.kc.execute(prologue, silent=True, store_history=False)
        reply = self.wait_for_reply(sent)["content"]
        if reply["status"] == "error":
            raise unloadable(self._request, reply["ename"], reply["evalue"])

    def _inject(self, index: int, cell: Any) -> None:
        """Run papermill's own cell of parameters."""
        raised = self._raised_by(index, cell)
        if raised:
            raise foreign.refused(self._request, raised)

    def _run_step(self, index: int, cell: Any, step: Cell) -> bool:
        """Run a cell of the notebook; return whether the next one is to run."""
        interruption = self._run.interruption()
        if interruption:
            raise interruption
        self._run.begin(step)
        error = self._raised_by(index, cell)
        duration_s = cell.metadata.papermill.get("duration")
        goes_on = self._run.end(error, exits=self._exits, duration_s=duration_s)
        self.returned = step is self._request.notebook.return_cell and error is None
        return goes_on

    def _raised_by(self, index: int, cell: Any) -> RaisedError | None:
        """Run a cell; return what it raised."""
        raised = None
        self.nb_man.cell_start(cell, index)
        try:
            self.execute_cell(cell, index)
        except CellExecutionError as error:
            ename = error.ename or "Error"
            raised = RaisedError(ename=ename, evalue=error.evalue, traceback=_traceback(cell))
            raised = None if raised.is_of_display else raised
            if raised and not raised.is_early_end:
                self.nb_man.cell_exception(cell, cell_index=index, exception=error)
        finally:
            self.nb_man.cell_complete(cell, cell_index=index)
        return raised or _early_end(cell)

    async def _after_cell(
        self, cell: Any, cell_index: int, execute_reply: Mapping[str, Any]
    ) -> None:
        payload = execute_reply["content"].get("payload", ())
        self._exits = any(part.get("source") == "ask_exit" for part in payload)
        channel = self.kc.iopub_channel
        while not self._spec.is_python and await channel.socket.poll(_QUIET_MS):
            message = await channel.get_msg()  # deno's kernel says idle before its last outputs
            if message["parent_header"].get("msg_id") == execute_reply["parent_header"]["msg_id"]:
                self.process_message(message, cell, cell_index)


def _prepared(request: RunRequest, spec: Kernelspec) -> Any:
    """Do what papermill does to a notebook before its first cell runs."""
    import nbformat

    notebook, values = request.notebook, request.values
    document = _completed(notebook.document)
    by_papermill = is_known_to_papermill(notebook)
    if values and not by_papermill:
        inject_parameters(document, notebook, values)
    with quietly():  # nbformat warns of cells without ids, and gives them some
        node = load_notebook_node(nbformat.from_dict(document))
    if values and by_papermill:
        language = papermill_language(notebook)
        spelled = spelled_values(values)
        node = parameterize_notebook(node, spelled, kernel_name=spec.name, language=language)
    node = prepare_notebook_metadata(node, notebook.path, None)
    return remove_error_markers(node)


def _completed(document: Mapping[str, Any]) -> dict[str, Any]:
    """Copy a notebook's JSON, with what nbformat demands and one written by hand may lack."""
    whole: dict[str, Any] = {"nbformat": 4, "nbformat_minor": 5, "metadata": {}}
    whole |= copy.deepcopy(dict(document))
    for cell in whole["cells"]:
        cell.setdefault("metadata", {})
        if cell["cell_type"] == "code":
            cell.setdefault("outputs", [])
            cell.setdefault("execution_count", None)
    return whole


def _runs(cell: Any, request: RunRequest) -> bool:
    """Whether a cell of papermill's notebook runs when the notebook is a function."""
    tags = set(cell.metadata.get("tags", ()))
    left_out = {SKIP, OVERRIDE} if request.values else {SKIP, INJECTED}
    return bool(cell.cell_type == "code" and cell.source.strip() and not tags & left_out)


def _place_of_injected(node: Any, request: RunRequest) -> int | None:
    """Return the place of papermill's cell of parameters among the cells that run."""
    running = [cell for cell in node.cells if _runs(cell, request)]
    places = (i for i, cell in enumerate(running) if INJECTED in cell.metadata.get("tags", ()))
    return next(places, None)


def _early_end(cell: Any) -> RaisedError | None:
    """Return the `sys.exit(0)` that a cell raised, also where it may raise."""
    for output in cell.outputs:
        if output["output_type"] == "error":
            error = RaisedError(ename=output["ename"], evalue=output["evalue"])
            if error.is_early_end:
                return error
    return None


def _traceback(cell: Any) -> tuple[str, ...]:
    errors = [output for output in cell.outputs if output["output_type"] == "error"]
    return tuple(errors[-1]["traceback"]) if errors else ()
