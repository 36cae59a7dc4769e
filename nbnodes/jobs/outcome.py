"""How a run ended becomes what its Job ends as: fields of a Job."""

from __future__ import annotations

from concurrent.futures import CancelledError, Future
from typing import Any

from nbnodes.errors import RunCancelledError
from nbnodes.result import CellError, Failure, Result

_LONGEST_TEXT = 10_000  # characters; an exception's message may be a whole table
_MOST_LINES = 200
_AGAIN = "submit it again, with a new idempotency key if it had one"


def outcome(future: Future[Result], *, is_cancelled: bool) -> tuple[dict[str, Any], Result | None]:
    """Return what a Job ends as, and its Result, if it has one.

    Args:
        future: The run, which has ended.
        is_cancelled: Whether the Job was to be cancelled.
    """
    try:
        result = future.result(timeout=0)
    except (CancelledError, RunCancelledError):
        return (cancelled() if is_cancelled else stopped()), None
    except BaseException as error:  # noqa: BLE001  # whatever ended the run is the Job's to tell
        return {"state": "failed", "error": _machine(error)}, None
    fields = {"key": result.key, "cached": result.cached}
    if isinstance(result, Failure):
        return fields | {"state": "failed", "error": _notebook(result.error)}, result
    return fields | {"state": "done", "has_value": result.value is not None}, result


def cancelled() -> dict[str, Any]:
    """Return what a Job ends as that somebody cancelled."""
    return {"state": "cancelled", "error": {"kind": "cancelled", "reason": "it was cancelled"}}


def stopped() -> dict[str, Any]:
    """Return what a Job ends as whose run was stopped, though nobody cancelled the Job."""
    return _lost(f"its run was stopped by the server; {_AGAIN}")


def lost(*, was_running: bool) -> dict[str, Any]:
    """Return what a Job ends as whose server has ended."""
    if not was_running:
        return _lost(f"the server ended before it began; {_AGAIN}")
    kept = "what was computed by then is in the cache"
    return _lost(f"the server ended while it ran; {_AGAIN}: {kept}")


def _lost(reason: str) -> dict[str, Any]:
    return {"state": "lost", "error": {"kind": "lost", "reason": reason}}


def _notebook(error: CellError) -> dict[str, Any]:
    return {
        "kind": "notebook",
        "reason": _short(str(error)),
        "ename": error.ename,
        "evalue": _short(error.evalue),
        "cell_index": error.cell_index,
        "tags": list(error.tags),
        "traceback": [_short(line) for line in error.traceback[-_MOST_LINES:]],
    }


def _machine(error: BaseException) -> dict[str, Any]:
    text, name = _short(str(error)), type(error).__name__
    return {"kind": "machine", "reason": text or name, "ename": name, "evalue": text}


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST_TEXT else f"{text[:_LONGEST_TEXT]}…"
