"""What a function that is a node prints belongs to its Result, whoever else prints meanwhile."""
# ruff: noqa: T201  # printing is what this is about

from __future__ import annotations

import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

import nbnodes as nb
from nbnodes.engines.call import Call
from nbnodes.engines.engine import CancelToken
from nbnodes.result import Result


def talk(n: int = 1) -> int:
    print("out", n)
    print("err", n, file=sys.stderr)
    return n


def test_what_a_function_prints_is_in_its_result(session: nb.Session) -> None:
    result = nb.Graph(nb.Node(talk), session=session).run("talk")
    assert (result.stdout, result.stderr) == ("out 1\n", "err 1\n")


def test_a_single_run_prints_where_it_would_have(
    session: nb.Session, capsys: pytest.CaptureFixture[str]
) -> None:
    before = sys.stdout
    nb.Graph(nb.Node(talk), session=session).run("talk")
    assert capsys.readouterr() == ("out 1\n", "err 1\n")
    assert sys.stdout is before


def test_a_graph_that_is_kept_up_to_date_prints_nowhere_else(
    session: nb.Session, capsys: pytest.CaptureFixture[str]
) -> None:
    with nb.Graph(nb.Node(talk), session=session) as graph:
        assert graph.get("talk").stdout == "out 1\n"
    assert capsys.readouterr() == ("", "")


def test_a_remembered_call_says_what_it_said(session: nb.Session) -> None:
    graph = nb.Graph(nb.Node(talk), session=session)
    first, again = graph.run("talk"), graph.run("talk")
    assert again.cached
    assert again.stdout == first.stdout == "out 1\n"


def test_a_function_in_an_engine_of_its_own_is_heard_too(session: nb.Session) -> None:
    graph = nb.Graph(nb.Node(talk, engine="fork"), session=session)
    assert graph.run("talk").stdout == "out 1\n"


def test_a_failure_tells_what_was_printed_before(session: nb.Session) -> None:
    def fail() -> None:
        print("so far")
        raise ValueError

    result = nb.Graph(nb.Node(fail), session=session).run("fail", check=False)
    assert result.stdout == "so far\n"


def test_threads_at_once_are_told_apart(capsys: pytest.CaptureFixture[str]) -> None:
    before = sys.stdout
    barrier = threading.Barrier(3)

    def call(word: str) -> Result:
        def speak() -> None:
            for _ in range(20):
                barrier.wait()
                print(word)

        return Call(name=word, function=speak, cancel=CancelToken(), is_echoed=False).run()

    with ThreadPoolExecutor(2) as pool:
        runs = [pool.submit(call, word) for word in "ab"]
        for _ in range(20):
            barrier.wait()
            print("c")
        results = [run.result() for run in runs]
    assert [result.stdout for result in results] == ["a\n" * 20, "b\n" * 20]
    assert capsys.readouterr().out == "c\n" * 20
    assert sys.stdout is before


def test_what_is_printed_is_kept_up_to_a_limit() -> None:
    def speak() -> None:
        print("x" * 1000)

    call = Call(
        name="speak",
        function=speak,
        cancel=CancelToken(),
        is_echoed=False,
        output_size_bytes=100,
    )
    result = call.run()
    assert len(result.stdout) == 100
    assert "more were dropped" in result.stderr
