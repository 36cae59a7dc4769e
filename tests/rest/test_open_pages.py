"""Open pages: how many there may be, and that no other page waits for what one does."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from notebooks import write_notebook
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


def test_what_pages_run_is_counted_as_what_requests_run(models: Path) -> None:
    with served(models / "square.ipynb") as server:
        for _ in range(2):
            page = opened(server, "square", n=12)
            assert "144" in shown(page)
            page.close()
        told = server.client.get("/metrics").text
        assert 'nbnodes_runs_total{model="square",outcome="success"} 1.0' in told
        assert 'nbnodes_cache_total{model="square",outcome="hit"} 1.0' in told


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Give a folder of a notebook that writes beside itself, and of others."""
    made = tmp_path / "served"
    made.mkdir()
    write_notebook(made / "writer.ipynb", ("n = 1", "parameters"), _WRITES, ("n + 76", "return"))
    value(made, "other", "n * 11")
    (made / "part.py").write_text("FACTOR = 11\n")
    write_notebook(
        made / "user.ipynb", ("n = 1", "parameters"), "import part", ("n * part.FACTOR", "return")
    )
    return made


def value(folder: Path, name: str, value: str) -> None:
    write_notebook(folder / f"{name}.ipynb", ("n = 11", "parameters"), (value, "return"))


_WRITES = """\
from time import time_ns
for name in ("made.py", "made.toml", "made.txt"):
    open(name, "w").write(f"at = {time_ns()}")
print("run", file=open("runs.txt", "a"))"""


def test_a_page_that_nothing_saved_reaches_does_not_run_again(folder: Path) -> None:
    with served(folder, reloads=True, cache=False) as server:
        writer, other = opened(server, "writer"), opened(server, "other")
        assert "77" in shown(writer)
        assert "121" in shown(other)
        for factor in (12, 13):
            value(folder, "other", f"n * {factor}")
            assert str(11 * factor) in shown(other)
        assert (folder / "runs.txt").read_text() == "run\n"
        writer.close()
        other.close()


def test_a_page_follows_a_module_that_is_saved(folder: Path) -> None:
    with served(folder, reloads=True, cache=False) as server:
        user, writer = opened(server, "user", n=11), opened(server, "writer")
        assert "121" in shown(user)
        assert "77" in shown(writer)
        (folder / "part.py").write_text("FACTOR = 12\n")
        assert "132" in shown(user)
        assert (folder / "runs.txt").read_text() == "run\n"
        user.close()
        writer.close()


def test_a_notebook_that_is_new_in_a_folder_is_served_and_followed(folder: Path) -> None:
    with served(folder, reloads=True, cache=False) as server:
        other = opened(server, "other")
        assert "121" in shown(other)
        value(folder, "another", "n * 100")
        value(folder, "other", "n * 12")
        assert "132" in shown(other)
        another = opened(server, "another")
        assert "1100" in shown(another)
        value(folder, "another", "n * 101")
        assert "1111" in shown(another)
        another.close()
        other.close()


def test_a_page_goes_on_when_its_folder_was_away_for_a_while(tmp_path: Path) -> None:
    folder = tmp_path / "there"
    folder.mkdir()
    write_notebook(folder / "half.ipynb", ("n: int = 2", "parameters"), ("n / 2", "return"))
    with served(folder) as server:
        page = opened(server, "half")
        assert "1.0" in shown(page)
        folder.rename(tmp_path / "away")
        page.send(json.dumps({"type": "set", "seq": 1, "values": {"n": 6}}))
        assert "does not exist" in shown(page)
        (tmp_path / "away").rename(folder)
        page.send(json.dumps({"type": "set", "seq": 2, "values": {"n": 8}}))
        assert "4.0" in shown(page)
        page.close()


def test_a_page_of_a_notebook_that_is_gone_hears_why_and_not_twice_that(folder: Path) -> None:
    with served(folder, reloads=True, cache=False) as server:
        other = opened(server, "other")
        assert "121" in shown(other)
        (folder / "other.ipynb").unlink()
        while (message := json.loads(other.recv()))["type"] != "gone":
            pass
        assert message["reason"] == "its notebook was removed or renamed"
        other.close()
