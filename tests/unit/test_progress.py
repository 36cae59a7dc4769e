"""What work says of how far it is, without an engine: nested, often, wrongly, to nobody."""

from __future__ import annotations

import itertools
import sys
import threading
from collections.abc import Callable, Iterator
from types import SimpleNamespace

import numpy as np
import pytest

from nbnodes.engines.reporter import Reporter
from nbnodes.engines.reporting import progress
from nbnodes.engines.said import MIME, Said, said_in, shown

Steps = list[Said]


def _loops() -> Iterator[None]:
    for _ in progress(range(2)):
        yield
        for _ in progress(range(2)):
            yield
    yield


def _counted_and_loop() -> Iterator[None]:
    progress(1, 2, note="second half")
    yield
    for _ in progress("ab"):
        yield
    yield


def _loop_and_number() -> Iterator[None]:
    for _ in progress("ab"):
        yield
        progress(0.5)
        yield


def _part_and_loop() -> Iterator[None]:
    progress(0.3)
    yield
    for _ in progress("ab"):
        yield


def _two_loops() -> Iterator[None]:
    for _ in range(2):
        for _ in progress("ab"):
            yield


def _zipped() -> Iterator[None]:
    for _ in zip(progress("ab"), progress("ab"), strict=True):
        progress(0.5)
        yield


def _in_endless() -> Iterator[None]:
    for _ in progress(n for n in range(2)):
        progress(0.5)
        yield


NESTED = {
    "a loop in a loop": (_loops, [0, 0, 0.25, 0.5, 0.5, 0.75, 1]),
    "a loop in a step that was counted": (_counted_and_loop, [0.5, 0.5, 0.75, 1]),
    "a number in a loop": (_loop_and_number, [0, 0.25, 0.5, 0.75]),
    "a loop after a part of the whole": (_part_and_loop, [0.3, 0, 0.5]),
    "a loop after a loop": (_two_loops, [0, 0.5, 0, 0.5]),
    "two loops at once": (_zipped, [0.125, 0.875]),
    "a loop in one without an end": (_in_endless, [None, None]),
}


@pytest.mark.parametrize("name", NESTED)
def test_what_is_nested_moves_one_bar(name: str) -> None:
    work, expected = NESTED[name]
    assert [said.fraction for said in looked_at(work)] == expected


def test_notes_and_counts_of_what_is_nested() -> None:
    def work() -> Iterator[None]:
        for _ in progress([1, 2, 3], note="fold"):
            progress(1, 2, note="fitting")
            yield

    said = looked_at(work)[-1]
    assert said == Said(fraction=2.5 / 3, done=2, total=3, note="fold, fitting")
    assert str(said) == "fold, fitting 2/3 83%"


SPOKEN = {
    "part": ((0.5,), Said(fraction=0.5)),
    "whole": ((1,), Said(fraction=1.0)),
    "count without end": ((7,), Said(done=7)),
    "too many": ((12, 10), Said(fraction=1.0, done=12, total=10)),
    "fewer than none": ((-1, 10), Said(fraction=0.0, done=-1, total=10)),
    "nothing to do": ((0, 0), Said(fraction=1.0, done=0, total=0)),
    "no number": ((float("nan"),), Said()),
    "infinite": ((5, float("inf")), Said(done=5)),
    "numpy": ((np.int64(1), np.float32(2)), Said(fraction=0.5, done=1, total=2)),
    "array without dimensions": ((np.array(0.5),), Said(fraction=0.5)),
}


@pytest.mark.parametrize("name", SPOKEN)
def test_numbers_are_understood(name: str) -> None:
    given, expected = SPOKEN[name]

    def work() -> Iterator[None]:
        progress(*given)
        yield

    (said,) = looked_at(work)
    assert said == expected
    assert said_in({"data": shown(said)}) == said


LENGTHS = {
    "list": ([1, 2], 2),
    "iterator of a list": (iter([1, 2]), 2),
    "generator": ((n for n in "ab"), None),
    "endless": (itertools.count(), None),
    "array": (np.zeros((2, 5)), 2),
    "longer than any list": (range(10**30), None),
    "nothing": ([], 0),
}


