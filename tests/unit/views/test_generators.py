"""A generator function goes on with each event, whoever makes it, and its errors are seen."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import ipywidgets
import pytest

from nbnodes.errors import UsageError
from nbnodes.views.generators import yield_for_change, yield_for_click, yield_for_event


@pytest.fixture
def slider():
    return ipywidgets.IntSlider()


@pytest.fixture
def button():
    return ipywidgets.Button()


def observers(widget):
    return len(widget._trait_notifiers.get("value", {}).get("change", []))


def listeners(button):
    return len(button._click_handlers.callbacks)


def test_a_yield_gives_the_new_value(slider):
    seen = []

    @yield_for_change(slider, "value")
    def work():
        seen.append("begun")
        for _ in range(3):
            value = yield
            seen.append(value)

    assert seen == []
    assert work() is None
    assert seen == ["begun"]
    for value in range(1, 6):
        slider.value = value
    assert seen == ["begun", 1, 2, 3]
    assert observers(slider) == 0


def test_arguments_are_passed_on(slider):
    seen = []

    @yield_for_change(slider)
    def work(name, *, times):
        """Work."""
        for _ in range(times):
            value = yield
            seen.append((name, value))

    work("a", times=1)
    work("b", times=2)
    slider.value = 1
    slider.value = 2
    assert seen == [("a", 1), ("b", 1), ("b", 2)]
    assert (work.__name__, work.__doc__) == ("work", "Work.")


def test_a_generator_that_never_waits_observes_nothing(slider):
    @yield_for_change(slider)
    def work():
        if observers(slider) > 1:
            yield

    work()
    assert observers(slider) == 0


def test_a_generator_may_change_the_widget_itself(slider):
    seen = []

    @yield_for_change(slider)
    def work():
        slider.value = 1
        slider.value = 2
        for _ in range(4):
            value = yield
            seen.append(value)
            slider.value = value + 10

    work()
    assert seen == [1, 2, 11, 12]


def test_changes_made_on_many_threads_come_one_after_the_other():
    seen, callbacks = [], []
    inside = threading.Semaphore(1)

    def subscribe(callback):
        callbacks.append(callback)
        return callbacks.clear

    @yield_for_event(subscribe)
    def work():
        while len(seen) < 400:
            value = yield
            assert inside.acquire(blocking=False)
            seen.append(value)
            inside.release()

    work()
    (ring,) = callbacks
    with ThreadPoolExecutor(4) as threads:
        list(threads.map(ring, range(400)))
    assert sorted(seen) == list(range(400))
    assert callbacks == []


def test_a_click_goes_on(button):
    seen = []

    @yield_for_click(button)
    def work():
        seen.append((yield))

    work()
    work()
    button.click()
    button.click()
    assert seen == [button, button]
    assert listeners(button) == 0


def test_an_error_before_the_first_yield_is_the_callers(slider):
    @yield_for_change(slider)
    def work():
        yield 1 / 0

    with pytest.raises(ZeroDivisionError):
        work()
    assert observers(slider) == 0


def test_an_error_is_raised_where_the_change_is_made_and_ends_the_observing(slider):
    @yield_for_change(slider)
    def work():
        value = yield
        yield 1 / (value - 1)

    work()
    with pytest.raises(ZeroDivisionError):
        slider.value = 1
    assert observers(slider) == 0
    slider.value = 2


def test_what_was_started_can_be_ended(slider):
    seen = []

    @yield_for_change(slider)
    def work():
        try:
            while True:
                seen.append((yield))
        finally:
            seen.append("ended")

    work()
    slider.value = 1
    work.close()
    slider.value = 2
    assert seen == [1, "ended"]
    assert observers(slider) == 0


def test_a_generator_may_end_itself_by_name(slider):
    seen = []

    @yield_for_change(slider)
    def work():
        while True:
            seen.append((yield))
            work.close()

    work()
    slider.value = 1
    slider.value = 2
    assert seen == [1]


@pytest.mark.parametrize(
    ("decorate", "said"),
    [
        (lambda: yield_for_change(5), "a widget is needed"),
        (lambda: yield_for_change(ipywidgets.IntSlider(), "vlaue"), "did you mean 'value'"),
        (lambda: yield_for_click(5), "only a Button can be clicked"),
        (lambda: yield_for_event(5), "must be a function"),
        (lambda: yield_for_change(ipywidgets.IntSlider())(len), "needs a `yield`"),
    ],
)
def test_a_mistake_is_told_when_decorating(decorate, said):
    with pytest.raises(UsageError, match=said):
        decorate()
