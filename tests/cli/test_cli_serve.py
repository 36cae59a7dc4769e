"""`nbnodes serve`: what is wrong is told before anything listens."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest
from commandline import nbnodes
from notebooks import write_notebook


@pytest.fixture(autouse=True)
def model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return write_notebook(tmp_path / "m.ipynb", ("n: int = 1", "parameters"), ("n", "return"))


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["missing.ipynb"], "there is no such notebook or folder"),
        (["notes.txt"], "notebooks (.ipynb), folders of them, and graph.toml files are served"),
        (["m.ipynb", "--timeout", "nan"], "'nan' is no time"),
        (["m.ipynb", "--sync-timeout", "nan"], "'nan' is no time"),
        (["m.ipynb", "--sync-timeout", "-1"], "--sync-timeout"),
        (["m.ipynb", "--cors", "nonsense"], "--cors nonsense: expected a site"),
        (["m.ipynb", "--cors", "https://a.org/path"], "expected a site"),
        (["m.ipynb", "--allow-host", "http://a.org"], "expected a name alone"),
        (["m.ipynb", "--base-url", "../x"], "a browser would take that for another path"),
        (["m.ipynb", "--base-url", "a//b"], "a browser would take that for another path"),
        (["m.ipynb", "--base-url", "a b"], "letters, digits"),
        (["m.ipynb", "--host", "192.0.2.1"], "name another --host"),
        (["m.ipynb", "--host", "nowhere.invalid"], "name another --host"),
    ],
)
def test_what_cannot_be_served_is_told(words: list[str], told: str) -> None:
    Path("notes.txt").touch()
    ended = nbnodes("serve", "--port", "0", *words)
    assert (ended.code, ended.out) == (2, "")
    assert told in ended.err


def test_a_port_that_is_taken_is_told() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        ended = nbnodes("serve", "m.ipynb", "--port", str(port))
    assert ended.code == 2
    assert f"127.0.0.1:{port}: Address already in use; name another --port" in ended.err
