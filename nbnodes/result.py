"""A run's outcome, as a value: Result = Success | Failure, with outputs and timings."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, NewType, TypeAlias

from nbnodes.errors import RunFailedError

Output: TypeAlias = Mapping[str, Any]
"""One output of a cell, as nbformat 4 stores it (`output_type`, …)."""

CacheKey = NewType("CacheKey", str)
"""Names a run: equal keys, equal Results."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CellRun:
    """What one executed code cell left behind.

    Attributes:
        ordinal: Its place among the cells that run (0 is the first); stays the same when markdown
            or `skip` cells are added, which a position in the file does not.
        outputs: Its outputs, in nbformat 4's form.
        duration_s: Wall time in seconds.
    """

    ordinal: int
    outputs: tuple[Output, ...] = ()
    duration_s: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class CellError:
    """The exception that ended a notebook.

    Attributes:
        ename: The exception's class name.
        evalue: Its message.
        traceback: Its lines as the kernel drew them, ANSI colours included.
        cell_index: The failing cell's position in the file, counted from 0.
        tags: That cell's tags.
    """

    ename: str
    evalue: str
    traceback: tuple[str, ...] = ()
    cell_index: int
    tags: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"cell {self.cell_index + 1}: {self.ename}: {self.evalue}"


@dataclass(frozen=True, slots=True, kw_only=True)
class CallError(CellError):
    """The exception that ended a function, which has no cells."""

    cell_index: int = 0

    def __str__(self) -> str:
        return f"{self.ename}: {self.evalue}"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Run:
    """What Success and Failure share.

    Attributes:
        name: The notebook's name.
        engine: Name of the engine that ran it.
        cells: The cells that ran, in order.
        duration_s: Wall time of the run in seconds (of the original run, when cached).
        key: The cache key; None where the run has none.
        cached: Whether the cache gave the Result.
        executed: The executed notebook as the engine itself made it, nbformat JSON; None for most.
        document: Makes the executed notebook as nbformat JSON from this Result.
    """

    name: str
    engine: str
    cells: tuple[CellRun, ...] = field(default=(), repr=False)
    duration_s: float = 0.0
    key: CacheKey | None = None
    cached: bool = False
    executed: Mapping[str, Any] | None = field(default=None, repr=False)
    document: Callable[[Any], dict[str, Any]] | None = field(
        default=None, repr=False, compare=False
    )

    @property
    def outputs(self) -> tuple[Output, ...]:
        """All outputs, in order."""
        return tuple(output for cell in self.cells for output in cell.outputs)

    @property
    def stdout(self) -> str:
        """Everything printed."""
        return self._stream("stdout")

    @property
    def stderr(self) -> str:
        """Everything written to stderr."""
        return self._stream("stderr")

    @property
    def notebook(self) -> Any:
        """The executed notebook (nbformat `NotebookNode`), parameters injected as papermill does.

        Raises:
            LookupError: As `notebook_json`.
        """
        import nbformat

        return nbformat.from_dict(self.notebook_json())

    def notebook_json(self) -> dict[str, Any]:
        """Return the executed notebook as plain nbformat 4 JSON.

        Raises:
            LookupError: If the Result was made without its notebook.
        """
        if self.executed is not None:
            return dict(self.executed)
        if self.document is None:
            raise LookupError(f"this Result of {self.name} does not carry its notebook")
        return self.document(self)

    def _stream(self, name: Literal["stdout", "stderr"]) -> str:
        streams = (out for out in self.outputs if out["output_type"] == "stream")
        return "".join(out["text"] for out in streams if out["name"] == name)


@dataclass(frozen=True, slots=True, kw_only=True)
class Success(_Run):
    """The notebook ran to its end, or to its `return` cell.

    Attributes:
        value: What the first `return` cell evaluates to; None without one.
    """

    value: Any = None

    @property
    def ok(self) -> Literal[True]:
        """True."""
        return True

    def unwrap(self) -> Any:
        """Return the value."""
        return self.value

    @property
    def displayed_value(self) -> Output | None:
        """The output by which the `return` cell showed its value; None if it shows nothing."""
        for output in reversed(self.cells[-1].outputs if self.cells else ()):
            if output["output_type"] == "execute_result":
                return output
        return None

    def _repr_mimebundle_(self, **_: object) -> tuple[dict[str, Any], dict[str, Any]]:
        """Show the value as the `return` cell showed it (Jupyter's display protocol)."""
        output = self.displayed_value
        if output is None:
            return {"text/plain": repr(self.value)}, {}
        return dict(output["data"]), dict(output.get("metadata", {}))


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure(_Run):
    """A cell raised.

    Attributes:
        error: The exception, and where it happened.
    """

    error: CellError

    @property
    def ok(self) -> Literal[False]:
        """False."""
        return False

    def unwrap(self) -> Any:
        """Raise the failure.

        Raises:
            RunFailedError: Always.
        """
        raise RunFailedError(self, f"{self.name}, {self.error}")

    def _repr_mimebundle_(self, **_: object) -> tuple[dict[str, Any], dict[str, Any]]:
        return {"text/plain": "\n".join(self.error.traceback) or str(self.error)}, {}


Result: TypeAlias = Success | Failure
