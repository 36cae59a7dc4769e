"""Widgets drive a graph, and its nodes are painted: what is seen, when, and from which thread."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import ipywidgets
import pytest
from recorded_screen import RecordedScreen, text_of, threads_of_views

import nbnodes as nb
from nbnodes.errors import UsageError
from nbnodes.views.binding import Binding


@pytest.fixture
def screen() -> RecordedScreen:
    return RecordedScreen()


def half(n: int) -> float:
    return n / 2


def held_above_one(gate: threading.Event) -> Callable[[int], int]:
    """Return a function that gives its argument, above one only when the gate is open."""

    def slow(n: int) -> int:
        if n > 1:
            gate.wait()
        return n

    return slow


def bound(nodes: nb.Node | list[nb.Node], session: nb.Session, **options: Any) -> Binding:
    return Binding.of(nb.Graph(nodes, session=session), **options)


def test_a_widget_drives_a_node(session: nb.Session, screen: RecordedScreen) -> None:
    slider = ipywidgets.IntSlider(3)
    binding = bound(nb.Node(lambda n: n * n, [slider], name="square"), session)
    binding.show("square", screen)
    screen.await_text("9")
    slider.value = 5
    screen.await_text("25")


def test_one_widget_may_drive_several_parameters_of_several_nodes(
    session: nb.Session, screen: RecordedScreen
) -> None:
    slider = ipywidgets.IntSlider(2)
    below = nb.Node(lambda n: n + 1, [slider], name="below")
    node = nb.Node(lambda a, b, c: (a, b, c), [slider, slider, below], name="all")
    binding = bound(node, session)
    binding.show("all", screen)
    screen.await_text("(2, 2, 3)")
    slider.value = 7
    screen.await_text("(7, 7, 8)")
    assert "(7, 7, 3)" not in screen.texts


def test_any_trait_of_a_widget_drives_a_node(session: nb.Session, screen: RecordedScreen) -> None:
    dropdown = ipywidgets.Dropdown(options=["a", "b", "c"])
    binding = bound(nb.Node(lambda n: n, [(dropdown, "index")], name="place"), session)
    binding.show("place", screen)
    screen.await_text("0")
    dropdown.value = "c"
    screen.await_text("2")


def test_a_value_that_is_kept_never_shows_as_stale(
    session: nb.Session, screen: RecordedScreen
) -> None:
    slider = ipywidgets.IntSlider(1)
    nodes = nb.Node(lambda n: n, [slider], name="first")
    last = nb.Node(lambda n: -n, [nb.Node(lambda n: n + 1, [nodes])], name="last")
    binding = bound(last, session)
    binding.show("last", screen)
    for value, text in ((1, "-2"), (2, "-3")):
        slider.value = value
        screen.await_text(text)
    for value, text in ((1, "-2"), (2, "-3")) * 5:
        screen.forget()
        slider.value = value
        screen.await_text(text)
        assert set(screen.states) <= {"fresh"}


def test_what_takes_longer_shows_as_stale_or_running_and_why(
    session: nb.Session, screen: RecordedScreen
) -> None:
    gate = threading.Event()
    slider = ipywidgets.IntSlider(1)

    binding = bound(nb.Node(held_above_one(gate), {"n": slider}, name="slow"), session)
    binding.show("slow", screen)
    screen.await_text("1")
    slider.value = 2
    screen.await_state("running")
    assert screen.text == "1"
    gate.set()
    screen.await_text("2")
    screen.await_state("fresh")


def test_what_runs_says_how_far_it_is(session: nb.Session) -> None:
    gate, has_said = threading.Event(), threading.Event()

    def fit(n: int = 1) -> int:
        nb.progress(1, 4, note="fitting")
        has_said.set()
        gate.wait()
        return n

    view = nb.view(nb.Graph(nb.Node(fit), session=session))
    header = view.nodes["fit"].header
    has_said.wait()
    RecordedScreen().await_that(lambda: header.fraction == 0.25)
    assert header.progress_text == "fitting · 1/4"
    gate.set()
    RecordedScreen().await_that(lambda: header.state == "fresh")
    view.close()


def test_what_is_shown_belongs_to_one_revision(session: nb.Session) -> None:
    gate = threading.Event()
    slider = ipywidgets.IntSlider(1)

    quick_node = nb.Node(lambda n: n, [slider], name="quick")
    slow_node = nb.Node(held_above_one(gate), [slider], name="slow")
    binding = bound([quick_node, slow_node], session)
    quick, other = RecordedScreen(), RecordedScreen()
    binding.show("quick", quick)
    binding.show("slow", other)
    other.await_text("1")
    quick.await_text("1")
    slider.value = 2
    other.await_state("running")
    quick.await_state("queued")
    assert quick.text == "1"
    gate.set()
    other.await_text("2")
    quick.await_text("2")
    quick.await_state("fresh")


def test_a_failure_is_shown_and_the_next_good_value_recovers(
    session: nb.Session, screen: RecordedScreen
) -> None:
    slider = ipywidgets.IntSlider(1)
    above = nb.Node(lambda n: 10 // n, [slider], name="above")
    binding = bound([above, nb.Node(lambda n: n, [above], name="below")], session)
    below = RecordedScreen()
    binding.show("above", screen)
    binding.show("below", below)
    below.await_text("10")
    slider.value = 0
    screen.await_state("failed")
    below.await_state("blocked")
    assert "ZeroDivisionError" in screen.text
    assert below.text == "10"
    slider.value = 5
    screen.await_text("2")
    below.await_text("2")


def test_what_a_widget_says_wrong_is_the_nodes_failure(
    session: nb.Session, screen: RecordedScreen
) -> None:
    text = ipywidgets.Text("8")
    binding = bound(nb.Node(half, [text], name="half"), session)
    binding.show("half", screen)
    screen.await_text("4.0")
    text.value = "many"
    screen.await_state("failed")
    assert "n=" in screen.text or "n:" in screen.text
    text.value = "6"
    screen.await_text("3.0")


def test_a_node_that_begins_with_a_wrong_value_recovers(
    session: nb.Session, screen: RecordedScreen
) -> None:
    text = ipywidgets.Text("many")
    binding = bound(nb.Node(half, [text], name="half"), session)
    binding.show("half", screen)
    screen.await_state("failed")
    text.value = "8"
    screen.await_text("4.0")
    screen.await_state("fresh")


def test_a_node_that_lacks_a_value_begins_when_it_has_one(
    session: nb.Session, screen: RecordedScreen
) -> None:
    binding = bound([nb.Node(half, name="half"), nb.Node(lambda: 1, name="other")], session)
    other = RecordedScreen()
    binding.show("half", screen)
    binding.show("other", other)
    other.await_text("1")
    screen.await_state("failed")
    assert "n: it has no default" in screen.reasons[-1]
    binding.graph.set(n=6)
    screen.await_text("3.0")


def test_what_cannot_be_drawn_says_so_and_the_others_go_on(session: nb.Session) -> None:
    class Undrawable:
        def _repr_html_(self) -> str:
            raise ValueError("no")

        def savefig(self, *_: Any, **__: Any) -> None:
            raise ValueError("no picture")

    class Broken(RecordedScreen):
        def show_status(self, *_: Any) -> None:
            raise RuntimeError("an observer of somebody's")

    bad = nb.Node(Undrawable, name="bad", cache=False)
    binding = bound([bad, nb.Node(lambda: "good", name="good")], session)
    first, broken, good = RecordedScreen(), Broken(), RecordedScreen()
    binding.show("bad", first)
    binding.show("good", broken)
    binding.show("good", good)
    good.await_text("good")
    good.await_state("fresh")
    first.await_state("fresh")
    assert "cannot be drawn: ValueError: no picture" in first.text


def test_a_value_that_was_set_holds_until_its_widget_says_another(
    session: nb.Session, screen: RecordedScreen
) -> None:
    slider = ipywidgets.IntSlider(1)
    binding = bound(nb.Node(lambda n: n, [slider], name="same"), session)
    binding.show("same", screen)
    binding.graph.set(n=50)
    screen.await_text("50")
    slider.value = 2
    screen.await_text("2")


def test_in_lazy_mode_a_node_runs_when_told_to_and_what_is_kept_is_shown(
    session: nb.Session, screen: RecordedScreen
) -> None:
    slider = ipywidgets.IntSlider(1)
    above = nb.Node(lambda n: n, [slider], name="above")
    binding = bound(nb.Node(lambda n: -n, [above], name="below"), session, mode="lazy")
    binding.show("below", screen)
    screen.await_state("stale")
    binding.run("below")
    screen.await_text("-1")
    slider.value = 2
    screen.await_state("stale")
    assert screen.text == "-1"
    slider.value = 1
    screen.await_state("fresh")
    slider.value = 2
    binding.run("below")
    screen.await_text("-2")


def test_in_manual_mode_changes_hold_all_at_once(
    session: nb.Session, screen: RecordedScreen
) -> None:
    calls: Counter[Any] = Counter()
    a, b = ipywidgets.IntSlider(1), ipywidgets.IntSlider(1)

    def add(x: int, y: int) -> int:
        calls.update([(x, y)])
        return x + y

    withheld: list[bool] = []
    binding = bound(nb.Node(add, [a, b], name="sum"), session, mode="manual")
    binding.withheld.subscribe(withheld.append)
    binding.show("sum", screen)
    binding.run()
    screen.await_text("2")
    a.value = 5
    b.value = 6
    screen.await_state("stale")
    assert "press Run" in screen.reasons[-1]
    binding.run()
    screen.await_text("11")
    assert (5, 1) not in calls
    assert withheld == [True, True, False]


def test_in_manual_mode_a_change_taken_back_leaves_nothing_stale(
    session: nb.Session, screen: RecordedScreen
) -> None:
    a = ipywidgets.IntSlider(1)
    binding = bound(nb.Node(lambda x: x, [a], name="same"), session, mode="manual")
    binding.show("same", screen)
    binding.run()
    screen.await_text("1")
    screen.await_state("fresh")
    a.value = 2
    screen.await_state("stale")
    a.value = 1
    binding.run()
    screen.await_state("fresh")


def test_another_mode_is_refused(session: nb.Session) -> None:
    node = nb.Node(lambda: 1)
    binding = bound(node, session)
    with pytest.raises(UsageError, match="in mode 'auto' already"):
        Binding.of(binding.graph, "manual")
    with pytest.raises(UsageError, match="expected one of auto, lazy, manual"):
        bound(nb.Node(lambda: 1), session, mode="sometimes")


def test_a_second_screen_shows_what_the_first_does(session: nb.Session) -> None:
    binding = bound(nb.Node(lambda: "here", name="only"), session)
    first, second = RecordedScreen(), RecordedScreen()
    binding.show("only", first)
    first.await_text("here")
    first.await_state("fresh")
    binding.show("only", second)
    assert (second.text, second.state) == ("here", "fresh")


def test_one_widget_says_one_thing_to_all_nodes_of_a_revision(session: nb.Session) -> None:
    slider = ipywidgets.IntSlider(0, 0, 10**6)
    nodes = [nb.Node(lambda n: n, [slider], name=name) for name in "abcdefgh"]
    graph = nb.Graph(nodes, session=session)
    mixed: list[dict[str, Any]] = []
    binding = Binding.of(graph)
    screens = {name: RecordedScreen() for name in "abcdefgh"}

    def hear(notice: object) -> None:
        if isinstance(notice, nb.Published):
            values = {name: result.value for name, result in notice.results.items()}
            if len(set(values.values())) > 1:
                mixed.append(values)

    graph.subscribe(hear)
    for name, screen in screens.items():
        binding.show(name, screen)

    def move(first: int) -> None:
        for value in range(first, 10**6, 4000):
            slider.value = value

    with ThreadPoolExecutor(3) as pool:
        list(pool.map(move, (1, 2, 3)))
    text = str(slider.value)
    for screen in screens.values():
        screen.await_text(text)
    assert mixed == []
    binding.close()


def test_in_manual_mode_a_change_during_a_run_stays_untold_by_its_end(
    session: nb.Session, screen: RecordedScreen
) -> None:
    gate = threading.Event()
    slider = ipywidgets.IntSlider(1)

    def slow(n: int) -> int:
        gate.wait()
        return n

    binding = bound(nb.Node(slow, [slider], name="slow"), session, mode="manual")
    binding.show("slow", screen)
    binding.run()
    screen.await_state("running")
    slider.value = 8
    gate.set()
    screen.await_text("1")
    screen.await_that(lambda: screen.reasons[-1].endswith("press Run"))
    binding.run()
    screen.await_text("8")
    screen.await_state("fresh")


def test_a_second_node_of_an_output_takes_it_over(session: nb.Session) -> None:
    slider, out, screen = ipywidgets.IntSlider(1), ipywidgets.Output(), RecordedScreen()
    with session:
        first = nb.view(nb.Node(lambda n: ("old", n), [slider], out=out))
        second = nb.view(nb.Node(lambda n: ("new", n), [slider], out=out))
        slider.value = 2
        screen.await_that(lambda: text_of(out.outputs) == "('new', 2)")
        first.graph.settle()
        assert text_of(out.outputs) == "('new', 2)"
        first.close()
        second.close()


def test_many_changes_from_many_threads_end_with_the_last_value(session: nb.Session) -> None:
    before = threads_of_views()
    sliders = [ipywidgets.IntSlider(0, 0, 1000) for _ in range(4)]
    screen = RecordedScreen()
    binding = bound(nb.Node(lambda a, b, c, d: (a, b, c, d), sliders, name="all"), session)
    binding.show("all", screen)

    def move(slider: ipywidgets.IntSlider) -> None:
        for value in range(1, 126):
            slider.value = value

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(move, sliders))
    screen.await_text("(125, 125, 125, 125)")
    screen.await_state("fresh")
    binding.close()
    binding.graph.close()
    screen.await_that(lambda: threads_of_views() <= before)


def test_closing_follows_nothing_any_more(session: nb.Session, screen: RecordedScreen) -> None:
    slider = ipywidgets.IntSlider(1)
    binding = bound(nb.Node(lambda n: n, [slider], name="same"), session)
    binding.show("same", screen)
    screen.await_text("1")
    observers = len(slider._trait_notifiers.get("value", {}).get("change", []))
    binding.close()
    binding.close()
    left = len(slider._trait_notifiers.get("value", {}).get("change", []))
    assert left == observers - 1
    assert Binding.of(binding.graph) is not binding
