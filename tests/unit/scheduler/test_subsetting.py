"""A range is answered from what is stored: sliced, joined, or run; never with another value."""

from __future__ import annotations

import datetime as dt
from typing import Any
from zoneinfo import ZoneInfo

import pandas as pd
import pytest
from desk import OPEN, ROWS, TABLE, WITHIN, Desk, assert_is, ran

from nbnodes.errors import CacheWarning, UsageError
from nbnodes.result import Failure, Success
from nbnodes.scheduler.asks import ask_of
from nbnodes.session import Session

BERLIN = ZoneInfo("Europe/Berlin")


# ---------------------------------------------------------------- slices


def test_a_narrower_range_is_a_slice_and_nothing_runs(session: Session) -> None:
    desk = Desk(session)
    whole = desk.ask(0, 40)
    assert (whole.slices, whole.ran, whole.result.cached) == ((), ((0, 40),), False)
    part = desk.ask(10, 20)
    assert_is(part, desk.direct(10, 20))
    assert (ran(), part.ran, part.result.cached) == (["0 40"], (), True)
    (source,) = part.slices
    assert str(source) == f"a slice of {whole.result.key[:12]} (0 to 40)"  # type: ignore[index]


def test_a_slice_does_not_show_what_the_whole_run_showed(session: Session) -> None:
    desk = Desk(session)
    assert desk.ask(0, 40).result.stdout == "40\n"
    part = desk.ask(10, 20).result
    assert isinstance(part, Success)
    assert (part.stdout, part.outputs, part.key, part.name) == ("", (), None, "n.ipynb")
    assert (part.engine, part.duration_s > 0) == ("inprocess", True)


def test_the_very_run_is_taken_before_a_slice(session: Session) -> None:
    desk = Desk(session)
    desk.run({"start": 10, "end": 20})
    desk.ask(0, 40)
    again = desk.ask(10, 20)
    assert (again.slices, again.result.stdout, again.result.cached) == ((), "10\n", True)
    assert ran() == ["10 20", "0 40"]


def test_defaults_are_bounds_too(session: Session) -> None:
    desk = Desk(session)
    parts = session.key_parts(desk.model, {})
    asked = ask_of(desk.model.notebook, {}, parts, desk.interval)
    assert asked
    assert (asked.start, asked.end, asked.key) == (0, 40, parts.key)
    desk.subsetting.answer(asked, desk.run)
    assert desk.ask(1, 2).slices
    assert ran() == ["0 40"]


def test_another_parameter_is_another_family(session: Session) -> None:
    desk = Desk(session)
    desk.ask(0, 40)
    assert_is(desk.ask(10, 20, factor=3), desk.direct(10, 20, factor=3))
    assert ran() == ["0 40", "10 20"]


def test_other_code_is_another_family(session: Session) -> None:
    Desk(session).ask(0, 40)
    desk = Desk(session, ROWS, WITHIN, ("t.assign(y=1)", "return"))
    assert_is(desk.ask(10, 20), desk.direct(10, 20))
    assert ran() == ["0 40", "10 20"]


@pytest.mark.parametrize(
    ("start", "end"), [(39, 41), (-1, 3), (None, 3), (3, None), (None, None), (30, 20)]
)
def test_what_is_not_covered_runs(session: Session, start: Any, end: Any) -> None:
    within = "t = t[(t['at'] >= (start or 0)) & (t['at'] < (end or 99))].reset_index(drop=True)"
    desk = Desk(session, ROWS, within, ("t", "return"), declared=OPEN)
    desk.ask(0, 40)
    assert_is(desk.ask(start, end), desk.direct(start, end))
    assert ran() == ["0 40", f"{start} {end}"]


def test_no_bound_covers_every_bound(session: Session) -> None:
    within = "t = t.query('at >= @start') if start is not None else t"
    desk = Desk(session, ROWS, within, ("t", "return"), declared=OPEN)
    desk.ask(None, None)
    assert len(desk.ask(5, None).result.unwrap()) == 95
    assert len(desk.ask(5, 10).result.unwrap()) == 5
    assert ran() == ["None None"]


def test_a_failure_is_a_failure_and_covers_nothing(session: Session) -> None:
    desk = Desk(session, "if start == 0:\n    1 / 0", *TABLE)
    assert isinstance(desk.ask(0, 40).result, Failure)
    assert desk.ask(10, 20).result.ok
    assert ran() == ["0 40", "10 20"]


DAYS = """import pandas as pd
hours = pd.date_range('2000-03-20', periods=2000, freq='h', tz=%r)
t = pd.DataFrame({'x': range(2000)}, index=hours)"""


def test_instants_are_compared_across_zones_and_a_changed_clock(session: Session) -> None:
    cells = (DAYS % "Europe/Berlin", ("t[(t.index >= start) & (t.index < end)]", "return"))
    desk = Desk(session, *cells, declared="start = None\nend = None", on=None)
    desk.ask(dt.datetime(2000, 3, 21, tzinfo=dt.UTC), dt.datetime(2000, 4, 20, tzinfo=dt.UTC))
    tokyo = ZoneInfo("Asia/Tokyo")
    for start, end, count in (
        (dt.datetime(2000, 3, 26, tzinfo=BERLIN), dt.datetime(2000, 3, 27, tzinfo=BERLIN), 23),
        (dt.datetime(2000, 4, 1, tzinfo=BERLIN), dt.datetime(2000, 4, 2, tzinfo=BERLIN), 24),
        (dt.datetime(2000, 3, 26, tzinfo=tokyo), dt.datetime(2000, 3, 27, tzinfo=tokyo), 24),
    ):
        answer = desk.ask(start, end)
        assert (len(answer.result.unwrap()), len(answer.slices)) == (count, 1)
        assert_is(answer, desk.direct(start, end))
    assert len(ran()) == 1


