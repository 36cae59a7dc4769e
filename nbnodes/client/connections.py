"""Requests go to one server and its responses come back, over connections that are kept."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection
from typing import Any, cast
from urllib.parse import SplitResult, parse_qs, urlsplit

from nbnodes.engines.engine import CancelToken
from nbnodes.errors import RunCancelledError, ServerError, UsageError

_IDLE = 16  # connections that are kept for the next request


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """Where a server is.

    Attributes:
        scheme: "http" or "https".
        host: Its host and port, as addresses have them.
        path: The path under which its routes stand; it ends with a slash.
        token: What it lets in for; "" for none.
    """

    scheme: str
    host: str
    path: str
    token: str = field(default="", repr=False)

    @property
    def url(self) -> str:
        """The address as people write it, without the token."""
        return f"{self.scheme}://{self.host}{self.path}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What is asked of a server.

    Attributes:
        method: HTTP's.
        path: Below the address's own.
        body: JSON; None for none.
        headers: More of them.
        is_patient: Whether the answer may take any time.
    """

    method: str
    path: str
    body: bytes | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    is_patient: bool = False


def address_of(url: str, token: str | None) -> Address:
    """Read an address, such as `nbnodes serve` prints it: a token may stand in its query.

    Raises:
        UsageError: If it is none.
    """
    parts = _parts_of(url)
    if parts is None:
        raise UsageError(f"{url} is no server's address; expected one like http://localhost:8800/")
    told = parse_qs(parts.query).get("token", [""])[-1]
    path = f"/{parts.path.strip('/')}/" if parts.path.strip("/") else "/"
    found = told if token is None else token
    return Address(scheme=parts.scheme, host=parts.netloc, path=path, token=found)


class Connections:
    """Connections to one server. Safe from several threads.

    Args:
        address: Where it is.
        timeout_s: For how long it may say nothing.
    """

    def __init__(self, address: Address, timeout_s: float) -> None:
        self.address = address
        self.is_closed = False
        self._timeout_s = timeout_s
        self._lock = threading.Lock()
        self._idle: list[HTTPConnection] = []
        self._busy: dict[HTTPConnection, CancelToken] = {}  # and what ends its exchange

    @contextlib.contextmanager
    def exchange(
        self, request: Request, cancel: CancelToken | None = None
    ) -> Iterator[HTTPResponse]:
        """Send a request and give its response, which may be read as it comes.

        Args:
            request: It.
            cancel: What ends it: the server sees that nobody waits any more.

        Raises:
            ServerError: If nobody answers, or the connection breaks.
            RunCancelledError: If it was cancelled.
        """
        connection = None
        try:
            connection, response = self._sent(request, cancel or CancelToken())
            yield response
            if self._give_back(connection, response):
                connection = None  # another exchange may have it already
        except (OSError, HTTPException) as error:
            if cancel is not None and cancel.cancelled:
                raise RunCancelledError("the run was cancelled") from None
            raise self._broken(error) from error
        finally:
            if connection is not None:
                self._drop(connection)

    def close(self) -> None:
        """Close all connections; what waits for one ends in a ServerError."""
        with self._lock:
            self.is_closed = True
            idle, self._idle = self._idle, []
            busy = tuple(self._busy)
        for connection in idle:
            connection.close()
        for connection in busy:
            _cut(connection)

    def _sent(self, request: Request, cancel: CancelToken) -> tuple[HTTPConnection, HTTPResponse]:
        """Send a request; again on another connection if the server had closed a kept one."""
        while True:
            connection, is_kept = self._taken(cancel)
            try:
                response = self._asked(connection, request, cancel)
            except ConnectionError:
                self._drop(connection)
                if not is_kept or cancel.cancelled or self.is_closed:
                    raise
            except BaseException:
                self._drop(connection)
                raise
            else:
                return connection, response

    def _asked(
        self, connection: HTTPConnection, request: Request, cancel: CancelToken
    ) -> HTTPResponse:
        if connection.sock is None:
            connection.connect()
            _socket_of(connection).setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        cancel.on_cancel(lambda: self._cut_off(connection, cancel))
        _socket_of(connection).settimeout(None if request.is_patient else self._timeout_s)
        headers = {"Accept": "application/json", **request.headers}
        if request.body is not None:
            headers["Content-Type"] = "application/json"
        if self.address.token:
            headers["Authorization"] = f"Bearer {self.address.token}"
        path = f"{self.address.path}{request.path}"
        connection.request(request.method, path, request.body, headers)
        return connection.getresponse()

    def _cut_off(self, connection: HTTPConnection, cancel: CancelToken) -> None:
        """End an exchange, unless it is over: its connection is another's then."""
        with self._lock:
            if self._busy.get(connection) is cancel:
                _cut(connection)

    def _taken(self, cancel: CancelToken) -> tuple[HTTPConnection, bool]:
        """Return a connection, and whether it was used before."""
        with self._lock:
            if self.is_closed:
                raise ServerError(f"this client of {self.address.url} is closed")
            is_kept = bool(self._idle)
            connection = self._idle.pop() if is_kept else self._new()
            self._busy[connection] = cancel
        return connection, is_kept

    def _new(self) -> HTTPConnection:
        kind = HTTPSConnection if self.address.scheme == "https" else HTTPConnection
        return kind(self.address.host, timeout=self._timeout_s)

    def _give_back(self, connection: HTTPConnection, response: HTTPResponse) -> bool:
        """Keep a connection whose response was read to its end; return whether it is kept."""
        with self._lock:
            is_usable = response.isclosed() and connection.sock is not None and not self.is_closed
            is_kept = is_usable and connection in self._busy and len(self._idle) < _IDLE
            if is_kept:
                del self._busy[connection]
                self._idle.append(connection)
            return is_kept

    def _drop(self, connection: HTTPConnection) -> None:
        """Close a connection that is not kept."""
        with self._lock:
            self._busy.pop(connection, None)
        connection.close()

    def _broken(self, error: Exception) -> ServerError:
        url = self.address.url
        if isinstance(error, ConnectionRefusedError | socket.gaierror):
            return ServerError(f"no server answers at {url}: {error}; start one: nbnodes serve")
        if isinstance(error, TimeoutError):
            text = f"{url} has said nothing for {self._timeout_s:g} s"
            return ServerError(f"{text}; allow more with connect(..., timeout_s=...)")
        return ServerError(f"the connection to {url} broke: {str(error) or type(error).__name__}")


def _parts_of(url: object) -> SplitResult | None:
    """Return the parts of a server's address; None if it is none."""
    if not isinstance(url, str):
        return None
    try:
        parts = urlsplit(url if "://" in url else f"http://{url}")
        is_right = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:  # such a port there cannot be, or such a host
        return None
    return parts if is_right and parts.username is None else None


def _socket_of(connection: HTTPConnection) -> socket.socket:
    found: Any = connection.sock  # typeshed says None of it, which it is before `connect` only
    return cast("socket.socket", found)


def _cut(connection: HTTPConnection) -> None:
    """End a connection that another thread reads from: it reads no more."""
    found = connection.sock
    if found is not None:
        with contextlib.suppress(OSError):
            found.shutdown(socket.SHUT_RDWR)
