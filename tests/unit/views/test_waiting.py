"""What is awaited comes once, in order, to everyone who waits; and nothing is observed in vain."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import gc
import threading
from concurrent.futures import ThreadPoolExecutor

import ipywidgets
import pytest

from nbnodes.errors import UsageError
from nbnodes.views import inbox
from nbnodes.views.waiting import wait_for_change, wait_for_click, wait_for_event


@pytest.fixture
def slider():
    return ipywidgets.IntSlider(description="window")


@pytest.fixture
def button():
    return ipywidgets.Button(description="Continue")


def observers(widget, trait="value"):
    return len(widget._trait_notifiers.get(trait, {}).get("change", []))


def listeners(button):
    return len(button._click_handlers.callbacks)


def in_a_loop(claim):
    """Run a coroutine function as a test."""

    @functools.wraps(claim)
    def run(*args, **kwargs):
        asyncio.run(claim(*args, **kwargs))

    return run


class Bell:
    """A source of events of one's own."""

    def __init__(self):
        self.callbacks = []
        self.begun = 0

    def subscribe(self, callback):
        self.begun += 1
        self.callbacks.append(callback)
        return lambda: self.callbacks.remove(callback)

    def ring(self, value):
        for callback in list(self.callbacks):
            callback(value)


async def collected(count, wait, *args):
    return [await wait(*args) for _ in range(count)]


async def settled():
    """Let all that is due in the loop happen."""
    for _ in range(5):
        await asyncio.sleep(0)


@in_a_loop
async def test_a_wait_gives_the_new_value(slider):
    wait = wait_for_change(slider, "value")
    slider.value = 7
    assert await wait == 7


@in_a_loop
async def test_any_trait_can_be_waited_for(slider):
    wait = wait_for_change(slider, "max")
    slider.max = 200
    assert await wait == 200


@in_a_loop
async def test_a_burst_arrives_whole_and_in_order(slider):
    task = asyncio.create_task(collected(10, wait_for_change, slider))
    await settled()
    for value in range(1, 11):
        slider.value = value
    assert await task == list(range(1, 11))


@in_a_loop
async def test_what_comes_between_two_waits_is_kept(slider):
    slider.value = 1
    wait = wait_for_change(slider)
    slider.value = 2
    assert await wait == 2
    slider.value = 3
    slider.value = 4
    await settled()
    assert await collected(2, wait_for_change, slider) == [3, 4]


@in_a_loop
async def test_what_came_before_the_first_wait_does_not_count(slider):
    slider.value = 1
    wait = wait_for_change(slider)
    await settled()
    assert not wait.done()


@in_a_loop
async def test_another_task_begins_anew(slider):
    await asyncio.gather(
        asyncio.create_task(collected(1, wait_for_change, slider)), moved(slider, [1, 2, 3])
    )
    second = asyncio.create_task(collected(1, wait_for_change, slider))
    await settled()
    assert not second.done()
    slider.value = 4
    assert await second == [4]


async def moved(slider, values):
    await settled()
    for value in values:
        slider.value = value


@in_a_loop
async def test_a_task_begun_by_a_waiting_one_has_values_of_its_own(slider):
    first = wait_for_change(slider)
    child = asyncio.create_task(collected(2, wait_for_change, slider))
    await settled()
    slider.value = 1
    slider.value = 2
    assert await child == [1, 2]
    assert [await first, await wait_for_change(slider)] == [1, 2]


@in_a_loop
async def test_everyone_who_waits_gets_the_value(slider):
    waits = [wait_for_change(slider) for _ in range(3)]
    tasks = [asyncio.create_task(collected(1, wait_for_change, slider)) for _ in range(3)]
    await settled()
    slider.value = 5
    assert await asyncio.gather(*waits) == [5, 5, 5]
    assert await asyncio.gather(*tasks) == [[5], [5], [5]]


@in_a_loop
async def test_what_was_not_read_is_not_given_again(slider, button):
    wait = wait_for_change(slider)
    slider.value = 1
    await asyncio.wait({wait, wait_for_click(button)}, return_when=asyncio.FIRST_COMPLETED)
    again = wait_for_change(slider)
    await settled()
    assert not again.done()


@in_a_loop
async def test_changes_made_on_other_threads_wake_the_loop(slider):
    task = asyncio.create_task(collected(100, wait_for_change, slider))
    await settled()

    def move():
        for value in range(1, 101):
            slider.value = value

    thread = threading.Thread(target=move)
    thread.start()
    assert await task == list(range(1, 101))
    thread.join()


@in_a_loop
async def test_of_many_threads_nothing_is_lost():
    bell = Bell()
    task = asyncio.create_task(collected(500, wait_for_event, bell.subscribe))
    await settled()
    with ThreadPoolExecutor(4) as threads:
        list(threads.map(bell.ring, range(500)))
    assert sorted(await task) == list(range(500))


