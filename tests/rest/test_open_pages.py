"""Open pages: how many there may be, and that no other page waits for what one does."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from serving import LOOPBACK, Served, served
from websocket import ABNF, WebSocket, create_connection

from nbnodes.rest.limits import Limits

PATIENCE_S = 20.0
_FULL = 1013


def address(server: Served, name: str) -> str:
    """Return the address of a page's socket."""
    return f"ws://{LOOPBACK}:{server.port}/pages/{name}/live"


def opened(server: Served, name: str, **values: Any) -> WebSocket:
    """Open the socket of a page, and say what the page shows."""
    connection = create_connection(address(server, name), timeout=PATIENCE_S)
    connection.send(json.dumps({"type": "hello", "values": values, "shown": {}}))
    return connection


def shown(connection: WebSocket) -> str:
    """Wait for a card's Result; return what it says."""
    while True:
        message = json.loads(connection.recv())
        if message["type"] == "show" and message["cards"]:
            return json.dumps(message["cards"])


def closed(connection: WebSocket) -> int:
    """Wait until the server closes a socket; return its reason."""
    while True:
        kind, content = connection.recv_data()
        if kind == ABNF.OPCODE_CLOSE:
            return int.from_bytes(content[:2], "big")


@pytest.mark.parametrize("limits", [Limits(client_visits=2), Limits(visits=2)], ids=["own", "all"])
def test_a_page_too_many_is_refused(models: Path, limits: Limits) -> None:
    with served(models / "square.ipynb", limits=limits) as server:
        first, second = (opened(server, "square", n=n) for n in (1, 2))
        assert "4" in shown(second)
        third = create_connection(address(server, "square"), timeout=PATIENCE_S)
        assert closed(third) == _FULL
        first.close()
        second.close()
