"""A notebook's cells go to a live kernel; what comes back becomes a Result."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping
from typing import Any

from nbnodes.engines.engine import RunRequest
from nbnodes.engines.kernels import crossing, foreign
from nbnodes.engines.kernels.channels import Outcome
from nbnodes.engines.kernels.process import KernelProcess
from nbnodes.engines.run import Run
from nbnodes.errors import EngineError, KernelDiedError, NotBegunError, ParameterError
from nbnodes.notebook.document import PARAMETERS, RAISES, Cell
from nbnodes.notebook.translation import parameters_code
from nbnodes.result import Result

_REFUSED = "InputRejected"  # what the kernel's side raises for a cell that is not to run
_MOST_AHEAD = 100  # ZeroMQ blocks a sender at a thousand


class _Cells:
    """One run on a live kernel.

    Args:
        request: What to run.
        kernel: Where.
        engine: The engine's name.
    """

    def __init__(self, request: RunRequest, kernel: KernelProcess, engine: str) -> None:
        self._request = request
        self._kernel = kernel
        self._run = Run(request, engine)


class PythonCells(_Cells):
    """One run on a live kernel of Python: all cells are sent at once, values travel beside them."""

    def result(self) -> Result:
        """Run the cells.

        Raises:
            NotBegunError: If the kernel died before the first cell.
            EngineError: If it died, or the run was interrupted.
            ParameterError: If the values could not be sent.
        """
        crossing.write_job(self._request, self._kernel.folder)
        try:
            for cell, sent in _Ahead(self._request.steps, self._kernel):
                self._run.begin(cell)
                error, exits = self._outcome(sent)
                if not self._run.end(error, exits=exits):
                    break
        except KernelDiedError as error:
            raise self._death(error) from None
        return self._run.result(crossing.read_value(self._kernel.folder))

    def _outcome(self, sent: str) -> Outcome:
        error, exits = self._kernel.channels.outcome(sent, self, self._feed)
        if error and error.ename == _REFUSED:
            refusal = crossing.refusal(self._request, self._kernel.folder)
            if refusal:
                raise refusal
        return error, exits

    def _feed(self, kind: str, content: Mapping[str, Any]) -> None:
        if kind != "error" or content["ename"] != _REFUSED:
            self._run.feed(kind, content)

    @property
    def remaining_s(self) -> float | None:
        """Seconds until the run or its cell is out of time; see `Run.remaining_s`."""
        return self._run.remaining_s

    def interruption(self) -> EngineError | None:
        """Return why the run must stop now; None while it may go on."""
        error = self._run.interruption()
        if error:
            crossing.end_run(self._kernel.folder)
            self._catch_up()
            return self._run.interruption() or error
        return None

    def _death(self, error: KernelDiedError) -> KernelDiedError:
        self._catch_up()
        kind = NotBegunError if not self._begun_count() else KernelDiedError
        return kind(f"{self._run.where}: {error}")

    def _catch_up(self) -> None:
        """Have the run be in the cell that began last, though messages of others are on their way.

        What a killed kernel had not sent yet went with it.
        """
        known = -1 if self._run.cell is None else self._request.steps.index(self._run.cell)
        for cell in self._request.steps[known + 1 : self._begun_count()]:
            if self._run.cell is not None:
                self._run.end(None)
            self._run.begin(cell)

    def _begun_count(self) -> int:
        return crossing.begun_count(self._kernel.folder)


class ForeignCells(_Cells):
    """One run on a live kernel of another language, cell by cell.

    Parameters are set by code, after each `parameters` cell. Of such kernels few refuse what was
    sent before an error.
    """

    def result(self) -> Result:
        """Run the cells; see `PythonCells.result`."""
        try:
            if not self._request.notebook.parameters_cells:
                self._set_parameters()
            for cell in self._request.steps:
                if not self._runs_on(cell):
                    break
        except KernelDiedError as error:
            kind = NotBegunError if self._run.cell is None else KernelDiedError
            raise kind(f"{self._run.where}: {error}") from None
        return self._run.result(self._value())

    def _runs_on(self, cell: Cell) -> bool:
        """Run a cell; return whether the next one is to run."""
        self._run.begin(cell)
        channels = self._kernel.channels
        error, exits = channels.outcome(channels.send(cell.source), self._run, self._run.feed)
        if PARAMETERS in cell.tags:
            self._set_parameters()
        return self._run.end(error, exits=exits)

    def _set_parameters(self) -> None:
        if not self._request.values:
            return
        notebook, channels = self._request.notebook, self._kernel.channels
        try:
            code = parameters_code(notebook, self._request.values, self._kernel.spec.name)
        except ValueError as error:
            raise ParameterError(notebook.name, [str(error)]) from error
        raised, _ = channels.outcome(channels.send(code, silent=True), self._run)
        if raised:
            raise foreign.refused(self._request, raised)

    def _value(self) -> Any:
        cells = self._run.log.cells()
        reached = len(cells) == len(self._request.steps)
        has_return = self._request.notebook.return_cell is not None
        return foreign.shown_value(cells[-1]) if has_return and reached and cells else None


class _Ahead:
    """Cells that are sent while others before them run; yields each with its request's number.

    Nothing is sent past a cell that may raise: were it interrupted, the next one would begin.
    """

    def __init__(self, cells: tuple[Cell, ...], kernel: KernelProcess) -> None:
        self._left = deque(cells)
        self._sent: deque[tuple[Cell, str]] = deque()
        self._kernel = kernel
        # xeus-python mixes up the replies of what is sent together
        self._most = _MOST_AHEAD if kernel.spec.is_ipykernel else 1
        self._fill()

    def __iter__(self) -> Iterator[tuple[Cell, str]]:
        while self._sent:
            yield self._sent.popleft()
            self._fill()

    def _fill(self) -> None:
        while self._left and len(self._sent) < self._most:
            if self._sent and RAISES in self._sent[-1][0].tags:
                return
            cell = self._left.popleft()
            self._sent.append((cell, self._kernel.channels.send(cell.source)))
