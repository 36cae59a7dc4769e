"""What is asked for is done at a bearable pace, and the last asking is always answered."""

from __future__ import annotations

import threading
from collections.abc import Callable
from queue import Queue

import pytest

from nbnodes.live.pace import Pace

PATIENCE_S = 20


def join_paces() -> None:
    for thread in threading.enumerate():
        if thread.name == "nbnodes-pace":
            thread.join(PATIENCE_S)


def test_the_newest_value_is_seen_whoever_asks() -> None:
    value = {"now": 0}
    seen: Queue[int] = Queue()
    pace = Pace(lambda: seen.put(value["now"]), rest_s=0.001)

    def change(number: int) -> None:
        value["now"] = number
        pace.ask()

    threads = [threading.Thread(target=change, args=(n,)) for n in range(1, 50)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE_S)
    change(1000)
    while seen.get(timeout=PATIENCE_S) != 1000:
        pass


def blocked() -> tuple[Pace, threading.Event, threading.Event, list[int]]:
    began, go_on, calls = threading.Event(), threading.Event(), [0]

    def act() -> None:
        calls[0] += 1
        began.set()
        go_on.wait(PATIENCE_S)

    return Pace(act, rest_s=0.0), began, go_on, calls


def test_what_is_asked_while_it_acts_is_done_once_more_and_not_at_once() -> None:
    pace, began, go_on, calls = blocked()
    pace.ask()
    assert began.wait(PATIENCE_S)
    for _ in range(10):
        pace.ask()
    assert calls == [1]
    began.clear()
    go_on.set()
    assert began.wait(PATIENCE_S)
    join_paces()
    assert calls == [2]


@pytest.mark.parametrize("asks_before", [True, False])
def test_nothing_is_done_after_the_end_and_no_thread_stays(*, asks_before: bool) -> None:
    pace, began, go_on, calls = blocked()
    if asks_before:
        pace.ask()
        assert began.wait(PATIENCE_S)
        pace.ask()
    pace.end()
    pace.end()
    pace.ask()
    go_on.set()
    join_paces()
    assert calls == [int(asks_before)]


def test_what_waits_for_its_rest_to_be_over_is_dropped_at_the_end() -> None:
    done: Queue[None] = Queue()
    pace = Pace(lambda: done.put(None), rest_s=3600)
    pace.ask()
    done.get(timeout=PATIENCE_S)
    pace.ask()
    pace.end()
    join_paces()
    assert done.empty()


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_failure_does_not_end_it() -> None:
    turns: Queue[Callable[[], None]] = Queue()
    ended = threading.Event()

    def fail() -> None:
        raise ArithmeticError

    turns.put(fail)
    turns.put(ended.set)

    def take_turn() -> None:
        turn = turns.get(timeout=PATIENCE_S)
        turn()

    pace = Pace(take_turn, rest_s=0.0)
    pace.ask()
    join_paces()
    pace.ask()
    assert ended.wait(PATIENCE_S)
