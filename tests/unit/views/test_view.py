"""`nb.view` and `nb.interact`: which controls there are, what is shown where, what is refused."""

from __future__ import annotations

import datetime
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import ipywidgets as w
import pytest
from notebooks import write_notebook
from recorded_screen import RecordedScreen, text_of, threads_of_views

import nbnodes as nb
from nbnodes.errors import GraphError, ParameterError, UsageError

MODELS = Path(__file__).parents[3] / "model_notebooks"


pytestmark = pytest.mark.usefixtures("session")


def await_text(view: nb.View, name: str, text: str) -> None:
    RecordedScreen().await_that(lambda: text_of(view.nodes[name].body.outputs) == text)


def classes(widget: Any) -> list[str]:
    return [type(one).__name__ for one in walked(widget)]


def walked(widget: Any) -> Iterator[Any]:
    yield widget
    for child in getattr(widget, "children", ()):
        yield from walked(child)


def test_controls_are_made_from_the_parameters_of_all_that_is_needed() -> None:
    prices = nb.Node(MODELS / "prices.ipynb")
    trend = nb.Node(MODELS / "trend.ipynb", input={"prices": prices})
    view = nb.view(trend)
    assert list(view.controls) == ["start", "end", "window"]
    assert view.controls["start"].value == datetime.date(2000, 1, 1)
    assert view.controls["window"].value == 12
    view.close()


def test_a_control_that_is_moved_moves_the_nodes(tmp_path: Path) -> None:
    square = write_notebook(
        tmp_path / "square.ipynb", ("n: int = 3", "parameters"), ("n * n", "return")
    )
    view = nb.view(square)
    await_text(view, "square", "9")
    view.controls["n"].value = 5
    await_text(view, "square", "25")
    view.close()


def test_a_given_widget_is_the_control() -> None:
    slider = w.IntSlider(2)
    view = nb.view(nb.Node(lambda n: n + 1, [slider], name="next"))
    assert view.controls == {"n": slider}
    assert slider in list(walked(view))
    await_text(view, "next", "3")
    view.close()


def test_bounds_that_are_guessed_are_marked() -> None:
    view = nb.interact(lambda x=5, y=5: x * y, y=(0, 9))
    x, y = view.controls["x"], view.controls["y"]
    assert (x.min, x.max) == (-5, 15)
    assert "guessed" in x.tooltip
    assert "nbnodes-guessed" in x._dom_classes
    assert not y.tooltip
    view.close()


def test_constants_have_no_control() -> None:
    view = nb.view(nb.Node(lambda n, m=2: n + m, [1], name="sum"))
    assert list(view.controls) == ["m"]
    view.close()


def test_parameters_of_one_name_share_a_control_where_they_mean_the_same() -> None:
    def first(n: int = 1, k: int = 1) -> int:
        return n + k

    def second(n: int = 1, k: float = 0.5) -> float:
        return n + k

    view = nb.view([nb.Node(first), nb.Node(second)])
    assert list(view.controls) == ["n", "first.k", "second.k"]
    view.controls["n"].value = 10
    await_text(view, "first", "11")
    await_text(view, "second", "10.5")
    view.close()


def test_controls_may_be_given_shortly() -> None:
    view = nb.view(nb.Node(lambda n=1: n, name="same"), controls={"n": (0, 50, 5)})
    slider = view.controls["n"]
    assert (type(slider), slider.min, slider.max, slider.step) == (w.IntSlider, 0, 50, 5)
    view.close()


def test_a_control_of_nothing_is_refused() -> None:
    with pytest.raises(UsageError, match=r"no parameter m .*there are: n"):
        nb.view(nb.Node(lambda n=1: n), controls={"m": 1})


def test_a_folder_shows_what_comes_last() -> None:
    view = nb.view(MODELS)
    assert list(view.nodes) == ["fibonacci", "figure"]
    view.close()


