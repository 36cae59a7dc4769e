"""Intervals and their bounds: what may be declared, how they compare, how they are written."""

from __future__ import annotations

import datetime as dt
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pytest

from nbnodes.cache.bounds import ranked, shifted, shown, written_like
from nbnodes.cache.intervals import Interval, asked, covers, gaps, plan
from nbnodes.errors import UsageError

BERLIN = ZoneInfo("Europe/Berlin")
DAY = dt.timedelta(days=1)
NOON = dt.datetime(2000, 1, 1, 12)  # noqa: DTZ001
NANOSECOND = pd.Timestamp("2000-01-01 12:00:00.000000001")

# ---------------------------------------------------------------- what may be declared


def test_an_interval_is_a_value() -> None:
    one = Interval("start", "end", on="date", closed="both", halo=DAY, concat=True, audit=0.1)
    assert one == Interval(
        "start", "end", on="date", closed="both", halo=DAY, concat=True, audit=0.1
    )
    assert Interval("a", "b").closed == "left"


MISTAKES: dict[str, tuple[dict[str, Any], str]] = {
    "name": ({"start": "1a"}, "start='1a': expected a parameter's name"),
    "no_name": ({"end": None}, "end=None: expected a parameter's name"),
    "same": ({"start": "b"}, "start and end are both 'b'"),
    "closed": ({"closed": "open"}, "closed='open': expected one of left, right, both, neither"),
    "halo": ({"halo": "3"}, "halo='3': expected a number or a timedelta"),
    "negative": ({"halo": -1}, "halo=-1: expected 0 or more"),
    "negative_time": ({"halo": -DAY}, "expected 0 or more"),
    "nan": ({"halo": float("nan")}, "halo=nan: expected 0 or more"),
    "three": ({"halo": (1, 2, 3)}, "expected one for the start and one for the end"),
    "second": ({"halo": (1, True)}, "halo=True: expected a number"),
    "concat": ({"concat": "yes"}, "concat='yes': expected True or a function"),
    "between": ({"concat": True, "closed": "neither"}, "no two ranges adjoin"),
    "audit": ({"audit": 1.1}, "audit=1.1: expected a share"),
    "audit_bool": ({"audit": True}, "audit=True: expected a share"),
}


@pytest.mark.parametrize(("options", "said"), MISTAKES.values(), ids=MISTAKES)
def test_a_mistake_is_told(options: dict[str, Any], said: str) -> None:
    with pytest.raises(UsageError) as caught:
        Interval(**{"start": "a", "end": "b", **options})
    assert said in str(caught.value)


def test_all_mistakes_are_told_at_once() -> None:
    with pytest.raises(UsageError, match=r"start=.*closed=.*halo=.*concat=.*audit="):
        Interval(1, "b", closed=1, halo="x", concat=1.5, audit=2)  # type: ignore[arg-type]


# ---------------------------------------------------------------- bounds

ALIKE: dict[str, list[Any]] = {
    "numbers": [1, 1.0, np.int8(1), np.float32(1)],
    "times": [NOON, pd.Timestamp(NOON), np.datetime64(NOON), np.datetime64("2000-01-01T12")],
    "instants": [
        NOON.replace(tzinfo=dt.UTC),
        dt.datetime(2000, 1, 1, 13, tzinfo=BERLIN),
        pd.Timestamp("2000-01-01 13:00", tz=BERLIN),
        pd.Timestamp("2000-01-01 21:00", tz="Asia/Tokyo"),
    ],
    "text": ["a", np.str_("a")],
}


@pytest.mark.parametrize("bounds", ALIKE.values(), ids=ALIKE)
def test_bounds_that_mean_the_same_have_one_rank(bounds: list[Any]) -> None:
    assert len({ranked(bound) for bound in bounds}) == 1


ORDERED: dict[str, list[Any]] = {
    "numbers": [-(2**63), -1.5, 0, 0.5, 1, 2**53, 2**53 + 1, 2**63 - 1, float("inf")],
    "text": ["", "A", "Z", "a", "ab", "é", "日", "🐍"],
    "dates": [dt.date(1, 1, 1), dt.date(999, 12, 31), dt.date(2000, 1, 1), dt.date.max],
    "times": [NOON.replace(year=1), NOON, NANOSECOND, NOON + dt.timedelta(microseconds=1)],
    "instants": [
        dt.datetime(2000, 10, 29, 2, 30, tzinfo=BERLIN, fold=0),
        dt.datetime(2000, 10, 29, 0, 45, tzinfo=dt.UTC),
        dt.datetime(2000, 10, 29, 2, 30, tzinfo=BERLIN, fold=1),
        pd.Timestamp("2000-10-29 03:00", tz=BERLIN),
    ],
}


@pytest.mark.parametrize("bounds", ORDERED.values(), ids=ORDERED)
def test_ranks_are_in_the_order_of_their_bounds(bounds: list[Any]) -> None:
    ranks = [ranked(bound) for bound in bounds]
    assert len({kind for kind, _ in ranks}) == 1
    assert [rank for _, rank in ranks] == sorted({rank for _, rank in ranks})  # type: ignore[type-var]


@pytest.mark.parametrize(
    "bound",
    [
        *(True, np.bool_(1), float("nan"), np.float64("nan"), pd.NaT, np.datetime64("NaT")),
        *(2**63, -(2**63) - 1, "\udcff", 1j, [1], b"a", dt.time(1), dt.timedelta(1)),
        *(np.datetime64("2000-01-01T00:00:00.000000000001"), np.datetime64("9999-12-31")),
        dt.datetime(1, 1, 1, tzinfo=dt.timezone(DAY / 2)),
    ],
    ids=repr,
)
def test_what_has_no_place_is_no_bound(bound: Any) -> None:
    with pytest.raises(UsageError):
        ranked(bound)