def test_a_loop_in_another_thread_is_woken(slider):
    begun = threading.Event()

    async def wait():
        future = wait_for_change(slider)
        begun.set()
        return await future

    with ThreadPoolExecutor(1) as threads:
        value = threads.submit(lambda: asyncio.run(wait()))
        begun.wait()
        slider.value = 9
        assert value.result() == 9


def test_a_change_after_the_loop_has_closed_ends_the_observing(slider):
    async def leave():
        loop = asyncio.get_running_loop()
        waits = []
        loop.call_soon(lambda: waits.append(wait_for_change(slider)))
        await settled()
        return waits

    kept = asyncio.run(leave())
    assert observers(slider) == 1
    slider.value = 1
    assert observers(slider) == 0
    assert not kept[0].done()


@in_a_loop
async def test_a_click_gives_the_button(button):
    wait = wait_for_click(button)
    button.click()
    assert await wait is button


@in_a_loop
async def test_clicks_are_counted(button):
    task = asyncio.create_task(collected(3, wait_for_click, button))
    await settled()
    for _ in range(3):
        button.click()
    assert await task == [button] * 3


@in_a_loop
async def test_all_who_wait_for_a_click_get_it(button):
    tasks = [asyncio.create_task(collected(1, wait_for_click, button)) for _ in range(3)]
    await settled()
    button.click()
    assert await asyncio.gather(*tasks) == [[button]] * 3
    await settled()
    assert listeners(button) == 0


@in_a_loop
async def test_any_event_can_be_waited_for():
    bell = Bell()
    task = asyncio.create_task(collected(3, wait_for_event, bell.subscribe))
    await settled()
    for value in ("a", "b", "c"):
        bell.ring(value)
    assert await task == ["a", "b", "c"]
    await settled()
    assert bell.begun == 1
    assert bell.callbacks == []


@in_a_loop
async def test_a_function_made_for_one_wait_is_ended_with_it():
    bell = Bell()
    for value in range(3):
        wait = wait_for_event(lambda callback: bell.subscribe(callback))  # noqa: PLW0108  # a new one
        bell.ring(value)
        assert await wait == value
    gc.collect()
    await settled()
    assert bell.callbacks == []


@in_a_loop
async def test_an_event_that_comes_at_once_is_not_missed():
    def subscribe(callback):
        callback("already")
        return lambda: None

    assert await wait_for_event(subscribe) == "already"


# ---------------------------------------------------------------- cancelling


@in_a_loop
async def test_a_cancelled_task_observes_no_more(slider):
    task = asyncio.create_task(collected(1, wait_for_change, slider))
    await settled()
    assert observers(slider) == 1
    task.cancel()
    await asyncio.wait({task})
    await settled()
    assert observers(slider) == 0
    slider.value = 1


@in_a_loop
async def test_a_cancelled_wait_takes_no_value(slider):
    wait = wait_for_change(slider)
    wait.cancel()
    slider.value = 1
    await settled()
    assert wait.cancelled()
    assert await wait_for_change(slider) == 1


@pytest.mark.parametrize("rounds", range(6))
@in_a_loop
async def test_a_value_that_comes_with_a_cancel_goes_to_the_next_wait(slider, rounds):
    seen = []

    async def work():
        for _ in range(3):  # at most one of them is cancelled
            if len(seen) < 2:
                with contextlib.suppress(asyncio.CancelledError):
                    seen.append(await wait_for_change(slider, timeout_s=60))

    task = asyncio.create_task(work())
    await settled()
    slider.value = 1
    for _ in range(rounds):
        await asyncio.sleep(0)
    task.cancel()
    slider.value = 2
    await asyncio.wait({task})
    assert seen == [1, 2]


@in_a_loop
async def test_a_cancelled_task_takes_no_value_from_another(slider):
    tasks = [asyncio.create_task(collected(1, wait_for_change, slider)) for _ in range(2)]
    await settled()
    slider.value = 1
    tasks[0].cancel()
    assert await tasks[1] == [1]


# ---------------------------------------------------------------- time


@in_a_loop
async def test_a_wait_ends_in_time_and_says_for_what(slider):
    with pytest.raises(TimeoutError) as told:
        await wait_for_change(slider, timeout_s=0.01)
    assert str(told.value) == (
        "`value` of IntSlider 'window' did not change within 0.01 s: "
        "show the widget and change it, or allow more time by timeout_s"
    )


@in_a_loop
async def test_a_click_is_awaited_in_time(button):
    with pytest.raises(TimeoutError, match="nobody clicked Button 'Continue' within 0 s"):
        await wait_for_click(button, timeout_s=0)


