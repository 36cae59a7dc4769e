"""What ipywidgets-runner's own notebook and README do, with `import nbnodes as wr`."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator
from datetime import date
from typing import Any

import ipywidgets as w
import pytest
from recorded_screen import RecordedScreen, text_of

import nbnodes as wr
from nbnodes.errors import UsageError
from nbnodes.views.binding import Binding
from nbnodes.views.node_view import NodeView

pytestmark = pytest.mark.usefixtures("session")


class Dashboard:
    """example.ipynb: two texts, two nodes of their own, one of both; a node may be held up."""

    def __init__(self) -> None:
        self.calls: Counter[Any] = Counter()
        self.gate = threading.Event()
        self.gate.set()
        self.first, self.second, self.out = w.Text(), w.Text(), w.Output()
        n1 = wr.Node(args=[self.first], f=self.f1)
        n2 = wr.Node(args=[self.second], f=self.f1, name="n2")
        self.node = wr.Node(args=[n1, n2], f=self.f2, display_widget=self.out)
        self.main = w.VBox([self.first, self.second, self.out])
        self.screen = RecordedScreen()

    def f1(self, a: str) -> str:
        self.calls[f"f1 {a}"] += 1
        self.gate.wait()
        return a + a

    def f2(self, a: str, b: str) -> str:
        if "!" in a:
            raise ValueError(a)
        self.calls[f"f2 {a} {b}"] += 1
        return a + b

    def start(self) -> None:
        wr.start(self.main)
        graph = self.node.shown_in
        name = next(name for name, node in graph.nodes.items() if node is self.node)
        Binding.of(graph).show(name, self.screen)

    def await_text(self, text: str) -> None:
        self.screen.await_that(lambda: text_of(self.out.outputs) == text)

    def await_frame(self, frame: str | None) -> None:
        self.screen.await_that(lambda: self.out.layout.border_top == frame)


@pytest.fixture
def dashboard() -> Iterator[Dashboard]:
    made = Dashboard()
    made.start()
    yield made
    made.gate.set()
    made.node.shown_in.close()


def test_the_example_follows_its_texts(dashboard: Dashboard) -> None:
    dashboard.await_text("")
    dashboard.first.value = "a"
    dashboard.await_text("aa")
    calls = dict(dashboard.calls)
    dashboard.second.value = "b"
    dashboard.await_text("aabb")
    assert dashboard.calls["f1 a"] == calls["f1 a"]


def test_a_burst_shows_the_last_value_and_none_between(dashboard: Dashboard) -> None:
    dashboard.second.value = "b"
    dashboard.await_text("bb")
    dashboard.gate.clear()
    for text in "axyz":
        dashboard.first.value = text
    dashboard.gate.set()
    dashboard.await_text("zzbb")
    assert set(dashboard.screen.texts) <= {"", "bb", "zzbb"}


def test_an_earlier_value_is_answered_from_the_cache(dashboard: Dashboard) -> None:
    dashboard.second.value = "b"
    for text in ("", "a", "z"):
        dashboard.first.value = text
        dashboard.await_text(text * 2 + "bb")
    calls = dict(dashboard.calls)
    dashboard.first.value = "a"
    dashboard.await_text("aabb")
    dashboard.first.value = ""
    dashboard.await_text("bb")
    assert dict(dashboard.calls) == calls


def test_an_error_is_shown_in_its_place_and_the_next_good_input_recovers(
    dashboard: Dashboard,
) -> None:
    dashboard.first.value = "!"
    dashboard.await_frame("solid red 3px")
    assert "ValueError: !!" in text_of(dashboard.out.outputs)
    dashboard.first.value = "a"
    dashboard.await_text("aa")
    dashboard.await_frame(None)


def test_a_plain_output_is_framed_by_state(dashboard: Dashboard) -> None:
    dashboard.await_frame(None)
    dashboard.gate.clear()
    dashboard.first.value = "k"
    dashboard.await_frame("dashed gray 3px")
    dashboard.gate.set()
    dashboard.await_text("kk")
    dashboard.await_frame(None)


def test_what_itself_runs_is_framed_green() -> None:
    gate = threading.Event()
    out, text, screen = w.Output(), w.Text("a"), RecordedScreen()

    def slow(a: str) -> str:
        gate.wait()
        return a

    node = wr.OutNode(input=[text], f=slow, out=out)
    wr.start(out)
    screen.await_that(lambda: out.layout.border_top == "dashed green 3px")
    gate.set()
    screen.await_that(lambda: out.layout.border_top is None and bool(out.outputs))
    node.shown_in.close()


def test_the_readme_runs() -> None:
    first_name, last_name, born = (
        w.Text("Ada"),
        w.Text("Byron"),
        w.DatePicker(value=date(1815, 12, 10)),
    )
    out, screen = w.Output(), RecordedScreen()
    full_name_node = wr.Node(input=[first_name, last_name], f=lambda x, y: x + y)
    name_and_time_node = wr.Node(
        input=[full_name_node, born], f=lambda x, y: x + str((date(1843, 10, 1) - y).days)
    )
    output_node = wr.OutNode(input=[name_and_time_node], f=lambda x: x.upper(), out=out)
    wr.start(w.VBox([first_name, last_name, born, out]))
    screen.await_that(lambda: text_of(out.outputs) == "ADABYRON10157")
    last_name.value = "Lovelace"
    screen.await_that(lambda: text_of(out.outputs) == "ADALOVELACE10157")
    output_node.shown_in.close()


def test_what_is_passed_on_and_what_is_shown_may_differ() -> None:
    out, below, screen = w.Output(), w.Output(), RecordedScreen()
    node = wr.Node(args=[], f=lambda: wr.Output(value=7, display="seven"), display_widget=out)
    last = wr.Node(args=[node], f=lambda x: x + 1, display_widget=below)
    wr.display(w.HBox([out, below]), debug=True)
    screen.await_that(lambda: (text_of(out.outputs), text_of(below.outputs)) == ("seven", "8"))
    last.shown_in.close()


def test_a_container_is_filled_by_a_whole_node_view() -> None:
    box = w.VBox()
    node = wr.Node(lambda: 1, out=box, name="one")
    wr.start(box)
    (view,) = box.children
    assert isinstance(view, NodeView)
    assert view.node_name == "one"
    node.shown_in.close()


def test_starting_twice_changes_nothing() -> None:
    out = w.Output()
    node = wr.Node(lambda: 1, out=out)
    wr.start(out)
    graph = node.shown_in
    wr.start(w.VBox([out]))
    assert node.shown_in is graph
    graph.close()


def test_a_place_that_cannot_show_anything_is_refused() -> None:
    nodes = [wr.Node(lambda: 1, out=w.Text(), name="a"), wr.Node(lambda: 2, out="b", name="b")]
    graph = wr.Graph(nodes)
    with pytest.raises(UsageError, match=r"a: out: .* found Text\nb: out: .* found str"):
        wr.view(graph)