@pytest.mark.parametrize("name", LENGTHS)
def test_a_length_is_known_where_there_is_one(name: str) -> None:
    items, expected = LENGTHS[name]
    told: Steps = []
    with Reporter(lambda said, _: told.append(said)):
        next(progress(items), None)
    assert told[0].total == expected


def test_what_was_expected_is_corrected_by_what_came() -> None:
    told: Steps = []
    with Reporter(lambda said, _: told.append(said)):
        assert list(progress(iter("abc"), 5)) == ["a", "b", "c"]
    assert (told[0].total, told[-1]) == (5, Said(fraction=1.0, done=3, total=3))


def test_with_nobody_to_hear_a_loop_is_a_loop(
    capsys: pytest.CaptureFixture[str],
) -> None:
    progress(0.5, note="x")
    assert list(progress("ab")) == ["a", "b"]
    assert capsys.readouterr() == ("", "")


def test_a_terminal_shows_a_loop_of_a_program(monkeypatch: pytest.MonkeyPatch) -> None:
    written: list[str] = []
    terminal = SimpleNamespace(isatty=lambda: True, write=written.append, flush=lambda: None)
    monkeypatch.setattr(sys, "stderr", terminal)
    assert list(progress(range(3), note="rows")) == [0, 1, 2]
    assert "rows: 100%" in "".join(written)


def test_a_million_words_are_few_messages_and_no_thread_is_left() -> None:
    told: Steps = []
    with Reporter(lambda said, _: told.append(said)):
        for n in range(100_000):
            progress(n, 100_000)
    assert told[0].done == 0
    assert told[-1].done == 99_999
    assert len(told) < 1000
    assert [one for one in threading.enumerate() if one.name == "nbnodes-progress"] == []


def test_what_is_held_back_is_told_while_the_work_goes_on() -> None:
    heard = threading.Event()
    with Reporter(lambda said, _: heard.set() if said.fraction == 0.2 else None):
        progress(0.1)
        progress(0.2)
        assert heard.wait(60)


def test_words_of_many_threads_are_all_heard_of() -> None:
    told: Steps = []
    reporter = Reporter(lambda said, _: told.append(said))

    def work() -> None:
        for _ in reporter.loop(range(1000), 1000, ""):
            reporter.say(0.5, None, "")

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    reporter.end_cell()
    assert all(0 <= (said.fraction or 0) <= 1 for said in told)


def test_a_listener_that_fails_does_not_stop_the_work() -> None:
    def fail(*_: object) -> None:
        raise ValueError("no")

    with Reporter(fail):
        assert list(progress("abc")) == ["a", "b", "c"]


def test_what_a_listener_says_is_about_the_work_around() -> None:
    outer: Steps = []
    with Reporter(lambda said, _: outer.append(said)), Reporter(lambda *_: progress(3, 4)):
        progress(0.9)
    assert [said.fraction for said in outer] == [0.75]


def test_what_comes_after_the_end_is_not_heard() -> None:
    told: Steps = []
    with Reporter(lambda said, _: told.append(said)):
        rows = progress("ab")
        next(rows)
    count = len(told)
    assert list(rows) == ["b"]
    assert len(told) == count


@pytest.mark.parametrize(
    "told", [5, {}, {"fraction": "x", "note": None}, {"done": True, "total": float("inf")}]
)
def test_whatever_a_kernel_shows_as_a_bar_is_read(told: object) -> None:
    said = said_in({"data": {MIME: told}})
    assert said is not None
    assert (said.fraction, said.note) == (None, "")


def looked_at(work: Callable[[], Iterator[None]]) -> Steps:
    """Return what was known each time that the work yields."""
    told: Steps = []
    seen: Steps = []
    with Reporter(lambda said, _: told.append(said)) as reporter:
        for _ in work():
            reporter.flush()
            seen.append(told[-1])
    return seen
