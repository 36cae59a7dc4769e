"""A graph that is kept up to date and has nothing to do holds no thread."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import pytest

import nbnodes as nb
from nbnodes.errors import EngineError

WAIT_S = 30.0


def deciding() -> int:
    return sum(thread.name == "nbnodes-graph" for thread in threading.enumerate())


def until_all_rest() -> None:
    deadline = time.monotonic() + WAIT_S
    while deciding():
        assert time.monotonic() < deadline, "a thread goes on"
        time.sleep(0.01)


@pytest.fixture
def graph(session: nb.Session) -> Iterator[nb.Graph]:
    node = nb.Node(lambda n=1: 2 * n, name="double")
    with nb.Graph([node], session=session) as made:
        made.watch()
        assert made.settle(WAIT_S).results["double"].unwrap() == 2
        yield made


def test_an_idle_graph_holds_no_thread_and_goes_on_when_told(graph: nb.Graph) -> None:
    others = [graph.sibling() for _ in range(20)]
    for other in others:
        other.watch()
    until_all_rest()
    for n, one in enumerate([graph, *others]):
        one.set(n=n)
        assert one.settle(WAIT_S).results["double"].unwrap() == 2 * n
    for other in others:
        other.close()


def test_an_idle_graph_can_be_closed_and_asked_afterwards(graph: nb.Graph) -> None:
    live = graph.bound.updates()
    until_all_rest()
    graph.close()
    live.close()
    assert not deciding()
    with pytest.raises(EngineError, match="the graph was closed"):
        live.watched()


def test_a_graph_that_waits_for_a_run_does_not_rest(session: nb.Session) -> None:
    begun, may_end = threading.Event(), threading.Event()

    def slow() -> int:
        begun.set()
        while not may_end.wait(0.01):
            pass
        return 1

    with nb.Graph([nb.Node(slow, name="slow", cache=False)], session=session) as graph:
        graph.watch()
        assert begun.wait(WAIT_S)
        driver = graph.bound.updates()._driver
        assert driver.ask(driver._may_rest) is False
        may_end.set()
        assert graph.settle(WAIT_S).results["slow"].unwrap() == 1
