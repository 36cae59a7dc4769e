"""One server, as questions: what it answers is read, waited for where it is busy, and followed."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from http.client import HTTPResponse
from typing import Any

from nbnodes.client.connections import Connections, Request
from nbnodes.client.told import ended_badly, or_raised, problem_outcome, success_of
from nbnodes.engines.engine import CancelToken, Progress
from nbnodes.engines.said import Said
from nbnodes.errors import (
    JobNotFoundError,
    NbnodesError,
    RunCancelledError,
    ServerError,
)
from nbnodes.formats.jsonable import json_value
from nbnodes.result import Result

_BUSY = (429, 503)
_FIRST_WAIT_S, _LONGEST_WAIT_S = 0.1, 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What a server answered.

    Attributes:
        status: HTTP's.
        headers: By name in lower case.
        body: All of it.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def is_good(self) -> bool:
        """Whether it is no problem."""
        return self.status < 400  # noqa: PLR2004

    def told(self) -> dict[str, Any]:
        """Read what it says; of what is no JSON object, its status."""
        try:
            found = json_value(self.body)
        except ValueError:
            found = None
        if isinstance(found, dict):
            return found
        return {"status": self.status, "detail": self.body[:500].decode(errors="replace")}


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """What a server tells of a job.

    Attributes:
        number: Its own, from 1.
        kind: What kind it is; see `nbnodes.jobs.job.JobEvent`.
        data: What it says.
    """

    number: int
    kind: str
    data: Mapping[str, Any]


class Server:
    """A server. Safe from several threads.

    Args:
        connections: Lead to it.
        timeout_s: For how long it may be busy, or away while a job is followed.
    """

    def __init__(self, connections: Connections, timeout_s: float) -> None:
        self.connections = connections
        self.timeout_s = timeout_s

    def ask(self, request: Request, cancel: CancelToken | None = None) -> Reply:
        """Ask; where the server is busy, again when it says so.

        Raises:
            ServerError: If nobody answers.
            RunCancelledError: If it was cancelled.
        """
        give_up_at = time.monotonic() + self.timeout_s
        while True:
            with self.connections.exchange(request, cancel) as response:
                reply = reply_of(response)
            wait_s = _retry_s(reply)
            if wait_s is None or time.monotonic() + wait_s > give_up_at:
                return reply
            _pause(wait_s, cancel)

    def told(self, request: Request) -> dict[str, Any]:
        """Ask, and read the answer.

        Raises:
            NbnodesError: As the server's problem says.
        """
        reply = self.ask(request)
        if reply.is_good:
            return reply.told()
        raise self.problem(reply, request.path)

    def problem(self, reply: Reply, name: str) -> NbnodesError:
        """Return the error that a reply stands for."""
        found = problem_outcome({"status": reply.status} | reply.told(), name)
        return found if isinstance(found, NbnodesError) else ServerError(str(found.error))

    def result(self, reply: Reply, name: str) -> Result:
        """Read a reply that carries a value, or says why there is none.

        Raises:
            NbnodesError: As the server's problem says.
        """
        if reply.is_good:
            return success_of(reply.told())
        return or_raised(problem_outcome({"status": reply.status} | reply.told(), name))

    def delete_job(self, job: str) -> None:
        """Stop a job.

        Raises:
            ServerError: If nobody answers.
        """
        self.ask(Request(method="DELETE", path=f"api/jobs/{job}"))

    def outcome(
        self, job: str, name: str, cancel: CancelToken, on_progress: Callable[[Progress], None]
    ) -> Result:
        """Follow a job to its end.

        Args:
            job: Its id.
            name: What it runs.
            cancel: Ends the waiting; whoever uses it stops the job, too.
            on_progress: Hears of its cells.

        Raises:
            JobNotFoundError: If there is none of that id.
            ServerError: If the server is away, or ended while it ran.
            EngineError: If the machine failed, or it was cancelled.
        """
        for event in self._events(job, cancel):
            if event.kind == "progress":
                on_progress(_progress(event.data))
            elif event.kind == "end" and event.data.get("state") == "done":
                reply = self.ask(Request(method="GET", path=f"api/jobs/{job}/result"), cancel)
                return self.result(reply, name)
            elif event.kind == "end":
                return or_raised(ended_badly(event.data, name))
        raise ServerError(f"job {job}: the server stopped telling of it")

    def _events(self, job: str, cancel: CancelToken) -> Iterator[Event]:
        """Tell what happens to a job to its end; a broken connection is made again."""
        last, failures, heard_at = 0, 0, time.monotonic()
        while True:
            try:
                for event in self._stream(job, last, cancel):
                    last, failures = event.number, 0
                    yield event
                    if event.kind == "end":
                        return
            except ServerError as error:
                is_refused = error.status is not None and error.status not in _BUSY
                is_long = failures > 0 and time.monotonic() - heard_at > self.timeout_s
                if is_refused or is_long or self.connections.is_closed:
                    raise
            heard_at = heard_at if failures else time.monotonic()  # a job may be silent for long
            failures += 1
            _pause(min(_LONGEST_WAIT_S, _FIRST_WAIT_S * 2 ** min(failures, 10)), cancel)

    def _stream(self, job: str, last: int, cancel: CancelToken) -> Iterator[Event]:
        headers = {"Accept": "text/event-stream", "Last-Event-ID": str(last)}
        request = Request(method="GET", path=f"api/jobs/{job}/events", headers=headers)
        with self.connections.exchange(request, cancel) as response:
            if response.status == 404:  # noqa: PLR2004
                raise JobNotFoundError(str(reply_of(response).told().get("detail")))
            if response.status != 200:  # noqa: PLR2004
                raise self.problem(reply_of(response), f"job {job}")
            yield from events_of(response)


def events_of(lines: Iterable[bytes]) -> Iterator[Event]:
    """Read server-sent events (https://html.spec.whatwg.org/multipage/server-sent-events.html)."""
    said: dict[str, str] = {}
    for line in lines:
        text = line.decode().rstrip("\r\n")
        if text:
            name, _, value = text.partition(":")
            said[name] = value.removeprefix(" ")
            continue
        if "data" in said and said.get("id", "").isdigit():
            data = json.loads(said["data"])
            yield Event(number=int(said["id"]), kind=said.get("event", ""), data=data)
        said = {}


def reply_of(response: HTTPResponse) -> Reply:
    """Read a response to its end."""
    headers = {name.lower(): value for name, value in response.getheaders()}
    return Reply(status=response.status, headers=headers, body=response.read())


def _retry_s(reply: Reply) -> float | None:
    """Return after which time to ask again; None for never."""
    told = reply.headers.get("retry-after")
    if reply.status not in _BUSY or told is None:
        return None
    return float(told) if told.isdigit() else _LONGEST_WAIT_S


def _pause(wait_s: float, cancel: CancelToken | None) -> None:
    is_over = threading.Event()
    if cancel is not None:
        cancel.on_cancel(is_over.set)
    if is_over.wait(wait_s):
        raise RunCancelledError("the run was cancelled")


def _progress(data: Mapping[str, Any]) -> Progress:
    """Read how far a job is."""
    part, note = data.get("part") or 0.0, data.get("cell") or ""
    said = Said(fraction=part or None, note=note) if part or note else None
    return Progress(done=data.get("done", 0), total=data.get("total", 0), said=said)
