"""Audits end a rule that does not hold; two ask at once; runs go while they are wanted."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pandas as pd
import pytest
from desk import ROWS, WITHIN, Desk, assert_is, ran

from nbnodes.cache.equality import Tolerance
from nbnodes.errors import CacheWarning, RunCancelledError
from nbnodes.result import Result
from nbnodes.scheduler.asks import ask_of
from nbnodes.scheduler.subsetting import Answer
from nbnodes.session import Session

WAIT_S = 60.0


# ---------------------------------------------------------------- audits


SUMS = WITHIN.replace("(drop=True)", "(drop=True).assign(sum=lambda t: t.x.cumsum())")


def test_an_audit_finds_a_rule_that_does_not_hold_and_ends_it(session: Session) -> None:
    desk = Desk(session, ROWS, SUMS, ("t", "return"), audit=1.0)
    desk.ask(0, 40)
    with pytest.warns(CacheWarning, match=r"start=10 and end=20 gave another value than a slice"):
        answer = desk.ask(10, 20)
    assert_is(answer, desk.direct(10, 20))
    assert (answer.slices, len(ran())) == ((), 2)
    (family,) = desk.store.switched_off()
    later = Desk(session, ROWS, SUMS, ("t", "return"), chance=1.0)
    assert_is(later.ask(11, 19), later.direct(11, 19))
    assert desk.store.switch_on(family)
    assert later.ask(12, 18).slices


def test_an_audit_that_finds_no_difference_says_so(session: Session) -> None:
    desk = Desk(session, audit=1.0)
    desk.ask(0, 40)
    answer = desk.ask(10, 20)
    assert (len(answer.slices), answer.audited, ran()) == (1, True, ["0 40", "10 20"])
    assert desk.store.switched_off() == {}


@pytest.mark.parametrize(("chance", "is_audited"), [(0.19, True), (0.2, False), (0.9, False)])
def test_a_share_of_answers_is_audited(session: Session, chance: float, is_audited: bool) -> None:
    desk = Desk(session, audit=0.2, chance=chance)
    desk.ask(0, 40)
    assert desk.ask(10, 20).audited == is_audited


def test_an_audit_takes_row_numbers_for_the_same_however_pandas_keeps_them(
    session: Session,
) -> None:
    chosen = "t = t[(t['at'] >= start) & (t['at'] < end) & t['at'].isin([3, 6, 7])]"
    desk = Desk(session, ROWS, chosen, ("t", "return"), audit=1.0)
    assert isinstance(desk.ask(1, 40).result.unwrap().index, pd.Index)
    answer = desk.ask(5, 20)
    assert (answer.audited, list(answer.result.unwrap().index)) == (True, [6, 7])


def test_an_audit_allows_what_the_node_does(session: Session) -> None:
    body = WITHIN.replace("(drop=True)", "(drop=True).assign(y=lambda t: t.x + 1e-12 * start)")
    desk = Desk(session, ROWS, body, ("t", "return"), audit=1.0)
    parts = session.key_parts(desk.model, {"start": 10, "end": 20})
    desk.ask(0, 40)
    asked = ask_of(desk.model.notebook, {"start": 10, "end": 20}, parts, desk.interval)
    assert asked
    answer = desk.subsetting.answer(replace(asked, eq=Tolerance()), desk.run)
    assert (answer.audited, len(answer.slices)) == (True, 1)


# ---------------------------------------------------------------- at once, and what goes meanwhile


def test_two_that_ask_at_once_run_once(session: Session) -> None:
    desk = Desk(session, concat=True)
    start = threading.Barrier(4, timeout=WAIT_S)

    def ask(_: int) -> Answer:
        start.wait()
        return desk.ask(0, 40)

    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(ask, range(4)))
    assert ran() == ["0 40"]
    for answer in answers:
        assert_is(answer, desk.direct(0, 40))


def test_a_run_that_was_evicted_is_run_again(session: Session) -> None:
    desk = Desk(session)
    key = desk.ask(0, 40).result.key
    assert key
    assert desk.ask(10, 20).slices
    desk.store.delete([key])
    assert_is(desk.ask(10, 20), desk.direct(10, 20))
    assert ran() == ["0 40", "10 20"]


def test_what_goes_between_finding_and_reading_is_made_up_for(session: Session) -> None:
    desk = Desk(session, concat=True)
    for start, end in ((0, 40), (0, 20), (20, 30)):
        desk.run({"start": start, "end": end})
        desk.ask(start, end)
    key = desk.ask(0, 40).result.key

    reads = desk.store.get

    def get(wanted: Any) -> bytes | None:
        if wanted == key:
            desk.store.delete([wanted])
        return reads(wanted)

    desk.store.get = get  # type: ignore[method-assign]
    assert_is(desk.ask(5, 35), desk.direct(5, 35))
    assert ran()[-1] == "30 35"


def test_a_waiter_can_be_interrupted(session: Session) -> None:
    desk = Desk(session)
    values = {"start": 0, "end": 40}
    asked = ask_of(
        desk.model.notebook, values, session.key_parts(desk.model, values), desk.interval
    )
    assert asked
    is_running, may_end = threading.Event(), threading.Event()

    def run(values: Mapping[str, Any]) -> Result:
        is_running.set()
        assert may_end.wait(WAIT_S)
        return desk.run(values)

    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(desk.subsetting.answer, asked, run)
        assert is_running.wait(WAIT_S)
        with pytest.raises(RunCancelledError):
            desk.subsetting.answer(asked, run, interruption=lambda: RunCancelledError("enough"))
        may_end.set()
        assert first.result(WAIT_S).result.ok
