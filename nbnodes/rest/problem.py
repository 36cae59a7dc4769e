"""What went wrong becomes a Problem: what RFC 9457 says that a client is told, and its status."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

from nbnodes.errors import (
    EngineError,
    FormatError,
    IdempotencyError,
    JobNotFoundError,
    KernelDiedError,
    NbnodesError,
    NotBegunError,
    ParameterError,
    RunCancelledError,
    RunTimeoutError,
    TooManyJobsError,
    UsageError,
)
from nbnodes.notebook.document import Notebook
from nbnodes.notebook.failing import bare, failing_line
from nbnodes.result import CallError, Failure

MEDIA_TYPE = "application/problem+json"
_LONGEST = 10_000  # characters of what a notebook says
_TOLD: Mapping[type[NbnodesError], tuple[int, str, int | None]] = {  # the narrower ones first
    FormatError: (406, "Not in this format", None),
    JobNotFoundError: (404, "Not found", None),
    IdempotencyError: (409, "Another call", None),
    TooManyJobsError: (503, "Busy", 5),
    RunTimeoutError: (504, "Out of time", None),
    RunCancelledError: (503, "Stopped", 1),
    NotBegunError: (503, "No process", 1),
    KernelDiedError: (424, "The notebook ended its process", None),
    UsageError: (400, "Wrong usage", None),
    EngineError: (500, "The machine failed", None),
    NbnodesError: (500, "The server failed", None),
}
"""For each error of ours: its status, its title, after which time to ask again (seconds)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """What a client is told (RFC 9457, https://www.rfc-editor.org/rfc/rfc9457).

    Attributes:
        status: The HTTP status.
        title: What kind of problem it is.
        detail: What happened here, and what to do.
        more: More members, by name.
        retry_after_s: After which time to ask again; None for nothing to say.
        headers: What the answer says besides.
    """

    status: int
    title: str
    detail: str = ""
    more: Mapping[str, Any] = field(default_factory=dict)
    retry_after_s: int | None = None
    headers: Mapping[str, str] = field(default_factory=dict)

    def body(self, instance: str = "") -> bytes:
        """Write it; `instance` is the address that was asked."""
        plain = {
            "type": f"urn:nbnodes:problem:{_slug(self.title)}",
            "title": self.title,
            "status": self.status,
            "detail": self.detail,
            **({"instance": instance} if instance else {}),
            **self.more,
        }
        return json.dumps(plain, ensure_ascii=True, default=str).encode()


class ProblemError(NbnodesError):
    """A Problem on its way to the client."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        super().__init__(f"{problem.status} {problem.title}: {problem.detail}")


def refused(status: int, title: str, detail: str, **more: Any) -> ProblemError:
    """Return the error that answers with such a Problem."""
    return ProblemError(Problem(status=status, title=title, detail=detail, more=more))


def about_parameters(error: ParameterError) -> Problem:
    """Tell of every wrong, unknown and missing parameter."""
    listed = []
    for problem in error.problems:
        name, separator, detail = problem.partition(": ")
        listed.append({"parameter": name, "detail": detail if separator else problem})
    return Problem(
        status=422,
        title="Wrong parameters",
        detail=f"{error.notebook}: {len(listed)} of the parameters cannot be taken as given",
        more={"errors": listed},
    )


def about_failure(failure: Failure, notebook: Notebook | None, *, debug: bool) -> Problem:
    """Tell of a notebook that failed: its cell, the line, what was raised.

    Args:
        failure: The Failure.
        notebook: The notebook, where the endpoint is its own.
        debug: Whether the traceback is told, which may show paths of this machine.
    """
    error = failure.error
    more: dict[str, Any] = {
        "notebook": failure.name,
        "ename": error.ename,
        "evalue": _shortened(error.evalue),
    }
    where = failure.name
    if not isinstance(error, CallError):
        where = f"{failure.name}, cell {error.cell_index + 1}"
        more |= {"cell_index": error.cell_index, "cell": error.cell_index + 1}
        line = failing_line(error, notebook) if notebook and notebook.name == failure.name else None
        if line is not None:
            more |= {"line": line.number, "source": line.source}
    if debug:
        more["traceback"] = [bare(line) for line in error.traceback]
    detail = f"{where}: {error.ename}: {_shortened(error.evalue)}"
    return Problem(status=424, title="The notebook failed", detail=detail, more=more)


def about_error(error: NbnodesError) -> Problem:
    """Tell of an error of ours."""
    if isinstance(error, ProblemError):
        return error.problem
    if isinstance(error, ParameterError):
        return about_parameters(error)
    kind = next(one for one in _TOLD if isinstance(error, one))
    status, title, retry_after_s = _TOLD[kind]
    text = _shortened(str(error))
    return Problem(status=status, title=title, detail=text, retry_after_s=retry_after_s)


def about_status(status: int, detail: str = "") -> Problem:
    """Tell of what tornado itself refuses."""
    try:
        title = HTTPStatus(status).phrase
    except ValueError:
        title = "Error"
    return Problem(status=status, title=title, detail=detail)


def _shortened(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"


def _slug(title: str) -> str:
    """Write a title as the end of a URN, which has no `?` (RFC 8141)."""
    return "-".join(re.findall(r"[a-z0-9]+", title.lower().replace("'", "")))
