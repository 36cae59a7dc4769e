"""Runs begin while there is room."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from nbnodes.engines.children.admission import Admission, available_bytes
from nbnodes.errors import RunCancelledError

LARGE_BYTES = 1_000_000_000


def go_on() -> None:
    return None


def stop() -> RunCancelledError:
    return RunCancelledError("enough")


def test_no_more_than_so_many_go_on_at_once() -> None:
    admission, lock = Admission(2), threading.Lock()
    now = most = 0
    both = threading.Barrier(2)

    def run(_: int) -> None:
        nonlocal now, most
        with admission.admitted(go_on, 0):
            with lock:
                now += 1
                most = max(most, now)
            both.wait(10)
            with lock:
                now -= 1

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(run, range(8)))
    assert most == 2


def test_one_may_always_run() -> None:
    with Admission(1, lambda: 0).admitted(go_on, LARGE_BYTES):
        pass


def test_who_does_not_fit_waits_until_others_have_ended() -> None:
    free_bytes = [0]
    admission = Admission(9, lambda: free_bytes[0])
    with admission.admitted(go_on, 0):
        with pytest.raises(RunCancelledError), admission.admitted(stop, LARGE_BYTES):
            pass
        with admission.admitted(go_on, 1000):  # a small one fits
            pass
        free_bytes[0] = 2 * LARGE_BYTES
        with admission.admitted(go_on, LARGE_BYTES):
            pass


def test_a_run_that_fails_makes_room() -> None:
    admission = Admission(1)
    for _ in range(2):
        with pytest.raises(ZeroDivisionError), admission.admitted(stop, 0):
            raise ZeroDivisionError


def test_this_machine_tells_its_memory() -> None:
    assert (available_bytes() or 0) > 10_000_000
