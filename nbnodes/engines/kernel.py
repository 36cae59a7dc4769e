"""The `kernel` engine: a Jupyter kernel of the notebook's own language, started for one run."""

from __future__ import annotations

from nbnodes.engines import crossing, foreign
from nbnodes.engines.engine import RunRequest
from nbnodes.engines.kernel_process import KernelProcess, open_kernel
from nbnodes.engines.kernelspec import Kernelspec, find_kernelspec
from nbnodes.engines.raised import RaisedError
from nbnodes.engines.run import Run
from nbnodes.errors import KernelDiedError, ParameterError
from nbnodes.notebook.document import PARAMETERS, Cell
from nbnodes.notebook.translation import parameters_code
from nbnodes.result import Result


class KernelEngine:
    """Runs notebooks of any language, each in a process of its own.

    See `nbnodes.engines.engine.Engine`.
    """

    name = "kernel"

    def run(self, request: RunRequest, /) -> Result:
        """Run the notebook; see `Engine.run`.

        Raises:
            EngineError: No kernel, a dead one, out of time, cancelled.
            ParameterError: If a value cannot be sent to the kernel; nothing has run then.
        """
        spec = find_kernelspec(request.notebook)
        run = _PythonRun if spec.is_python else _ForeignRun
        with open_kernel(spec, cwd=request.folder, interruption=request.interruption) as kernel:
            return run(request, spec, kernel).result()

    def close(self) -> None:
        """Hold nothing, so give back nothing."""


class _PythonRun:
    """One run on a live kernel; for Python, values travel beside the code."""

    def __init__(self, request: RunRequest, spec: Kernelspec, kernel: KernelProcess) -> None:
        self._request = request
        self._spec = spec
        self._kernel = kernel
        self._run = Run(request, KernelEngine.name)

    def result(self) -> Result:
        """Run the cells."""
        self._prepare()
        self._kernel.interruption = self._run.interruption
        for cell in self._request.steps:
            error, exits = self._run_cell(cell)
            if not self._run.end(error, exits=exits):
                break
        return self._run.result(self._value())

    def _run_cell(self, cell: Cell) -> tuple[RaisedError | None, bool]:
        self._run.begin(cell)
        try:
            outcome = self._kernel.execute(cell.source, self._run.feed)
            if PARAMETERS in cell.tags:
                self._after_parameters()
        except KernelDiedError as error:
            raise KernelDiedError(f"{self._run.where}: {error}") from None
        return outcome

    def _prepare(self) -> None:
        crossing.write_values(self._request, self._kernel.folder)
        code = crossing.prologue(self._kernel.folder, crossing.cell_roles(self._request.steps))
        error, _ = self._kernel.execute(code, silent=True)
        if error:
            raise crossing.unloadable(self._request, error.ename, error.evalue)

    def _after_parameters(self) -> None:
        """Do nothing: the cell's own assignments were replaced."""

    def _value(self) -> object:
        return crossing.read_value(self._kernel.folder)


class _ForeignRun(_PythonRun):
    """One run in another language: parameters are set by code, after each `parameters` cell."""

    def _prepare(self) -> None:
        if not self._request.notebook.parameters_cells:
            self._after_parameters()

    def _after_parameters(self) -> None:
        if not self._request.values:
            return
        notebook = self._request.notebook
        try:
            code = parameters_code(notebook, self._request.values, self._spec.name)
        except ValueError as error:
            raise ParameterError(notebook.name, [str(error)]) from error
        raised, _ = self._kernel.execute(code, silent=True)
        if raised:
            raise foreign.refused(self._request, raised)

    def _value(self) -> object:
        cells = self._run.log.cells()
        reached = len(cells) == len(self._request.steps)
        has_return = self._request.notebook.return_cell is not None
        return foreign.shown_value(cells[-1]) if has_return and reached and cells else None