@pytest.mark.parametrize(
    "like",
    [
        *(1, 1.5, "a", dt.date(2000, 1, 1), NOON, pd.Timestamp(NOON), np.datetime64(NOON)),
        *(NOON.replace(tzinfo=BERLIN), pd.Timestamp("2000-01-01", tz="Asia/Tokyo")),
    ],
    ids=repr,
)
def test_a_rank_is_written_like_another_bound(like: Any) -> None:
    kind, rank = ranked(like)
    written = written_like(rank, kind, like)
    assert type(written) is type(like)
    assert written == like
    assert getattr(written, "tzinfo", None) == getattr(like, "tzinfo", None)


def test_what_a_type_cannot_hold_is_not_written_in_it() -> None:
    kind, rank = ranked(NANOSECOND)
    for like in (NOON, np.datetime64("2000", "s")):
        with pytest.raises(UsageError, match="cannot hold"):
            written_like(rank, kind, like)
    assert written_like(rank, kind, pd.Timestamp(NOON)) == NANOSECOND


def test_a_bound_with_a_zone_is_moved_by_elapsed_time() -> None:
    changed = dt.datetime(2000, 3, 26, 12, tzinfo=BERLIN)
    assert shifted(changed, -DAY) == dt.datetime(2000, 3, 25, 11, tzinfo=BERLIN)
    assert shifted(pd.Timestamp(changed), -DAY) == pd.Timestamp("2000-03-25 11:00", tz=BERLIN)
    assert shifted(NOON, -DAY) == NOON - DAY


def test_a_date_is_moved_by_whole_days_away_from_where_it_was() -> None:
    date = dt.date(2000, 1, 10)
    assert shifted(date, dt.timedelta(hours=1)) == dt.date(2000, 1, 11)
    assert shifted(date, dt.timedelta(hours=-25)) == dt.date(2000, 1, 8)
    assert shifted(date, DAY) == dt.date(2000, 1, 11)


@pytest.mark.parametrize(("bound", "by"), [("a", 1), (1, DAY), (NOON, 1), (dt.date.min, -DAY)])
def test_what_cannot_be_moved_is_told(bound: Any, by: Any) -> None:
    with pytest.raises(UsageError, match="cannot be moved by"):
        shifted(bound, by)


@pytest.mark.parametrize(
    ("bound", "text"),
    [
        (15, "15"),
        ("é", "é"),
        (dt.date(2000, 1, 1), "2000-01-01"),
        (NOON, "2000-01-01 12:00:00"),
        (pd.Timestamp("2000-01-01"), "2000-01-01"),
        (NANOSECOND, "2000-01-01 12:00:00.000000001"),
        (NOON.replace(tzinfo=dt.UTC), "2000-01-01 12:00:00 UTC"),
    ],
)
def test_a_rank_is_shown_without_what_says_nothing(bound: Any, text: str) -> None:
    kind, rank = ranked(bound)
    assert shown(rank, kind) == text
    assert shown(None, kind) == "…"


# ---------------------------------------------------------------- what is asked


@pytest.mark.parametrize(
    ("start", "end", "said"),
    [
        (
            NOON,
            NOON.replace(tzinfo=dt.UTC),
            "a is a time without a zone and b is a time with a zone",
        ),
        (1, "1", "a is a number and b is a text"),
        (dt.date(2000, 1, 1), NOON, "a is a date and b is a time without"),
        (True, float("nan"), "a=True is no bound.*b=nan is no bound"),
    ],
)
def test_bounds_of_two_kinds_are_refused(start: Any, end: Any, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        asked(Interval("a", "b"), start, end)


def test_instants_of_two_zones_are_one_range() -> None:
    here = asked(Interval("a", "b"), NOON.replace(tzinfo=BERLIN), None)
    there = asked(Interval("a", "b"), NOON.replace(tzinfo=BERLIN).astimezone(dt.UTC), None)
    assert here.range == there.range


def test_a_run_is_wider_than_its_answer_by_the_halo() -> None:
    one = asked(Interval("a", "b", halo=(3, 0.5)), 10, 20)
    assert one.widened(one.range) == (7, 20.5)
    assert one.settled(7, 20.5) == one.range
    assert not covers(one.settled(7, 20), one.range)
    assert covers(one.settled(None, None), one.range)
    boundless = asked(Interval("a", "b", halo=3), None, 20)
    assert boundless.widened(boundless.range) == (None, 20)


def test_a_gap_is_written_as_it_was_asked() -> None:
    start, end = NOON.replace(tzinfo=BERLIN), (NOON + 2 * DAY).replace(tzinfo=BERLIN)
    one = asked(Interval("a", "b", concat=True), start, end)
    stored = pd.Timestamp("2000-01-02 00:00", tz="UTC"), pd.Timestamp("2000-01-03 00:00", tz="UTC")
    (first, second) = gaps(one.range, [one.settled(*one.ranks(*stored))])
    assert one.widened(first) == (start, stored[0].to_pydatetime())
    assert one.widened(first)[1].tzinfo is BERLIN
    assert one.widened(second)[1] is end


@pytest.mark.parametrize("closed", ["left", "right", "both", "neither"])
def test_a_range_of_nothing_is_answered_by_what_is_around_it(closed: Any) -> None:
    one = asked(Interval("a", "b", closed=closed), 5, 5)
    around, elsewhere = one.settled(0, 10), one.settled(6, 10)
    (piece,) = plan(one.range, [(elsewhere, "elsewhere"), (around, "around")])
    assert piece.source == "around"
    (piece,) = plan(one.range, [(elsewhere, "elsewhere")])
    assert piece.source is None
