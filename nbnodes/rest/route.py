"""What every handler of ours shares: the Desk, problems as answers, JSON in and out."""

from __future__ import annotations

import asyncio
import json
import logging
import time
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

from tornado.web import HTTPError, RequestHandler, stream_request_body

from nbnodes.errors import NbnodesError
from nbnodes.formats.jsonable import json_text
from nbnodes.rest.desk import Desk
from nbnodes.rest.problem import (
    MEDIA_TYPE,
    Problem,
    ProblemError,
    about_error,
    about_status,
    refused,
)

_log = logging.getLogger("nbnodes.rest")
_GONE = 499  # what others, too, count where the client went away before it was answered
_PATIENCE = 4  # so many times as large as is allowed, a body is still heard out


@stream_request_body
class Route(RequestHandler):
    """A handler of ours. It is mounted with a gate behind it, which says who may come in.

    Bodies are read as they come, after the gate: who may not come in sends nothing, and nobody more
    than is allowed.

    Attributes:
        template: The route as documents write it, for metrics.
        is_gone: Whether the client went away.
        on_gone: What to do then.
        is_open: Whether everybody may ask.
        is_endless: Whether GET answers for as long as something goes on: there is no HEAD of that.
        running: The methods that run something, or stop it: a gate may ask for more there.
    """

    template = ""
    desk: Desk
    is_gone = False
    on_gone: Callable[[], object] | None = None
    is_open = False
    is_endless = False
    running: frozenset[str] = frozenset()

    if TYPE_CHECKING:  # the gate that it is mounted with has it

        def is_own_origin(self, origin: str) -> bool:
            """Whether an origin is this server's, or one that is allowed."""

    def initialize(self, desk: Desk) -> None:
        """Take what handlers share."""
        self.desk = desk
        self.began_at = time.monotonic()
        self._chunks: list[bytes] = []
        self._body_size_bytes = 0
        self._refusal: Callable[[], None] | None = None

    def prepare(self) -> Awaitable[None] | None:
        """Have the gate decide, then look at what comes in."""
        waited = super().prepare()
        if waited is not None:
            return self._let_in(waited)
        if not self._finished:
            self.on_let_in()
        return None

    async def head(self, *names: str) -> None:
        """Do as GET, of which tornado sends no body then (RFC 9110, 9.3.2)."""
        if "HEAD" not in self.methods():
            raise HTTPError(405)
        waited: Awaitable[None] | None = self.get(*names)
        if waited is not None:
            await waited

    def on_let_in(self) -> None:
        """Refuse a body that is too large. Called once the gate has let in who asks."""
        if self._told_size_bytes > self.desk.limits.body_size_bytes:
            raise self._too_large()

    def data_received(self, chunk: bytes) -> None:
        """Take a part of the body."""
        self._body_size_bytes += len(chunk)
        if self._body_size_bytes <= self.desk.limits.body_size_bytes:
            self._chunks.append(chunk)
        elif self._body_size_bytes > self._patience_bytes and not self._finished:
            self.write_problem(self._too_large().problem)  # the connection is closed then

    def send_error(self, status_code: int = 500, **kwargs: Any) -> None:
        """Answer with a Problem, once the rest of the request has come, unless that is very much.

        Tornado closes a connection whose request was not read to its end, which others may find
        reset then, and the answer lost.
        """
        refuse = partial(super().send_error, status_code, **kwargs)
        if self._finished or not self._is_more_coming:
            refuse()
        elif self._refusal is None:
            self._refusal = refuse
            self._came.add_done_callback(self._refuse_late)

    @property
    def body(self) -> bytes:
        """The request's body.

        Raises:
            ProblemError: If it is too large.
        """
        if self._body_size_bytes > self.desk.limits.body_size_bytes:
            raise self._too_large()
        return b"".join(self._chunks)

    def on_connection_close(self) -> None:
        """Note that the client went away, and stop what only it waits for."""
        super().on_connection_close()
        self.is_gone = True
        if self.on_gone is not None:
            self.on_gone()

    def on_finish(self) -> None:
        """Count the request."""
        super().on_finish()
        elapsed_s = time.monotonic() - self.began_at
        method = str(self.request.method)
        self.desk.metrics.request(self.template, method, self.final_status, elapsed_s)

    @property
    def final_status(self) -> int:
        """How it was answered, as it is counted and logged."""
        return _GONE if self.is_gone else self.get_status()

    @property
    def base_path(self) -> str:
        """The path under which all routes stand; it ends with a slash."""
        return self.desk.base_path

    @property
    def client(self) -> str:
        """Who asks: an address."""
        return str(self.request.remote_ip)

    def refuse_other_sites(self) -> None:
        """Refuse what a page of another site asks for: a GET must not run anything for it.

        Browsers say so by Fetch Metadata (https://www.w3.org/TR/fetch-metadata/); others by Origin.

        Raises:
            ProblemError: If another site asks that is not among those allowed.
        """
        site = self.request.headers.get("Sec-Fetch-Site", "none")
        origin = self.request.headers.get("Origin")
        if site in ("none", "same-origin") and (origin is None or self.is_own_origin(origin)):
            return
        if origin is not None and self.is_own_origin(origin):
            return
        how = "allow its origin (--cors; in Jupyter, ServerApp.allow_origin), or use POST"
        text = f"a page of another site asks for this; {how}"
        raise refused(403, "Another site", text)

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        """Answer with a Problem, whatever went wrong."""
        _, error, _ = kwargs.get("exc_info", (None, None, None))
        self.write_problem(self._problem(status_code, error))

    def write_problem(self, problem: Problem) -> None:
        """Answer with a Problem."""
        self.set_problem(problem)
        self.set_header("Content-Type", MEDIA_TYPE)
        self.set_header("Cache-Control", "no-store")
        _ = self.finish(b"" if self.request.method == "HEAD" else problem.body(self.request.path))

    def set_problem(self, problem: Problem) -> None:
        """Take a Problem's status and headers, in whatever form it is then written."""
        self.set_status(problem.status)
        self.clear_header("ETag")
        for name, text in problem.headers.items():
            self.set_header(name, text)
        if problem.retry_after_s is not None:
            self.set_header("Retry-After", str(problem.retry_after_s))

    def write_json(self, value: Any, status: int = 200) -> None:
        """Answer with JSON."""
        self.set_status(status)
        self.set_header("Content-Type", "application/json")
        self.set_header("Cache-Control", "no-store")
        _ = self.finish(json_text(value).encode())

    def json_body(self) -> Any:
        """Return what the request's body says.

        Raises:
            ProblemError: If it is no JSON.
        """
        kind = self.request.headers.get("Content-Type", "").partition(";")[0].strip().lower()
        body = self.body
        if body and kind != "application/json":
            text = f"send JSON with Content-Type: application/json, not {kind or 'without one'}"
            raise refused(415, "Not JSON", text)
        try:
            return json.loads(body, parse_constant=_no_constant)
        except (ValueError, RecursionError) as error:
            text = f"the body is no JSON: {error}"
            raise refused(400, "Malformed JSON", text[:500]) from None

    def compute_etag(self) -> str | None:
        """Leave it to what is answered: hashing each body, as tornado does, is of no use here."""
        return None

    def log_exception(self, *exc_info: Any) -> None:
        """Log what is the server's own fault; a refusal is not."""
        error = exc_info[1]
        if self.is_gone and isinstance(error, NbnodesError):  # nobody hears that it was stopped
            return
        if not isinstance(error, NbnodesError | HTTPError):
            _log.error("%s %s failed", self.request.method, self.request.path, exc_info=error)
        elif isinstance(error, NbnodesError) and about_error(error).status >= 500:  # noqa: PLR2004
            _log.warning("%s %s: %s", self.request.method, self.request.path, error)

    async def _let_in(self, waited: Awaitable[None]) -> None:
        await waited
        if not self._finished:
            self.on_let_in()

    @property
    def _came(self) -> asyncio.Future[None]:
        """Done when the whole request has come; tornado has no public word for it."""
        came: asyncio.Future[None] = self.request._body_future  # noqa: SLF001  # as said
        return came

    @property
    def _told_size_bytes(self) -> int:
        told = self.request.headers.get("Content-Length", "0")
        return int(told) if told.isdigit() else 0

    @property
    def _patience_bytes(self) -> int:
        return _PATIENCE * self.desk.limits.body_size_bytes

    @property
    def _is_more_coming(self) -> bool:
        is_awaited = self._told_size_bytes <= self._patience_bytes >= self._body_size_bytes
        return is_awaited and not self._came.done()

    def _refuse_late(self, came: asyncio.Future[None]) -> None:
        is_there = not self._finished and came.exception() is None
        if is_there and self._refusal is not None:
            self._refusal()

    def _too_large(self) -> ProblemError:
        most = self.desk.limits.body_size_bytes
        return refused(413, "Too large", f"a request may have {most} bytes")

    def _problem(self, status: int, error: BaseException | None) -> Problem:
        if isinstance(error, NbnodesError):
            return about_error(error)
        if isinstance(error, HTTPError):
            if status == 405:  # noqa: PLR2004  # RFC 9110, 15.5.6
                allowed = ", ".join(self.methods())
                self.set_header("Allow", allowed)
                return about_status(status, f"not by {self.request.method}; there are: {allowed}")
            return about_status(status, error.log_message or "")
        return about_status(500, "the server failed; its log says more")

    @classmethod
    def methods(cls) -> tuple[str, ...]:
        """Return the methods that it answers."""
        names = _all_names(cls)
        if "get" not in names or cls.is_endless:
            names.discard("head")
        return tuple(one.upper() for one in ("get", "head", "post", "delete") if one in names)


def named(text: str) -> str:
    """Return a name as a route captures it, which has been unquoted then."""
    return text.strip("/")


def mapping(value: Any, what: str) -> Mapping[str, Any]:
    """Return a JSON object.

    Raises:
        ProblemError: If it is none.
    """
    if isinstance(value, dict):
        return value
    raise refused(400, "Malformed request", f"{what}: expected an object, such as {{}}")


def _all_names(kind: type) -> set[str]:
    """Return what a class and its bases say, but for tornado's own."""
    return {
        name
        for one in kind.__mro__
        if not one.__module__.startswith(("tornado", "jupyter_server"))
        for name in vars(one)
    }


def _no_constant(word: str) -> Any:
    raise ValueError(f"{word} is no JSON (RFC 8259)")
