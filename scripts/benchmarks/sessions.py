"""Many pages that are open at once: what the server and its children hold for them."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import psutil
from benchmarks.contest import Group, Reading, at_most
from benchmarks.listening import Listening, ours
from tornado.httpclient import AsyncHTTPClient
from tornado.websocket import WebSocketClientConnection, websocket_connect

_MODELS = os.path.join(os.path.dirname(__file__), "..", "..", "model_notebooks")
_PAGE = "/pages/model_notebooks"
_SESSIONS = 100
_MOST_MIB = 400
_PATIENCE_S = 120
_EMPTY = "no page"
_OPEN = f"{_SESSIONS} pages of a graph"


def session_groups(folder: str) -> Iterator[Group]:
    """Yield the memory of a server that nobody looks at, then of one with many open pages."""
    with ExitStack() as servers:
        server = servers.enter_context(ours(_MODELS, cache=os.path.join(folder, "graph_cache")))
        yield Group(
            name="serve: memory of the server and its children (proportional)",
            contenders=(
                Reading(name=_OPEN, read=lambda: asyncio.run(_held_mib(server)), unit="MiB"),
                Reading(name=_EMPTY, read=lambda: memory_mib(server), unit="MiB"),
            ),
            goals=(at_most(_OPEN, _MOST_MIB, "MiB"),),
            rounds=1,  # hardly noisy
        )


def memory_mib(server: Listening) -> float:
    """Return what a server and its children hold, what they share counted once."""
    total = 0
    for process in server.family:
        try:
            total += process.memory_full_info().pss
        except (psutil.Error, FileNotFoundError):  # a child that has just ended
            continue
    return total / 2**20


async def _held_mib(server: Listening) -> float:
    """Open all pages, each with values of its own, until each shows what it asked for."""
    sockets = await asyncio.gather(*(_opened(server, count) for count in range(_SESSIONS)))
    try:
        return memory_mib(server)
    finally:
        for socket in sockets:
            socket.close()


async def _opened(server: Listening, count: int) -> WebSocketClientConnection:
    """Load a page as a browser does, and wait until all of its cards are shown."""
    await AsyncHTTPClient().fetch(server.url + _PAGE, request_timeout=_PATIENCE_S)
    socket = await websocket_connect(server.url.replace("http", "ws") + _PAGE + "/live")
    values = {"window": 2 + count % 24}
    await socket.write_message(json.dumps({"type": "hello", "values": values, "shown": {}}))
    async with asyncio.timeout(_PATIENCE_S):
        shown: set[str] = set()
        while not shown.issuperset({"trend", "prices"}):
            message: Any = json.loads(str(await socket.read_message()))
            if message["type"] == "show":
                shown |= message["cards"].keys()
    return socket
