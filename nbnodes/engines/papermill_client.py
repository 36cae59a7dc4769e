"""papermill's client without a kernel: what a run shows is written as papermill writes it."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any

from nbclient.exceptions import (  # noqa: TID253  # this module is imported lazily
    CellExecutionComplete,
)
from nbformat import NotebookNode  # noqa: TID253
from papermill.clientwrap import PapermillNotebookClient  # noqa: TID253
from papermill.log import logger  # noqa: TID253

from nbnodes.notebook.document import RAISES

_RUN = "run"  # the one request that all messages answer
_PASSED_ON = {
    "allow_errors",
    "force_raise_errors",
    "log_output",
    "record_timing",
    "skip_cells_with_tag",
    "stderr_file",
    "stdout_file",
}


def told_client(manager: Any, kernel_name: str, options: Mapping[str, Any]) -> ToldClient:
    """Make the client of a run.

    Args:
        manager: papermill's NotebookExecutionManager.
        kernel_name: The kernel's name.
        options: Those of papermill's own engine.
    """
    chosen = {name: options[name] for name in _PASSED_ON & options.keys()}
    timeout = options.get("execution_timeout") or options.get("timeout")
    return ToldClient(manager, kernel_name=kernel_name, timeout=timeout, log=logger, **chosen)


class ToldClient(PapermillNotebookClient):  # type: ignore[misc]  # papermill ships no types
    """papermill's client, which is told what a kernel would have sent.

    Outputs, display ids, logs and files are thus made by papermill's own code.
    """

    def __init__(self, manager: Any, **options: Any) -> None:
        super().__init__(manager, **options)
        self._stream: Any = None  # the output that more text may follow in
        self._pieces: list[str] = []  # that text; adding to one string is quadratic
        self._unlogged: list[str] = []

    @property
    def cell_timeout_s(self) -> int | None:
        """Seconds that each cell may take; None for no limit."""
        limit_s: int | None = self._get_timeout(None)
        return limit_s

    def runs(self, cell: Any) -> bool:
        """Whether papermill would send a cell to its kernel."""
        is_code = cell.cell_type == "code" and cell.source.strip()
        return bool(is_code and self.skip_cells_with_tag not in cell.metadata.get("tags", ()))

    def may_raise(self, cell: Any) -> bool:
        """Whether the notebook goes on after an error of this cell."""
        may = self.allow_errors or RAISES in cell.metadata.get("tags", ())
        return bool(may and not self.force_raise_errors)

    def begin(self, index: int, number: int) -> None:
        """Note that a cell runs, as the one of that number."""
        self.clear_before_next_output = False
        if self.record_timing:
            self.nb.cells[index].metadata["execution"] = {}
        self.tell(index, "status", {"execution_state": "busy"})
        self.tell(index, "execute_input", {"execution_count": number})

    def end(self, index: int) -> None:
        """Note that a cell has run."""
        self.tell(index, "status", {"execution_state": "idle"})
        if self.record_timing:
            execution = self.nb.cells[index].metadata.execution
            execution["shell.execute_reply"] = execution["iopub.status.idle"]

    def tell(self, index: int, kind: str, content: Mapping[str, Any]) -> None:
        """Take a message, its type and body, for the cell at that place."""
        if kind == "stream":
            text = content["text"]
            if self._stream is not None and self._stream.name == content["name"]:
                self._go_on(text)
                return
            content = {"name": content["name"], "text": text}
        self.settle()
        cell = self.nb.cells[index]
        output = self._processed(_message(kind, content, cell.execution_count), cell, index)
        if kind == "stream":
            self._stream = output

    def settle(self) -> None:
        """End the text that is being written."""
        if self._stream is not None:
            self._join()
            self._log_text(self._stream.name)
            self._stream = None

    def log_output_message(self, output: Any) -> None:
        """Log an output; text by the line, for `print` writes a line's end by itself."""
        if output.output_type == "stream":
            self._unlogged.append(output.text)
            if output.text.endswith("\n"):
                self._log_text(output.name)
        else:
            super().log_output_message(output)

    def describe_language(self, language_info: dict[str, Any]) -> None:
        """Write into the notebook what a kernel says of its language."""
        self.nb.metadata["language_info"] = language_info

    def _processed(self, message: dict[str, Any], cell: Any, index: int) -> Any:
        try:
            return self.process_message(message, cell, index)
        except CellExecutionComplete:  # what nbclient makes of `idle`
            return None

    def _go_on(self, text: str) -> None:
        self._pieces.append(text)
        if self.log_output or self.stdout_file or self.stderr_file:
            self.log_output_message(_stream(self._stream.name, text))
        manager = self.nb_man
        unsaved_s = (manager.now() - manager.last_save_time).total_seconds()
        if unsaved_s >= manager.autosave_cell_every:
            self._join()
            manager.autosave_cell()

    def _join(self) -> None:
        self._stream.text += "".join(self._pieces)
        self._pieces.clear()

    def _log_text(self, name: str) -> None:
        if self._unlogged:
            super().log_output_message(_stream(name, "".join(self._unlogged)))
            self._unlogged.clear()


def _message(kind: str, content: Mapping[str, Any], number: int | None) -> dict[str, Any]:
    """Make the whole of a message; its body gets what nbformat requires of an output."""
    filled: dict[str, Any] = {}
    if kind in ("display_data", "update_display_data", "execute_result"):
        filled["metadata"] = {}
    if kind == "execute_result":
        filled["execution_count"] = number
    return {
        "header": {"msg_type": kind, "date": datetime.datetime.now(datetime.UTC)},
        "msg_type": kind,
        "parent_header": {"msg_id": _RUN},
        "content": {**filled, **content},
    }


def _stream(name: str, text: str) -> Any:
    return NotebookNode(output_type="stream", name=name, text=text)
