"""Worker threads: at most so many, one run after the other, and none for ever."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import CancelledError

import pytest

from nbnodes.engines.engine import CancelToken
from nbnodes.result import Result, Success
from nbnodes.scheduler.workers import Workers


@pytest.fixture
def workers() -> Iterator[Workers]:
    made = Workers(3)
    yield made
    made.close()


def here() -> Result:
    """Make a Result that tells which thread made it."""
    return Success(name="here", engine="none", value=threading.get_ident())


def test_a_thread_that_is_free_makes_the_next_run(workers: Workers) -> None:
    threads = {workers.submit(here, CancelToken()).result(10).unwrap() for _ in range(50)}
    assert len(threads) <= 2  # a run may be submitted just before the thread is free again


def test_as_many_run_at_once_as_there_may_be(workers: Workers) -> None:
    all_here = threading.Barrier(3, timeout=10)

    def together() -> Result:
        all_here.wait()
        return here()

    for _ in range(5):
        runs = [workers.submit(together, CancelToken()) for _ in range(3)]
        assert len({run.result(10).unwrap() for run in runs}) == 3


def test_no_more_run_at_once(workers: Workers) -> None:
    runs = [workers.submit(here, CancelToken()) for _ in range(300)]
    assert len({run.result(10).unwrap() for run in runs}) <= 3


def test_a_thread_that_nobody_needs_ends(workers: Workers) -> None:
    number = workers.submit(here, CancelToken()).result(10).unwrap()
    (thread,) = [one for one in threading.enumerate() if one.ident == number]
    thread.join(10)
    assert not thread.is_alive()
    assert workers.submit(here, CancelToken()).result(10).unwrap()


def test_closing_awaits_those_that_are_free_and_stops_what_waits() -> None:
    workers = Workers(1)
    number = workers.submit(here, CancelToken()).result(10).unwrap()
    (thread,) = [one for one in threading.enumerate() if one.ident == number]
    begun, cancel = threading.Event(), CancelToken()
    stopped = threading.Event()
    cancel.on_cancel(stopped.set)

    def until_stopped() -> Result:
        begun.set()
        stopped.wait(10)
        return here()

    run = workers.submit(until_stopped, cancel)
    waiting = workers.submit(here, CancelToken())
    assert begun.wait(10)
    workers.close()
    assert (run.done(), thread.is_alive()) == (True, False)
    for late in (waiting, workers.submit(here, CancelToken())):
        with pytest.raises(CancelledError):
            late.result(10)


def test_a_run_that_has_ended_cannot_be_cancelled(workers: Workers) -> None:
    cancel = CancelToken()
    run = workers.submit(here, cancel)
    run.result(10)
    assert not run.cancel()
    assert not cancel.cancelled  # what heard of it may serve others by now
