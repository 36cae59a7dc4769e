"""What an engine gathered becomes a Result. The only place that makes one."""

from __future__ import annotations

import time
from dataclasses import dataclass
from functools import partial
from typing import Any

from nbnodes.engines.engine import RunRequest
from nbnodes.engines.outputs import ERROR_BYTES, OutputLog, cut_error
from nbnodes.notebook.document import RAISES, Cell
from nbnodes.notebook.executed import executed_document
from nbnodes.result import CellError, Failure, Result, Success


@dataclass(frozen=True, slots=True, kw_only=True)
class RaisedError:
    """An exception as a kernel reports it: `ename`, `evalue`, `traceback`."""

    ename: str
    evalue: str
    traceback: tuple[str, ...] = ()

    @property
    def is_of_display(self) -> bool:
        """Whether the code ended well, and only showing its value failed.

        ipykernel then replies with the name of no exception's type.
        """
        return self.ename == "NoneType"

    @property
    def is_early_end(self) -> bool:
        """Whether it is `sys.exit(0)`: the notebook ends here, and well."""
        return self.ename == "SystemExit" and self.evalue in ("", "0", "None")

    def ends(self, cell: Cell) -> bool:
        """Whether it ends the notebook when `cell` raised it."""
        return self.is_early_end or RAISES not in cell.tags


@dataclass(frozen=True, slots=True, kw_only=True)
class UntransferableValue:
    """Says why a `return` cell's value did not reach the caller.

    Attributes:
        type_name: The value's type.
        reason: What went wrong.
    """

    type_name: str
    reason: str


def success(request: RunRequest, engine: str, log: OutputLog, value: Any) -> Result:
    """Make the Result of a run that ended well; a value that did not arrive makes it a Failure."""
    if isinstance(value, UntransferableValue):
        text = (
            f"the value is a {value.type_name}, which cannot leave the kernel ({value.reason}); "
            "return plain data, or use engine='inprocess'"
        )
        cell = request.notebook.return_cell or request.steps[-1]
        return failure(
            request, engine, log, RaisedError(ename="UntransferableValue", evalue=text), cell
        )
    return Success(
        name=request.notebook.name,
        engine=engine,
        cells=log.cells(),
        duration_s=time.monotonic() - request.started_at,
        document=partial(executed_document, request.notebook, request.values),
        value=value,
    )


def failure(
    request: RunRequest, engine: str, log: OutputLog, error: RaisedError, cell: Cell
) -> Failure:
    """Make the Result of a run that a cell's exception ended."""
    room_bytes = max(request.output_size_bytes, ERROR_BYTES)
    evalue, traceback, _ = cut_error(error.evalue, error.traceback, room_bytes)
    return Failure(
        name=request.notebook.name,
        engine=engine,
        cells=log.cells(),
        duration_s=time.monotonic() - request.started_at,
        document=partial(executed_document, request.notebook, request.values),
        error=CellError(
            ename=error.ename,
            evalue=evalue,
            traceback=tuple(traceback),
            cell_index=cell.index,
            tags=cell.tags,
        ),
    )