@in_a_loop
async def test_what_comes_after_the_time_is_for_the_next_wait(slider):
    with pytest.raises(TimeoutError):
        await wait_for_change(slider, timeout_s=0)
    slider.value = 1
    assert await wait_for_change(slider, timeout_s=60) == 1


@in_a_loop
async def test_asyncio_s_own_timeouts_work(slider):
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(wait_for_change(slider), 0.01)
    slider.value = 1
    assert await asyncio.wait_for(wait_for_change(slider), 60) == 1


# ---------------------------------------------------------------- nothing is left


@in_a_loop
async def test_the_observing_ends_with_the_task(slider, button):
    async def work():
        await wait_for_change(slider)
        await wait_for_click(button)

    task = asyncio.create_task(work())
    await settled()
    slider.value = 1
    await settled()
    button.click()
    await task
    await settled()
    assert (observers(slider), listeners(button)) == (0, 0)


@in_a_loop
async def test_a_task_observes_a_widget_once(slider):
    for value in range(1, 5):
        wait = wait_for_change(slider)
        slider.value = value
        await wait
    assert observers(slider) == 1


@in_a_loop
async def test_a_wait_outlives_the_task_that_called_for_it(slider):
    async def call():
        return wait_for_change(slider)

    wait = await asyncio.create_task(call())
    await settled()
    slider.value = 1
    assert await wait == 1
    await settled()
    assert observers(slider) == 0


@in_a_loop
async def test_a_wait_that_nobody_holds_is_observed_no_more(slider):
    async def call():
        wait_for_change(slider)

    await asyncio.create_task(call())
    gc.collect()
    await settled()
    assert observers(slider) == 0


@in_a_loop
async def test_a_waiting_task_that_nobody_holds_goes_on(slider):
    seen = []

    async def work():
        seen.append(await wait_for_change(slider))

    asyncio.ensure_future(work())  # noqa: RUF006  # as notebooks do
    await settled()
    gc.collect()
    slider.value = 1
    await settled()
    assert seen == [1]


@in_a_loop
async def test_a_task_that_is_collected_observes_no_more(slider):
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(lambda _, __: None)  # asyncio tells of such tasks

    async def work():
        await wait_for_change(slider)
        await asyncio.Future()

    task = asyncio.create_task(work())
    await settled()
    slider.value = 1
    await settled()
    assert observers(slider) == 1
    del task
    gc.collect()
    await settled()
    assert observers(slider) == 0


@in_a_loop
async def test_a_wait_outside_of_any_task_ends_with_its_value(slider):
    waits = []
    asyncio.get_running_loop().call_soon(lambda: waits.append(wait_for_change(slider)))
    await settled()
    slider.value = 1
    assert await waits[0] == 1
    await settled()
    assert observers(slider) == 0


@in_a_loop
async def test_a_task_that_waits_no_more_keeps_a_bounded_number_of_values():
    bell = Bell()
    wait = wait_for_event(bell.subscribe)
    bell.ring("first")
    await wait
    for value in range(inbox.KEPT + 5):
        bell.ring(value)
    await settled()
    assert await wait_for_event(bell.subscribe) == 5


# ---------------------------------------------------------------- mistakes


@pytest.mark.parametrize(
    ("wait", "said"),
    [
        (lambda: wait_for_change(5), r"a widget is needed, and this is int: 5; write the widget"),
        (lambda: wait_for_change(print), "write wait_for_event"),
        (lambda: wait_for_change(ipywidgets.IntSlider(), "valeu"), "did you mean 'value'"),
        (lambda: wait_for_change(ipywidgets.IntSlider(), "qqqqq"), "it has .* max, min"),
        (lambda: wait_for_change(ipywidgets.IntSlider(), None), "has no trait None"),
        (lambda: wait_for_change(ipywidgets.Button()), r"write wait_for_click\(button\)"),
        (lambda: wait_for_click(ipywidgets.IntSlider()), r"write `wait_for_change\(widget\)`"),
        (lambda: wait_for_event(5), "`subscribe` must be a function, and this is int"),
        (lambda: wait_for_event(lambda _: None), "must return a function that ends .* NoneType"),
        (lambda: wait_for_change(ipywidgets.IntSlider(), timeout_s="5"), "number of seconds"),
        (lambda: wait_for_change(ipywidgets.IntSlider(), timeout_s=-1), "number of seconds"),
        (lambda: wait_for_change(ipywidgets.IntSlider(), timeout_s=True), "number of seconds"),
        (lambda: wait_for_change(ipywidgets.IntSlider(), timeout_s=float("nan")), "of seconds"),
    ],
)
@in_a_loop
async def test_a_mistake_is_told_at_once(wait, said):
    with pytest.raises(UsageError, match=said):
        wait()


def test_without_a_loop_there_is_nobody_to_wait(slider):
    with pytest.raises(UsageError, match="no event loop runs"):
        wait_for_change(slider)
    assert observers(slider) == 0
