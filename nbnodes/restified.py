"""notebook_restified's names, as thin ones over Model: PythonModel, KernelModel, execute_notebook.

Unlike there, values are objects in both, calls do not see each other, and a cell that fails raises.
"""

from __future__ import annotations

import io
import sys
from collections.abc import Mapping
from contextlib import AbstractContextManager
from typing import Any

from nbnodes.notebook.reader import Source
from nbnodes.result import Result
from nbnodes.scheduler.options import RunOptions
from nbnodes.session import Model


class _RestifiedModel:
    """What both share.

    Args:
        source: A path or a `NotebookNode`.
        out_stream: Where printed text goes: a text stream, an ipywidgets `Output`, or any context
            manager that captures `sys.stdout`; None drops it.
    """

    _engine = ""

    def __init__(
        self, source: Source, out_stream: AbstractContextManager[Any] | None = None
    ) -> None:
        self.model = Model(source)
        self.out_stream = out_stream

    def execute(
        self,
        params: Mapping[str, Any] | None = None,
        *,
        globals: Mapping[str, Any] | None = None,  # noqa: A002  # the option's name everywhere
        as_repr: bool = False,
    ) -> Any:
        """Run the notebook and return its value.

        Args:
            params: Parameters by name.
            globals: Names shared with the notebook (PythonModel only).
            as_repr: Whether to return the text that the `return` cell shows, as the original
                KernelModel does, instead of the value.

        Raises:
            RunFailedError: If a cell raised.
            ParameterError: For wrong parameters; nothing has run then.
        """
        options = RunOptions(engine=self._engine, globals=globals, cache=False)
        result = self.model.session.run(self.model, params or {}, options)
        self._print(result)
        value = result.unwrap()
        return _shown_text(result) if as_repr else value

    def _print(self, result: Result) -> None:
        if self.out_stream is None:
            return
        if isinstance(self.out_stream, io.IOBase):  # as a context manager it would close itself
            self.out_stream.write(result.stdout)
            return
        with self.out_stream:
            sys.stdout.write(result.stdout)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.model.name}>"


class PythonModel(_RestifiedModel):
    """Runs in this interpreter, where names can be shared."""

    _engine = "inprocess"


class KernelModel(_RestifiedModel):
    """Runs in a kernel of the notebook's language."""

    _engine = "kernel"


def execute_notebook(source: Source, params: Mapping[str, Any] | None = None) -> Any:
    """Run a notebook as a function of `params` and return its value; a stored one will do.

    Raises:
        RunFailedError: If a cell raised.
    """
    return Model(source)(**(params or {}))


def _shown_text(result: Result) -> str | None:
    """Return the plain text of what the last cell showed last."""
    shown = [output for output in result.outputs if output["output_type"] == "execute_result"]
    return shown[-1]["data"].get("text/plain") if shown else None
