"""A notebook's parts that are watched stay watched, however the notebook is taken apart anew."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import ipywidgets
import pytest
from notebooks import document

import nbnodes as nb
from nbnodes.graph.node import WidgetTrait
from nbnodes.live.notices import NodeMoved, Notice, Published

WAIT_S = 30.0
CELLS = (("n: int = 3", "parameters"), "a = n * 2", "b = a + 1", "c = a + n\nd = 5")
HIDDEN = (
    ("n: int = 3", "parameters"),
    "a = [n]",
    "import builtins\nv = getattr(builtins, 'ev' + 'al')('a[0] + 1')",
)


class Heard:
    """Notices of a graph, and a way to wait for one."""

    def __init__(self, graph: nb.Graph) -> None:
        self._condition = threading.Condition()
        self._notices: list[Notice] = []
        graph.subscribe(self._hear)

    def forget(self) -> None:
        with self._condition:
            self._notices.clear()

    def await_value(self, name: str, value: Any) -> None:
        self._await(
            lambda one: (
                isinstance(one, Published)
                and name in one.results
                and one.results[name].unwrap() == value
            )
        )

    def await_move(self, name: str, state: str) -> None:
        self._await(
            lambda one: isinstance(one, NodeMoved) and (one.name, one.state) == (name, state)
        )

    def _hear(self, notice: Notice) -> None:
        with self._condition:
            self._notices.append(notice)
            self._condition.notify_all()

    def _await(self, question: Callable[[Notice], bool]) -> None:
        with self._condition:
            is_there = self._condition.wait_for(lambda: any(map(question, self._notices)), WAIT_S)
        assert is_there, self._notices


def graph_of(session: nb.Session, *cells: object) -> nb.Graph:
    return nb.Graph.from_notebook(document(*cells), session=session)  # type: ignore[arg-type]


def test_a_variable_that_somebody_asks_for_leaves_the_others_watched(session: nb.Session) -> None:
    with graph_of(session, *CELLS) as graph:
        heard = Heard(graph)
        (last, *_) = [name for name in graph if name not in ("a", "b")]
        graph.watch("b", last)
        assert set(graph.settle(WAIT_S).results) == {"b", last}
        assert graph.get("d").unwrap() == 5
        assert set(graph.settle(WAIT_S).results) == {"b", last}
        heard.forget()
        graph.set(n=4)
        heard.await_move("b", "fresh")
        heard.await_value("b", {"b": 9})


def test_who_watches_twice_goes_on_watching_after_looking_away_once(session: nb.Session) -> None:
    with graph_of(session, *CELLS) as graph:
        graph.watch("b")
        graph.watch("b")
        graph.get("d")
        graph.unwatch("b")
        graph.set(n=4)
        assert graph.settle(WAIT_S).results["b"].unwrap() == {"b": 9}
        graph.unwatch("b")
        graph.set(n=5)
        graph.settle(WAIT_S)
        assert graph.states()["b"].state == "stale"


def test_what_is_run_by_hand_still_is(session: nb.Session) -> None:
    with graph_of(session, *CELLS) as graph:
        graph.bound.look_at("b", by_hand=True)
        graph.run("d")
        graph.settle(WAIT_S)
        assert graph.states()["b"].state == "stale"
        graph.refresh()
        assert graph.settle(WAIT_S).results["b"].unwrap() == {"b": 7}


def test_parts_that_are_joined_are_watched_as_one_and_follow_their_widgets(
    session: nb.Session,
) -> None:
    slider = ipywidgets.IntSlider(3)
    with graph_of(session, *HIDDEN) as graph:
        assert list(graph) == ["a", "v"]
        graph.bound.connect({"a": {"n": WidgetTrait(slider, "value")}})
        graph.watch("a")
        graph.settle(WAIT_S)
        with pytest.warns(nb.NotebookWarning, match="they are together now"):
            assert graph.run("v").unwrap() == 4
        (joined,) = graph
        assert set(graph.settle(WAIT_S).results) == {joined}
        slider.value = 5
        graph.bound.follow_widgets({"a": ["n"]})
        assert graph.settle(WAIT_S).results[joined].unwrap()["v"] == 6


def test_a_view_goes_on_following(session: nb.Session) -> None:
    graph = graph_of(session, *CELLS)
    heard = Heard(graph)
    view = nb.view(graph, layout=["controls", "b"])
    heard.await_value("b", {"b": 7})
    graph.get("d")
    heard.forget()
    view.controls["n"].value = 4
    heard.await_value("b", {"b": 9})
    view.close()
