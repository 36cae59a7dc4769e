"""Paths become a server that answers: `nbnodes serve` on a thread here, or in a process."""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
from tornado.netutil import bind_sockets

from nbnodes.rest.application import Guard
from nbnodes.rest.limits import Limits
from nbnodes.rest.serving import Serving

ROOT = Path(__file__).parents[1]
MODELS = str(ROOT / "model_notebooks")
LOOPBACK = "127.0.0.1"
PROBLEM = "application/problem+json"
PATIENCE_S = 60.0
"""How long a test waits for what must come; it fails then."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """A server that answers.

    Attributes:
        port: Where it listens, on loopback.
        client: Asks it, with the token if there is one.
        base_path: The path under which all routes stand.
        serving: What it is made of; only of one on a thread.
        process: The process; only of one in a process.
    """

    port: int
    client: httpx.Client
    base_path: str = "/"
    serving: Any = None
    process: Any = None
    said: list[str] = field(default_factory=list)

    @property
    def url(self) -> str:
        """Its address, with a slash at its end."""
        return f"http://{LOOPBACK}:{self.port}{self.base_path}"

    def run(self, name: str, **query: Any) -> httpx.Response:
        """Ask for a value with a query."""
        return self.client.get(f"api/models/{name}/run", params=query)

    def ended(self, job: str) -> dict[str, Any]:
        """Wait for the end of a job; return how it is then."""
        with self.client.stream("GET", f"api/jobs/{job}/events") as events:
            assert "event: end" in list(events.iter_lines())
        told: dict[str, Any] = self.client.get(f"api/jobs/{job}").json()
        return told

    def stop(self) -> int:
        """End the process as Ctrl-C does; return how it ended."""
        self.process.send_signal(signal.SIGINT)
        return int(self.process.wait(timeout=PATIENCE_S))

    def kill(self) -> None:
        """End the process so that it can do nothing more."""
        self.process.kill()
        self.process.wait(timeout=PATIENCE_S)


@contextlib.contextmanager
def served(  # what a server is made of
    *paths: str | Path,
    guard: Guard | None = None,
    limits: Limits | None = None,
    base_path: str = "/",
    debug: bool = False,
    reloads: bool = False,
    trusts_proxy: bool = False,
    **settings: Any,
) -> Iterator[Served]:
    """Serve paths on a thread of this process; `settings` are a Project's, such as `cache`."""
    guard = guard or Guard(hosts=frozenset({"localhost"}))
    serving = Serving(
        [str(path) for path in paths],
        guard=guard,
        limits=limits or Limits(),
        base_path=base_path,
        debug=debug,
        overrides={"cache": ":memory:"} | settings,
    )
    sockets = bind_sockets(0, LOOPBACK)
    port = sockets[0].getsockname()[1]
    told = {"trusts_proxy": trusts_proxy, "reloads": reloads}
    on_thread = _OnThread(lambda said, end: serving.answer(sockets, said, ended=end, **told))
    try:
        on_thread.begin()
        with _client(port, base_path, guard.token) as client:
            yield Served(port=port, client=client, base_path=base_path, serving=serving)
    finally:
        on_thread.end()
        serving.session.close()


class _OnThread:
    """A server's loop on a thread."""

    def __init__(self, answer: Callable[[Callable[[Any], None], asyncio.Event], Any]) -> None:
        self._answer = answer
        self._is_ready = threading.Event()
        self._ended = asyncio.Event()
        self._failure: BaseException | None = None
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._work, name="served")

    def begin(self) -> None:
        self._thread.start()
        assert self._is_ready.wait(PATIENCE_S)
        if self._failure is not None:
            raise self._failure

    def end(self) -> None:
        with contextlib.suppress(RuntimeError):  # it has failed: its loop is closed
            self._loop.call_soon_threadsafe(self._ended.set)
        self._thread.join(PATIENCE_S)
        assert not self._thread.is_alive()
        if self._failure is not None:
            raise self._failure

    def _work(self) -> None:
        try:
            with asyncio.Runner(loop_factory=lambda: self._loop) as runner:
                runner.run(self._answer(lambda _: self._is_ready.set(), self._ended))
        except BaseException as error:  # noqa: BLE001  # raised on the test's thread
            self._failure = error
        finally:
            self._is_ready.set()


@contextlib.contextmanager
def launched(
    *words: str | Path, cache: str | Path, port: int = 0, token: str | None = "", **environment: str
) -> Iterator[Served]:
    """Run `nbnodes serve` with these words in a process of its own; it is killed at the end."""
    ours = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("NBNODES_", "JUP"))
    }
    options = [f"--port={port}", f"--cache={cache}"]
    options += [] if token is None else [f"--token={token}"]
    process = subprocess.Popen(
        [sys.executable, "-m", "nbnodes", "serve", *map(str, words), *options],
        env=ours | environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        cwd=ROOT,
    )
    said: list[str] = []
    try:
        found = _address(process, said)
        reading = threading.Thread(target=said.extend, args=(process.stdout,), daemon=True)
        reading.start()
        at, base_path = int(found[1]), found[2]
        with _client(at, base_path, token or "") as client:
            yield Served(port=at, client=client, base_path=base_path, process=process, said=said)
    finally:
        process.kill()
        process.wait()
        if process.stdout is not None:
            process.stdout.close()


def raw(port: int, request: bytes, *, timeout_s: float = PATIENCE_S) -> bytes:
    """Send bytes as they are; return all that comes until the server closes, or has answered."""
    with socket.create_connection((LOOPBACK, port), timeout=timeout_s) as connection:
        connection.sendall(request)
        return received(connection)


def received(connection: socket.socket) -> bytes:
    """Return what comes until the other side closes."""
    parts = []
    with contextlib.suppress(ConnectionResetError):
        while part := connection.recv(65536):
            parts.append(part)
    return b"".join(parts)


def _client(port: int, base_path: str, token: str) -> httpx.Client:
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    return httpx.Client(
        base_url=f"http://{LOOPBACK}:{port}{base_path}", headers=headers, timeout=PATIENCE_S
    )


def _address(process: subprocess.Popen[str], said: list[str]) -> re.Match[str]:
    """Read what the server says until it says where it is."""
    for line in process.stdout or ():
        said.append(line)
        found = re.search(r"served at http://[^/]*:(\d+)(/\S*?)(?:\?|$)", line)
        if found is not None:
            return found
    raise RuntimeError(f"the server has ended:\n{''.join(said)}")
