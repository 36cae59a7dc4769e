"""A drawing follows a live graph, keeps its shape, and says what was picked."""

from __future__ import annotations

import gc
import re
import threading
from collections.abc import Callable, Iterator
from queue import Queue
from typing import Any

import pytest
from front_end import FrontEnd
from notebooks import document

from nbnodes import Graph, Node, Session
from nbnodes.views.graph_view import GraphView

PATIENCE_S = 20


def load(n: int = 3) -> list[int]:
    return list(range(n))


def divided(numbers: list[int], by: int = 1) -> float:
    return sum(numbers) / by


@pytest.fixture
def graph() -> Iterator[Graph]:
    numbers = Node(load, name="load", cache=False)
    with Graph([Node(divided, {"numbers": numbers}, name="divided", cache=False)]) as made:
        yield made


@pytest.fixture
def view(graph: Graph) -> Iterator[GraphView]:
    made = GraphView(graph)
    yield made
    made.close()


def wait_until(view: GraphView, is_so: Callable[[dict[str, str]], bool]) -> dict[str, str]:
    """Wait for what the boxes tell, by name."""
    changes: Queue[None] = Queue()
    view.observe(lambda _: changes.put(None), "standings")
    while not is_so(found := {told.split()[0]: state for state, _, told in view.standings}):
        changes.get(timeout=PATIENCE_S)
    return found


def test_a_graph_is_drawn_before_anybody_looks_at_it(view: GraphView) -> None:
    assert view.svg.startswith("<svg ")
    assert re.findall(r'data-node="(\w+)"', view.svg) == ["load", "divided"]
    words = ["stale", "stale · never asked for"]
    assert [standing[:2] for standing in view.standings] == [words, words]
    assert view.standings[0][2] == "load (function): stale · never asked for"


def test_states_follow_the_graph_and_the_drawing_stays(graph: Graph, view: GraphView) -> None:
    before = view.svg
    graph.watch("divided")
    wait_until(view, lambda states: {*states.values()} == {"fresh"})
    graph.set(by=0)
    assert wait_until(view, lambda states: states["divided"] == "failed")["load"] == "fresh"
    assert view.svg == before


def test_the_last_of_many_changes_from_many_threads_is_shown(graph: Graph, view: GraphView) -> None:
    graph.watch("divided")

    def change(first: int) -> None:
        for by in range(first, first + 20):
            graph.set(by=by)

    threads = [threading.Thread(target=change, args=(n,)) for n in (1, 100, 200, 300)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE_S)
    graph.set(by=0)
    wait_until(view, lambda states: states["divided"] == "failed")


def test_a_node_that_is_picked_is_told_by_its_name(view: GraphView) -> None:
    picked: list[str] = []
    view.on_pick(picked.append)
    assert view.picked is None
    FrontEnd(view).say(at=1)
    assert picked == ["divided"]
    assert view.picked == "divided"


@pytest.mark.parametrize("content", [{}, {"at": 2}, {"at": -1}, {"at": "0"}, {"at": None}])
def test_what_is_no_box_is_not_picked(view: GraphView, content: dict[str, Any]) -> None:
    picked: list[str] = []
    view.on_pick(picked.append)
    FrontEnd(view).say(**content)
    assert picked == []
    assert view.picked is None


def test_names_arrive_as_they_are_and_as_text() -> None:
    nasty = "<script>\"x\"</script> & 'y'"
    with Graph([Node(load, name=nasty)]) as made:
        view = GraphView(made)
        picked: list[str] = []
        view.on_pick(picked.append)
        FrontEnd(view).say(at=0)
        view.close()
    assert picked == [nasty]
    assert "<script" not in view.svg


HIDDEN = "import builtins\nv = getattr(builtins, 'ev' + 'al')('a[0] + 1')"


@pytest.mark.filterwarnings("ignore::nbnodes.NotebookWarning")
def test_a_graph_that_is_built_anew_is_drawn_anew() -> None:
    cells = document("a = [1]", "b = 1 + 1", HIDDEN, "w = v + b")
    with Session(engine="inprocess", cache=False) as session:
        view = GraphView(Graph.from_notebook(cells, session=session))
        FrontEnd(view).say(at=0)
        drawings: Queue[str] = Queue()
        view.observe(lambda change: drawings.put(change.new), "svg")
        view.graph.run("w")
        view.refresh()
        drawn = drawings.get(timeout=PATIENCE_S)
        view.close()
    assert drawn.count("data-node=") == len(view.graph) == len(view.standings)
    assert view.picked is None


def test_a_view_that_is_closed_follows_no_more(graph: Graph) -> None:
    view = GraphView(graph)
    view.close()
    view.close()
    before = view.standings
    graph.watch("divided")
    graph.settle(PATIENCE_S)
    for thread in threading.enumerate():
        if thread.name == "nbnodes-pace":
            thread.join(PATIENCE_S)
    assert view.standings == before


def test_a_graph_that_is_closed_can_still_be_looked_at(graph: Graph) -> None:
    graph.watch("divided")
    graph.settle(PATIENCE_S)
    graph.close()
    view = GraphView(graph)
    assert len(view.standings) == 2
    view.close()


def test_drawings_follow_the_page_and_not_the_system() -> None:
    assert '[data-jp-theme-light="false"]' in GraphView._css
    assert "prefers-color-scheme" not in GraphView._css
    assert "innerHTML" not in GraphView._esm


def test_what_could_not_be_made_can_still_be_thrown_away() -> None:
    with pytest.raises(AttributeError):
        GraphView(None)  # type: ignore[arg-type]
    gc.collect()
