"""A cell that ends with a node or a graph shows it live, by the graph that is already there."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import ipywidgets as w
import pytest
from IPython.core.interactiveshell import InteractiveShell
from recorded_screen import RecordedScreen, text_of

import nbnodes as nb
from nbnodes.views.cell_owned import close_with_cell
from nbnodes.views.showing import install, live_graph, live_view

WIDGET = "application/vnd.jupyter.widget-view+json"


pytestmark = pytest.mark.usefixtures("session")


@pytest.fixture
def shell(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    monkeypatch.delenv("VIRTUAL_ENV", raising=False)  # another one than this: IPython warns
    made = InteractiveShell.instance()
    install(made)
    yield made
    InteractiveShell.clear_instance()


def test_a_node_that_is_shown_is_live(shell: Any) -> None:
    slider = w.IntSlider(2)
    node = nb.Node(lambda n: n * n, [slider], name="square")
    data, _ = shell.display_formatter.format(node)
    assert WIDGET in data
    view = live_view(node)
    RecordedScreen().await_that(lambda: text_of(view.body.outputs) == "4")
    slider.value = 3
    RecordedScreen().await_that(lambda: text_of(view.body.outputs) == "9")
    view.close()


def test_a_graph_that_is_shown_is_a_widget_and_a_picture(shell: Any) -> None:
    data, _ = shell.display_formatter.format(nb.Graph(nb.Node(lambda: 1, name="one")))
    assert {WIDGET, "image/svg+xml", "text/plain"} <= data.keys()


def test_a_node_is_shown_by_the_graph_that_was_made_of_it() -> None:
    node = nb.Node(lambda n=1: n, name="same")
    graph = nb.Graph(node)
    view = live_view(node)
    assert live_graph([node]) is graph
    graph.set(n=5)
    RecordedScreen().await_that(lambda: text_of(view.body.outputs) == "5")
    view.close()


def test_a_node_is_shown_where_it_is_shown_already() -> None:
    above = nb.Node(lambda: 1, name="above")
    view = nb.view(nb.Node(lambda x: x, [above], name="below"))
    nb.Graph(above)
    assert live_graph([above]) is view.graph
    view.close()
    assert live_graph([above]) is not view.graph


def test_what_a_cell_showed_closes_when_the_cell_runs_again(shell: Any) -> None:
    class Shown:
        is_closed = False

        def close(self) -> None:
            self.is_closed = True

    def run(cell: str, message: str) -> Shown:
        shell.get_parent = lambda: {"metadata": {"cellId": cell}, "header": {"msg_id": message}}
        shown = Shown()
        close_with_cell(shown)
        return shown

    first, beside, other = run("a", "1"), run("a", "1"), run("b", "2")
    assert [one.is_closed for one in (first, beside, other)] == [False] * 3
    again = run("a", "3")
    assert [one.is_closed for one in (first, beside, other, again)] == [True, True, False, False]
