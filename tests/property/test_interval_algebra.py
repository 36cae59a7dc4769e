"""Ranges are sets of places: whatever is said of ranges is what can be counted on a small scale."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import combinations, pairwise
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nbnodes.cache.intervals import Closed, Interval, Range, asked, covers, gaps, plan
from nbnodes.cache.joining import joined
from nbnodes.cache.slicing import cut_out

TOTAL = dict(deadline=None, derandomize=True)  # noqa: C408
LAST = 8
CLOSED = st.sampled_from(["left", "right", "both", "neither"])
ADJOINING = st.sampled_from(["left", "right", "both"])
BOUNDS = st.one_of(st.none(), st.integers(0, LAST))
PAIRS = st.tuples(BOUNDS, BOUNDS).filter(lambda p: None in p or p[0] <= p[1])
HALVES = [n / 2 for n in range(-4, 2 * LAST + 5)]  # every bound, and a place between each two


def range_of(pair: tuple[Any, Any], closed: Closed) -> Range:
    return asked(Interval("a", "b", closed=closed), *pair).range


def is_in(place: float, pair: tuple[Any, Any], closed: Closed) -> bool:
    """Say it as a user would."""
    low, high = pair
    above = low is None or place > low or (place == low and closed in ("left", "both"))
    below = high is None or place < high or (place == high and closed in ("right", "both"))
    return above and below


def places(range_: Range) -> set[float]:
    return {n for n in HALVES if range_.low <= (0, n, False) and (0, n, True) <= range_.high}


def union(ranges: Iterable[Range]) -> set[float]:
    return set().union(*map(places, ranges))


@settings(max_examples=300, **TOTAL)
@given(pair=PAIRS, closed=CLOSED)
def test_a_range_holds_what_its_ends_say(pair: tuple[Any, Any], closed: Closed) -> None:
    assert places(range_of(pair, closed)) == {n for n in HALVES if is_in(n, pair, closed)}


@settings(max_examples=500, **TOTAL)
@given(one=PAIRS, other=PAIRS, closed=CLOSED)
def test_to_cover_is_to_hold_every_place(one: Any, other: Any, closed: Closed) -> None:
    wide, narrow = range_of(one, closed), range_of(other, closed)
    if narrow.low < narrow.high:
        assert covers(wide, narrow) == (places(narrow) <= places(wide))


@settings(max_examples=500, **TOTAL)
@given(wanted=PAIRS, cached=st.lists(PAIRS, max_size=5), closed=CLOSED)
def test_gaps_are_what_nothing_cached_holds(wanted: Any, cached: list[Any], closed: Closed) -> None:
    asked_for, ranges = range_of(wanted, closed), [range_of(pair, closed) for pair in cached]
    found = gaps(asked_for, ranges)
    assert union(found) == places(asked_for) - union(ranges)
    assert all(gap.low < gap.high for gap in found)
    assert all(a.high < b.low for a, b in pairwise(found)), "in order, none adjoining the next"


def fewest(wanted: Range, ranges: list[Range]) -> int:
    """Count the fewest of the ranges that together hold what all of them hold of what is wanted."""
    target = places(wanted) & union(ranges)
    sizes = range(len(ranges) + 1)
    return next(n for n in sizes for some in combinations(ranges, n) if target <= union(some))


@settings(max_examples=500, **TOTAL)
@given(wanted=PAIRS, cached=st.lists(PAIRS, max_size=5), closed=CLOSED)
def test_a_plan_is_whole_runs_nothing_again_and_is_short(
    wanted: Any, cached: list[Any], closed: Closed
) -> None:
    asked_for, ranges = range_of(wanted, closed), [range_of(pair, closed) for pair in cached]
    pieces = plan(asked_for, [(range_, n) for n, range_ in enumerate(ranges)])
    assert (pieces[0].range.low, pieces[-1].range.high) == (asked_for.low, asked_for.high)
    assert all(a.range.high == b.range.low for a, b in pairwise(pieces))
    for piece in pieces:
        assert piece.source is None or covers(ranges[piece.source], piece.range)
    if asked_for.low < asked_for.high:
        assert [p.range for p in pieces if p.source is None] == gaps(asked_for, ranges)
        assert sum(p.source is not None for p in pieces) == fewest(asked_for, ranges)
    assert pieces == plan(asked_for, [(range_, n) for n, range_ in enumerate(ranges)])


# ---------------------------------------------------------------- with rows


def rows(keys: list[float]) -> pd.DataFrame:
    named = pd.Series([f"row {n}" for n in range(len(keys))], dtype=str)
    return pd.DataFrame({"at": pd.Series(keys, dtype=float), "value": named})


def between(table: pd.DataFrame, pair: tuple[Any, Any], closed: Closed) -> pd.DataFrame:
    """Be the notebook: choose rows, and number them anew."""
    chosen = np.array([is_in(key, pair, closed) for key in table["at"]], dtype=bool)
    return table[chosen].reset_index(drop=True)


KEYS = st.lists(st.sampled_from(HALVES), max_size=30)
INSIDE = st.tuples(PAIRS, PAIRS)


@settings(max_examples=300, **TOTAL)
@given(keys=KEYS, is_sorted=st.booleans(), pairs=INSIDE, closed=CLOSED)
def test_a_slice_is_the_run_of_the_narrower_range(
    keys: list[float], is_sorted: bool, pairs: Any, closed: Closed
) -> None:
    table = rows(sorted(keys) if is_sorted else keys)
    wide, narrow = (range_of(pair, closed) for pair in pairs)
    if covers(wide, narrow):
        run = between(table, pairs[0], closed)
        cut = cut_out(run, narrow, "number", on="at", of=wide)
        pd.testing.assert_frame_equal(cut, between(table, pairs[1], closed))
        listed = run.to_dict("records")
        assert cut_out(listed, narrow, "number", on="at") == cut.to_dict("records")


def with_sums(table: pd.DataFrame, pair: tuple[Any, Any], closed: Closed, halo: int) -> Any:
    """Be a notebook whose rows depend on what is up to `halo` before them, inside its range."""
    run = between(table, pair, closed)
    near = [run["at"].between(at - halo, at) for at in run["at"]]
    sums = [float(run["at"][chosen].sum()) for chosen in near]
    return run.assign(sums=pd.Series(sums, dtype=float))


@settings(max_examples=300, **TOTAL)
@given(
    keys=st.lists(st.sampled_from(HALVES), max_size=30, unique=True),
    cached=st.lists(st.tuples(st.integers(0, LAST), st.integers(0, LAST)), max_size=4),
    wanted=st.tuples(st.integers(0, LAST), st.integers(0, LAST)).filter(lambda p: p[0] < p[1]),
    halo=st.integers(0, 3),
    closed=ADJOINING,
)
def test_pieces_make_up_what_one_wide_run_gives(
    keys: list[float], cached: list[Any], wanted: Any, halo: int, closed: Closed
) -> None:
    table = rows(sorted(keys))
    ask = asked(Interval("a", "b", on="at", closed=closed, halo=halo), *wanted)
    ranges = [(ask.settled(*pair), pair) for pair in cached]
    parts = []
    for piece in plan(ask.range, ranges):
        pair = piece.source or ask.widened(piece.range)
        assert covers(ask.settled(*pair), piece.range)
        run = with_sums(table, pair, closed, halo)
        parts.append(cut_out(run, piece.range, ask.kind, on="at", of=ask.settled(*pair)))
    direct = with_sums(table, ask.widened(ask.range), closed, halo)
    expected = cut_out(direct, ask.range, ask.kind, on="at")
    pd.testing.assert_frame_equal(joined(parts, on="at"), expected)


@pytest.mark.parametrize("closed", ["left", "right", "both"])
def test_no_row_at_a_seam_comes_twice_or_not_at_all(closed: Closed) -> None:
    table = rows([0.0, 1, 2, 2, 3, 4])
    ask = asked(Interval("a", "b", on="at", closed=closed), 0, 4)
    pieces = plan(ask.range, [(range_of(pair, closed), pair) for pair in ((0, 2), (2, 3))])
    parts = []
    for piece in pieces:
        pair = piece.source or ask.widened(piece.range)
        parts.append(cut_out(between(table, pair, closed), piece.range, "number", on="at"))
    pd.testing.assert_frame_equal(joined(parts, on="at"), between(table, (0, 4), closed))


ZONES = st.sampled_from(["UTC", "Europe/Berlin", "America/St_Johns", "Asia/Tokyo"])
HALF_HOURS = pd.date_range("2000-10-28 12:00", periods=96, freq="30min", tz="UTC")
MOMENTS = st.builds(lambda n, zone: HALF_HOURS[n].tz_convert(zone), st.integers(0, 95), ZONES)
FORMS = st.sampled_from([lambda m: m, pd.Timestamp.to_pydatetime])


@settings(max_examples=300, **TOTAL)
@given(
    moments=st.lists(MOMENTS, min_size=4, max_size=4).map(sorted),
    zone=ZONES,
    form=FORMS,
    closed=CLOSED,
    is_index=st.booleans(),
)
def test_instants_are_sliced_alike_in_all_zones_while_clocks_change(
    moments: list[pd.Timestamp], zone: str, form: Any, closed: Closed, is_index: bool
) -> None:
    outer, start, end, last = map(form, moments)
    table = pd.DataFrame({"at": HALF_HOURS.tz_convert(zone), "x": range(len(HALF_HOURS))})
    table = table.set_index("at") if is_index else table
    keys = HALF_HOURS

    def run(low: Any, high: Any) -> pd.DataFrame:
        above = keys >= low if closed in ("left", "both") else keys > low
        below = keys <= high if closed in ("right", "both") else keys < high
        chosen = table[above & below]
        return chosen if is_index else chosen.reset_index(drop=True)

    wide = asked(Interval("a", "b", closed=closed), outer, last)
    narrow = asked(Interval("a", "b", closed=closed), start, end)
    assert covers(wide.range, narrow.range)
    on = None if is_index else "at"
    found = cut_out(run(outer, last), narrow.range, narrow.kind, on=on, of=wide.range)
    pd.testing.assert_frame_equal(found, run(start, end))
