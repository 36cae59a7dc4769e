"""What a server tells becomes a Result or an error of ours: its values, its problems, its jobs."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from nbnodes import errors
from nbnodes.errors import (
    EngineError,
    FormatError,
    IdempotencyError,
    KernelDiedError,
    NbnodesError,
    NotBegunError,
    ParameterError,
    RunCancelledError,
    RunTimeoutError,
    ServerError,
    UsageError,
)
from nbnodes.formats.types import restored
from nbnodes.result import CacheKey, CallError, CellError, Failure, Result, Success

_KINDS: Mapping[str, type[NbnodesError]] = {
    "another-call": IdempotencyError,
    "no-process": NotBegunError,
    "no-such-format": FormatError,
    "not-acceptable": FormatError,
    "not-in-this-format": FormatError,
    "out-of-time": RunTimeoutError,
    "stopped": RunCancelledError,
    "the-machine-failed": EngineError,
    "the-notebook-ended-its-process": KernelDiedError,
}
"""For each kind of problem, by the end of its `type`, its error here."""

_DURATION = re.compile(r"run;dur=([0-9.]+)")
_FAILED = "the-notebook-failed"
_TOKEN = "give the server's token: connect(url, token=...)"  # noqa: S105  # says how, is none


def success_of(told: Mapping[str, Any]) -> Success:
    """Read what a run gave."""
    value = restored(told["value"], told.get("type", ""), told.get("dtypes"))
    return Success(
        name=told["model"],
        engine="",
        value=value,
        cached=told["cached"],
        duration_s=told["duration_s"],
        key=told.get("key"),
    )


def success_of_table(body: bytes, headers: Mapping[str, str], name: str) -> Success:
    """Read a table that came as an Arrow stream: pandas' own comes back as that, else records."""
    import pyarrow as pa

    with pa.ipc.open_stream(body) as stream:
        table = stream.read_all()
    is_frame = b"pandas" in (table.schema.metadata or {})
    found = _DURATION.search(headers.get("server-timing", ""))
    key = headers.get("etag", "").strip('"').removesuffix(".arrow")
    return Success(
        name=name,
        engine="",
        value=table.to_pandas() if is_frame else table.to_pylist(),
        cached=headers.get("x-cache") == "hit",
        duration_s=float(found[1]) / 1000 if found else 0.0,
        key=CacheKey(key) if key else None,
    )


def problem_outcome(problem: Mapping[str, Any], name: str) -> Failure | NbnodesError:
    """Read a problem: a Failure where the notebook is what failed, else an error.

    Args:
        problem: What the server said.
        name: What was called.
    """
    kind = str(problem.get("type", "")).rpartition(":")[2]
    if kind == _FAILED:
        return failure_of(problem, str(problem.get("notebook", name)))
    if problem.get("status") == 422:  # noqa: PLR2004
        listed = [_wrong(one) for one in problem.get("errors", ())]
        return ParameterError(name, listed or [_text(problem)])
    return _KINDS[kind](_text(problem)) if kind in _KINDS else _other(problem)


def failure_of(told: Mapping[str, Any], name: str) -> Failure:
    """Read how a notebook failed, as a problem or a job tells it."""
    ename, evalue = str(told.get("ename", "")), str(told.get("evalue", ""))
    index = told.get("cell_index")
    if index is None:
        return Failure(name=name, engine="", error=CallError(ename=ename, evalue=evalue))
    where = [f"cell {index + 1}, line {told['line']}: {told['source']}"] if "line" in told else []
    lines = told.get("traceback") or (*where, f"{ename}: {evalue}")
    tags = tuple(told.get("tags", ()))
    error = CellError(
        ename=ename, evalue=evalue, traceback=tuple(lines), cell_index=index, tags=tags
    )
    return Failure(name=name, engine="", error=error)


def ended_badly(end: Mapping[str, Any], name: str) -> Failure | NbnodesError:
    """Read how a job ended that has no value: what its last event says."""
    error = end.get("error") or {}
    reason = f"{name}: {error.get('reason') or end.get('state')}"
    match error.get("kind"):
        case "notebook":
            return failure_of(error, name)
        case "cancelled":
            return RunCancelledError(reason)
        case "machine":
            kind = getattr(errors, str(error.get("ename")), EngineError)
            is_plain = isinstance(kind, type) and issubclass(kind, EngineError)
            return (kind if is_plain else EngineError)(reason)
        case _:
            return ServerError(reason)


def or_raised(outcome: Result | NbnodesError) -> Result:
    """Return a Result; raise an error."""
    if isinstance(outcome, NbnodesError):
        raise outcome
    return outcome


def _other(problem: Mapping[str, Any]) -> NbnodesError:
    status, text = int(problem.get("status", 500)), _text(problem)
    if status in (401, 403):
        return ServerError(f"{text}; {_TOKEN}", status)
    if 400 <= status < 500 and status != 429:  # noqa: PLR2004
        return UsageError(text)
    return ServerError(text, status)


def _text(problem: Mapping[str, Any]) -> str:
    said = str(problem.get("detail") or problem.get("title") or "")
    return f"the server refused ({problem.get('status')}): {said}" if said else "the server refused"


def _wrong(one: Mapping[str, Any]) -> str:
    name, detail = str(one.get("parameter", "")), str(one.get("detail", ""))
    return detail if name in ("", detail) else f"{name}: {detail}"
