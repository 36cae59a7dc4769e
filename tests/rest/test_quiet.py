"""After many requests a server holds what it held before: memory, files, threads, children."""

from __future__ import annotations

import itertools
import os
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

import httpx
import psutil
from serving import LOOPBACK, Served, launched
from websocket import create_connection

REQUESTS = int(os.environ.get("TEST_REQUESTS", "1000"))
"""How many; 10,000 where there is time."""

_CLIENTS = 8
_MEMORY_BYTES = 30_000_000  # what allocators and caches may keep
_POOLS = 8  # threads that read and write for requests: they stay once they were needed
_SETTLES_S = 20.0
_LOOK_S = 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """What a process and its children hold."""

    fd_count: int
    thread_count: int
    child_count: int
    memory_bytes: int


def test_many_requests_leave_nothing_behind(models: Path, tmp_path: Path) -> None:
    words = [models / f"{name}.ipynb" for name in ("square", "fails", "says")]
    with launched(*words, "--workers=2", cache=tmp_path / "cache") as server:
        process = psutil.Process(server.process.pid)
        ask_much(server, range(100))
        server.client.close()
        found = settled(process, Held(fd_count=0, thread_count=0, child_count=0, memory_bytes=0))
        before = replace(found, thread_count=found.thread_count + _POOLS)
        ask_much(server, range(100, 100 + REQUESTS))
        after = settled(process, before)
    assert after.child_count <= before.child_count
    assert after.thread_count <= before.thread_count
    assert after.fd_count <= before.fd_count
    assert after.memory_bytes <= before.memory_bytes + _MEMORY_BYTES


def ask_much(server: Served, numbers: range) -> None:
    """Ask of all kinds, from several clients at once; one in ten runs something new."""
    with ThreadPoolExecutor(_CLIENTS) as pool:
        parts = [numbers[i::_CLIENTS] for i in range(_CLIENTS)]
        for _ in pool.map(lambda part: ask_in_turn(server, part), parts):
            pass


def ask_in_turn(server: Served, numbers: range) -> None:
    with httpx.Client(base_url=server.url, timeout=60) as client:
        for number, kind in zip(numbers, kinds(), strict=False):
            match kind:
                case "new":
                    assert client.get(f"api/models/square/run?n={number}").status_code == 200
                case "failing":
                    assert client.get("api/models/fails/run?n=1").status_code == 424
                case "wrong":
                    assert client.get("api/models/square/run?n=x").status_code == 422
                case "job":
                    body = {"model": "square", "parameters": {"n": 1}}
                    job = client.post("api/jobs", json=body).json()
                    assert "event: end" in client.get(job["links"]["events"]).text
                case "batch":
                    sets = [{"n": n} for n in range(4)]
                    assert client.post("api/models/square/batch", json=sets).status_code == 200
                case "page":
                    assert client.get("pages/square").status_code == 200
                    url = f"ws://{LOOPBACK}:{server.port}/pages/square/live"
                    socket = create_connection(url, timeout=60)
                    socket.send('{"type": "hello", "values": {}, "shown": {}}')
                    assert socket.recv()
                    socket.close()
                case _:
                    assert client.get("api/models/square/run?n=1").status_code == 200


def kinds() -> Iterator[str]:
    """Say what to ask, over and over."""
    known = ["known"] * 13
    return itertools.cycle(["new", *known, "failing", "wrong", "job", "batch", "new", "page"])


def settled(process: psutil.Process, before: Held) -> Held:
    """Return what a process holds once that is no more than before, or it had its time."""
    deadline = time.monotonic() + _SETTLES_S
    while True:
        found = held(process)
        is_back = (
            found.fd_count <= before.fd_count
            and found.thread_count <= before.thread_count
            and found.child_count <= before.child_count
        )
        is_late = time.monotonic() > deadline
        if is_back or is_late or (not before.fd_count and is_calm(process)):
            return found
        time.sleep(_LOOK_S)


def is_calm(process: psutil.Process) -> bool:
    """Whether no connection is open."""
    return not [one for one in process.net_connections("tcp") if one.status == "ESTABLISHED"]


def held(process: psutil.Process) -> Held:
    children = process.children(recursive=True)
    return Held(
        fd_count=process.num_fds(),
        thread_count=process.num_threads(),
        child_count=len(children),
        memory_bytes=process.memory_full_info().pss + sum(map(memory_bytes, children)),
    )


def memory_bytes(child: psutil.Process) -> int:
    """Return what a child holds; one that ends while it is looked at holds nothing."""
    try:
        return child.memory_full_info().pss
    except (psutil.Error, FileNotFoundError):  # the latter while its parent has not reaped it
        return 0