def test_a_layout_puts_everything_in_its_place() -> None:
    above = nb.Node(lambda n=1: n, name="above")
    below = nb.Node(lambda n: -n, [above], name="below")
    own = w.HTML("<b>mine</b>")
    view = nb.view(below, layout=[[own, "n"], [above, ["below", {"G": "graph", "L": "log"}]]])
    names = classes(view)
    assert (names.count("NodeView"), names.count("GraphView"), names.count("EventLog")) == (2, 1, 1)
    assert names.count("Tab") == 1
    assert own in list(walked(view))
    assert list(view.nodes) == ["above", "below"]
    view.close()


def test_what_a_layout_cannot_show_is_refused() -> None:
    node = nb.Node(lambda n=1: n, name="same")
    with pytest.raises(UsageError, match=r"'sme' .*same, n, controls, run, graph, log"):
        nb.view(node, layout=["sme"])
    with pytest.raises(UsageError, match="is no node of"):
        nb.view(node, layout=[nb.Node(lambda: 1)])


def test_mistakes_in_the_wiring_are_told_at_once() -> None:
    with pytest.raises(GraphError, match="windw"):
        nb.view(nb.Node(MODELS / "trend.ipynb", input={"windw": 1}))


def test_a_parameter_without_a_value_is_told_where_the_node_is_shown() -> None:
    view = nb.view(nb.Node(lambda anything: anything, name="same"))
    RecordedScreen().await_that(lambda: view.nodes["same"].header.state == "failed")
    assert "anything" in view.nodes["same"].header.reason
    view.close()


