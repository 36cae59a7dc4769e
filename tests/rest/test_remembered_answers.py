"""An answer that is remembered is true: of files as they are, of results as they are stored."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest
from notebooks import write_notebook
from serving import PATIENCE_S, Served, served

import nbnodes as nb
from nbnodes.cache.location import open_store

BESIDE = {"nbnodes": {"extras": {"files": ["word.txt"]}}}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_notebook(
        tmp_path / "said.ipynb",
        ("n: int = 1", "parameters"),
        ("(open('word.txt').read(), n)", "return"),
        metadata=BESIDE,
    )
    write_notebook(
        tmp_path / "unseen.ipynb",
        ("n: int = 1", "parameters"),
        ("open('word.txt').read()", "return"),
    )
    (tmp_path / "word.txt").write_text("A")
    return tmp_path


@pytest.fixture
def server(folder: Path) -> Iterator[Served]:
    with served(folder, cache=str(folder / "cache")) as found:
        yield found


def test_a_file_that_is_changed_back_brings_back_its_answers(server: Served, folder: Path) -> None:
    def said(n: int) -> object:
        return server.run("said", n=n).json()["value"]

    assert said(1) == ["A", 1]
    for word in "BABA":
        (folder / "word.txt").write_text(word)
        until(lambda word=word: said(1) == [word, 1])
        assert said(2) == [word, 2]
    assert said(2) == ["A", 2]


def test_what_was_computed_of_a_file_just_changed_is_not_kept_as_of_the_file_before(
    server: Served, folder: Path
) -> None:
    server.run("said", n=1)
    (folder / "word.txt").write_text("B")
    server.run("said", n=2)  # at once: the change may not have been seen yet
    (folder / "word.txt").write_text("A")
    until(lambda: server.run("said", n=2).json()["value"] == ["A", 2])
    for _ in range(20):
        assert server.run("said", n=2).json()["value"] == ["A", 2]


def test_what_another_program_makes_anew_takes_the_place_of_what_is_remembered(
    server: Served, folder: Path
) -> None:
    assert [server.run("unseen").json()["value"] for _ in range(3)] == ["A"] * 3
    (folder / "word.txt").write_text("B")
    with nb.Session(cache=str(folder / "cache")) as other:
        assert other.model(folder / "unseen.ipynb").run(cache="refresh").value == "B"
    until(lambda: server.run("unseen").json()["value"] == "B")


def test_what_another_program_forgets_is_computed_again(server: Served, folder: Path) -> None:
    def answer() -> httpx.Response:
        return server.run("unseen")

    assert [answer().headers["X-Cache"] for _ in range(2)] == ["miss", "hit"]
    store = open_store(str(folder / "cache"), limit_bytes=10**9, durability="normal")
    assert store is not None
    store.delete([facts.key for facts in store.facts()])
    store.close()
    until(lambda: answer().headers["X-Cache"] == "miss")


def until(is_so: Callable[[], bool]) -> None:
    """Ask again until it is so, as it is to be a moment later."""
    end = time.monotonic() + PATIENCE_S
    while not is_so():
        assert time.monotonic() < end