def test_bounds_that_cannot_be_compared_are_refused(session: Session) -> None:
    desk = Desk(session, declared="start = None\nend = None")
    naive, aware = dt.datetime(2000, 1, 1), dt.datetime(2000, 1, 1, tzinfo=dt.UTC)  # noqa: DTZ001
    with pytest.raises(UsageError, match="start is a time without a zone and end is a time with"):
        desk.ask(naive, aware)
    with pytest.raises(UsageError, match=r"start=\[1\] is no bound.*end=True is no bound"):
        desk.ask([1], True)
    assert ran() == []


@pytest.mark.parametrize(
    "value", ["{'a': 1}", "t['x'].sum()", "t.rename(columns={'at': 'when'})", "None"]
)
def test_a_value_without_such_rows_runs_and_says_so_once(session: Session, value: str) -> None:
    desk = Desk(session, ROWS, WITHIN, (value, "return"))
    desk.ask(0, 40)
    with pytest.warns(CacheWarning, match=r"n.ipynb: it runs as a whole, as its value is not"):
        assert_is(desk.ask(10, 20), desk.direct(10, 20))
    assert_is(desk.ask(11, 20), desk.direct(11, 20))
    assert len(ran()) == 3


# ---------------------------------------------------------------- joined


@pytest.mark.parametrize("is_ascending", [True, False])
def test_only_what_is_missing_runs(session: Session, is_ascending: bool) -> None:
    order = f"t.sort_values('at', ascending={is_ascending}, ignore_index=True)"
    desk = Desk(session, ROWS, WITHIN, (order, "return"), concat=True)
    desk.ask(10, 20)
    answer = desk.ask(5, 25)
    assert_is(answer, desk.direct(5, 25))
    assert ran() == ["10 20", "5 10", "20 25"]
    assert (answer.ran, len(answer.slices), answer.result.cached) == (((5, 10), (20, 25)), 1, False)
    answer = desk.ask(6, 24)
    assert_is(answer, desk.direct(6, 24))
    assert (len(ran()), len(answer.slices), answer.result.cached) == (3, 3, True)


def test_without_concat_all_of_it_runs(session: Session) -> None:
    desk = Desk(session)
    desk.ask(10, 20)
    assert_is(desk.ask(5, 25), desk.direct(5, 25))
    assert ran() == ["10 20", "5 25"]


def test_a_function_may_join(session: Session) -> None:
    cells = (ROWS, WITHIN, ("t.to_dict('records')", "return"))
    desk = Desk(session, *cells, concat=lambda parts: [row for part in parts for row in part])
    desk.ask(10, 20)
    answer = desk.ask(5, 25)
    assert_is(answer, desk.direct(5, 25))
    assert len(answer.slices) == 1


def test_a_function_that_fails_to_join_costs_a_run(session: Session) -> None:
    desk = Desk(session, concat=lambda parts: parts.nothing)
    desk.ask(10, 20)
    with pytest.warns(CacheWarning, match="concat failed: AttributeError"):
        assert_is(desk.ask(5, 25), desk.direct(5, 25))


def test_a_gap_that_fails_is_the_failure(session: Session) -> None:
    desk = Desk(session, "if start == 5:\n    1 / 0", *TABLE, concat=True)
    desk.ask(10, 20)
    answer = desk.ask(5, 15)
    assert isinstance(answer.result, Failure)
    assert (answer.slices, answer.ran) == ((), ((5, 10),))


# ---------------------------------------------------------------- halo


ROLLING = WITHIN.replace("(drop=True)", "(drop=True).assign(mean=lambda t: t.x.rolling(4).mean())")


def test_with_a_halo_an_answer_is_settled_whatever_is_stored(session: Session) -> None:
    cells = (ROWS, ROLLING, ("t.dropna()", "return"))
    desk = Desk(session, *cells, halo=3, concat=True)
    expected = desk.direct(0, 100).set_index("at")
    for start, end in ((50, 60), (52, 58), (45, 65), (10, 20), (5, 90)):
        value = desk.ask(start, end).result.unwrap().set_index("at")
        pd.testing.assert_frame_equal(value, expected.loc[start : end - 1], check_exact=False)
    assert ran() == ["47 60", "42 50", "57 65", "7 20", "2 10", "17 45", "62 90"]


def test_a_halo_needs_rows(session: Session) -> None:
    desk = Desk(session, ("end", "return"), halo=3)
    with pytest.raises(UsageError, match=r"n.ipynb: its value cannot be cut to the range without"):
        desk.ask(1, 2)


def test_a_halo_of_days_is_days(session: Session) -> None:
    cells = (DAYS % None, ("t[(t.index >= start) & (t.index < end)]", "return"))
    declared = "start = None\nend = None"
    halo = (dt.timedelta(days=2), dt.timedelta(hours=6))
    desk = Desk(session, *cells, declared=declared, on=None, halo=halo)
    desk.ask(dt.datetime(2000, 4, 1), dt.datetime(2000, 4, 10))  # noqa: DTZ001
    assert ran() == ["2000-03-30 00:00:00 2000-04-10 06:00:00"]
    answer = desk.ask(pd.Timestamp("2000-04-01"), pd.Timestamp("2000-04-10"))
    assert len(answer.slices) == 1
    assert not desk.ask(pd.Timestamp("2000-03-31 23:00"), pd.Timestamp("2000-04-02")).slices