def test_the_pages_address_sets_controls(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SERVER_SOFTWARE", "voila/0.5")
    query = "window=24&start=2005-03-01&end=never&strat=1&token=x"
    monkeypatch.setenv("QUERY_STRING", query)
    view = nb.view(MODELS / "prices.ipynb")
    other = nb.view(nb.Node(MODELS / "trend.ipynb"))
    assert view.controls["start"].value == datetime.date(2005, 3, 1)
    assert view.controls["end"].value == datetime.date(2010, 12, 31)
    assert other.controls["window"].value == 24
    wrong, misspelt = view.children[0].problems
    assert wrong.startswith("end: 'never' is no datetime.date")
    assert misspelt == "strat: no such parameter; did you mean start?"
    assert other.children[0].problems == []
    view.close()
    other.close()


def test_the_pages_address_sets_what_a_function_takes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SERVER_SOFTWARE", "voila/0.5")
    monkeypatch.setenv("QUERY_STRING", "x=7&b=true&f=2&row=1")
    dropdown = w.Dropdown(options=["a", "b"])
    node = nb.Node(
        lambda x=1, b=False, f=0.5, *, row: (x, b, f, row),
        {"row": (dropdown, "index")},
        name="all",
    )
    view = nb.view(node, controls={"x": (0, 10)})
    assert view.children[0].problems == []
    await_text(view, "all", "(7, True, 1.5, 1)")
    view.close()


def test_interact_makes_a_view_of_a_model_or_a_function() -> None:
    fib = nb.Model(MODELS / "fibonacci.ipynb")
    view = nb.interact(fib, n=(1, 30))
    await_text(view, "fibonacci", "610")
    view.controls["n"].value = 10
    await_text(view, "fibonacci", "55")
    view.close()


def test_a_model_runs_in_its_own_session_whatever_is_fixed() -> None:
    with nb.Session(cache=":memory:", engine="inprocess") as own:
        model = own.model(MODELS / "fibonacci.ipynb")
        for fixed in ({}, {"n": w.fixed(5)}):
            view = nb.interact(model, **fixed)
            assert view.graph.session is own
            view.close()


def test_what_a_function_requires_is_set_by_its_control() -> None:
    view = nb.interact(lambda n: n + 1, n=(0, 9))
    (name,) = view.nodes
    view.controls["n"].value = 4
    await_text(view, name, "5")
    view.close()
    mixed = nb.interact(lambda a, b: (a, b), a=w.fixed("x"), b=(0, 9))
    (name,) = mixed.nodes
    mixed.controls["b"].value = 3
    await_text(mixed, name, "('x', 3)")
    mixed.close()


def test_interact_decorates_a_function() -> None:
    @nb.interact(x=(0, 10), y=w.fixed(2))
    def times(x: int = 3, y: int = 1) -> int:
        return x * y

    assert times(2, 5) == 10


def test_what_is_fixed_is_no_control() -> None:
    view = nb.interact(lambda x=1, y=1: x * y, x=4, y=w.fixed(5))
    assert list(view.controls) == ["x"]
    (name,) = view.nodes
    await_text(view, name, "20")
    view.close()


def test_what_cannot_be_a_control_is_refused() -> None:
    with pytest.raises((UsageError, ParameterError), match="x"):
        nb.interact(lambda x=1: x, x=object())


def test_a_manual_view_has_a_button_that_runs_it() -> None:
    view = nb.interact(lambda x=1: x + 1, mode="manual", x=(0, 10))
    (name,) = view.nodes
    (button,) = [one for one in walked(view) if isinstance(one, w.Button)]
    button.click()
    await_text(view, name, "2")
    view.controls["x"].value = 5
    assert button.button_style == "primary"
    button.click()
    await_text(view, name, "6")
    assert button.button_style == ""
    view.close()


def test_closing_a_view_leaves_nothing_at_work() -> None:
    before = threads_of_views()
    slider = w.IntSlider(1)
    view = nb.view(nb.Node(lambda n: n, [slider], name="same"), layout=["same", "graph", "log"])
    await_text(view, "same", "1")
    view.close()
    view.close()
    slider.value = 2
    RecordedScreen().await_that(lambda: threads_of_views() <= before)
    assert slider.comm is not None


def test_closing_a_view_closes_every_widget_that_it_made() -> None:
    there = set(w.widgets.widget._instances)
    given = w.IntSlider(1)
    node = nb.Node(lambda n, m=1: n + m, [given], name="sum", out=w.VBox())
    view = nb.view(node, layout=["controls", ["sum", {"G": "graph"}], "log"], mode="lazy")
    view.close()
    left = [w.widgets.widget._instances[one] for one in set(w.widgets.widget._instances) - there]
    own = {given, given.layout, given.style, node.out, node.out.layout}
    kinds = {type(one).__name__ for one in left if one not in own}
    assert kinds <= {"Layout", "SliderStyle", "DescriptionStyle", "ButtonStyle", "CheckboxStyle"}


def test_two_views_of_a_graph_share_their_controls() -> None:
    graph = nb.Graph(nb.Node(lambda x=3: x, name="same"))
    one, two = nb.view(graph), nb.view(graph)
    assert one.controls["x"] is two.controls["x"]
    one.controls["x"].value = 7
    await_text(two, "same", "7")
    one.close()
    two.controls["x"].value = 8
    await_text(two, "same", "8")
    two.close()


def test_a_graph_can_be_shown_again_in_another_mode() -> None:
    graph = nb.Graph(nb.Node(lambda x=3: x, name="same"))
    nb.view(graph, mode="lazy").close()
    view = nb.view(graph)
    await_text(view, "same", "3")
    view.close()


def test_a_view_that_could_not_be_made_leaves_nothing() -> None:
    graph = nb.Graph(nb.Node(lambda x=3: x, name="same"))
    with pytest.raises(UsageError):
        nb.view(graph, layout=["sme"])
    view = nb.view(graph, mode="manual")
    view.close()


def test_what_a_program_watches_goes_on_when_the_view_closes() -> None:
    graph = nb.Graph(nb.Node(lambda x=3: x, name="same"))
    graph.watch("same")
    nb.view(graph).close()
    graph.set(x=4)
    assert graph.settle().results["same"].value == 4
    graph.close()


def test_a_widget_that_feeds_a_node_leaves_no_room_for_another_control() -> None:
    node = nb.Node(lambda x: x, [w.IntSlider(1)], name="same")
    with pytest.raises(UsageError, match="x: a IntSlider feeds it already"):
        nb.view(node, controls={"x": [10, 20]})


def test_a_lazy_node_runs_when_its_button_is_pressed() -> None:
    view = nb.view(nb.Node(lambda x=3: x * 2, name="double", trigger="lazy"))
    header = view.nodes["double"].header
    RecordedScreen().await_that(lambda: header.state == "stale")
    assert header.reason == "it runs when asked for"
    assert header.is_runnable
    header._handle_custom_msg({"do": "run"}, [])
    await_text(view, "double", "6")
    RecordedScreen().await_that(lambda: header.state == "fresh")
    view.controls["x"].value = 4
    RecordedScreen().await_that(lambda: header.state == "stale")
    assert header.is_runnable
    header._handle_custom_msg({"do": "run"}, [])
    await_text(view, "double", "8")
    view.close()


def test_stopping_one_node_leaves_what_others_need() -> None:
    gate, begun = threading.Event(), threading.Event()

    def slow(n: int = 1) -> int:
        begun.set()
        gate.wait()
        return n

    above = nb.Node(slow, name="above")
    nodes = [nb.Node(lambda x: x, [above], name=name) for name in ("left", "right")]
    view = nb.view(nodes)
    begun.wait()
    view.nodes["left"].header._handle_custom_msg({"do": "cancel"}, [])
    RecordedScreen().await_that(lambda: view.nodes["left"].header.state == "cancelled")
    gate.set()
    await_text(view, "right", "1")
    view.close()


def test_a_node_that_was_hidden_is_shown_again() -> None:
    graph = nb.Graph([nb.Node(lambda n=1: n, name="a"), nb.Node(lambda m=2: m, name="b")])
    one, two = nb.view(graph, layout=["a"]), nb.view(graph, layout=["b"])
    await_text(one, "a", "1")
    one.close()
    again = nb.view(graph, layout=["a"])
    await_text(again, "a", "1")
    RecordedScreen().await_that(lambda: again.nodes["a"].header.state == "fresh")
    again.close()
    two.close()


def test_a_graph_that_is_closed_under_its_view_is_not_called_fresh() -> None:
    slider = w.IntSlider(1)
    node = nb.Node(lambda n: n, [slider], name="same")
    view = nb.view(node)
    await_text(view, "same", "1")
    view.graph.close()
    slider.value = 2
    header = view.nodes["same"].header
    RecordedScreen().await_that(lambda: header.reason == "its graph is closed")
    again = nb.view(view.graph)
    await_text(again, "same", "2")
    again.close()
    view.close()


@pytest.mark.parametrize("what", [5, None, {}.get])
def test_what_is_nothing_to_view_is_refused(what: Any) -> None:
    with pytest.raises(UsageError, match="a view is of a Graph, Nodes, Models or notebooks"):
        nb.view(what)


def test_what_is_shown_elsewhere_goes_on_when_one_view_closes() -> None:
    slider = w.IntSlider(1)
    first = nb.Node(lambda n: n, [slider], name="first")
    second = nb.Node(lambda n: -n, [slider], name="second")
    graph = nb.Graph([first, second])
    one, two = nb.view(graph, layout=["first"]), nb.view(graph, layout=["second"])
    one.close()
    slider.value = 8
    await_text(two, "second", "-8")
    two.close()


def test_a_views_button_runs_stops_and_shows_the_code() -> None:
    gate, is_running = threading.Event(), threading.Event()

    def slow(n: int = 1) -> int:
        is_running.set()
        while not gate.wait(0.01):
            pass
        return n

    view = nb.view(nb.Node(slow))
    node = view.nodes["slow"]
    is_running.wait()
    node.header._handle_custom_msg({"do": "cancel"}, [])
    RecordedScreen().await_that(lambda: node.header.state == "cancelled")
    assert node.header.is_runnable
    gate.set()
    node.header._handle_custom_msg({"do": "run"}, [])
    await_text(view, "slow", "1")
    node.header._handle_custom_msg({"do": "code"}, [])
    assert node.header.problem == ""
    view.close()


def test_a_view_offers_what_its_value_can_be_saved_as() -> None:
    view = nb.view(MODELS / "prices.ipynb")
    header = view.nodes["prices"].header
    RecordedScreen().await_that(lambda: header.formats == ["json", "csv", "ipynb"])
    for name in ("json", "csv", "ipynb"):
        header._handle_custom_msg({"do": "download", "format": name}, [])
        assert header.problem == ""
    view.close()
