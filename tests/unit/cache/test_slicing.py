"""f(a, b)[c:d] == f(c, d): a slice is what the run of the narrower range gives."""

from __future__ import annotations

import datetime as dt
import sys
from collections import namedtuple
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from nbnodes.cache.fingerprint import fingerprint
from nbnodes.cache.intervals import Closed, Interval, asked
from nbnodes.cache.joining import joined
from nbnodes.cache.moments import NotSliceableError
from nbnodes.cache.slicing import cut_out

BERLIN = "Europe/Berlin"
Row = namedtuple("Row", ["at", "x"])  # noqa: PYI024
Slicer = Callable[..., Any]


def cut(value: Any, start: Any, end: Any, *, on: Any = None, closed: Closed = "left") -> Any:
    one = asked(Interval("a", "b", closed=closed), start, end)
    return cut_out(value, one.range, one.kind, on=on)


def hours(zone: str | None = None, count: int = 96, first: str = "2000-03-25") -> pd.DataFrame:
    index = pd.date_range(first, periods=count, freq="h", tz=zone, name="at")
    return pd.DataFrame(
        {"x": range(count), "kind": pd.Categorical(["a", "b"] * (count // 2))}, index
    )


# ---------------------------------------------------------------- every kind of value

NUMBERED = pd.DataFrame({"at": [1, 2, 3, 4, 5], "x": list("abcde")})
SHUFFLED = NUMBERED.iloc[[4, 1, 0, 2, 3]]
LABELLED = NUMBERED.set_axis(list("vwxyz"))
VALUES: dict[str, tuple[Any, Any, Any]] = {
    "column": (NUMBERED, "at", NUMBERED.iloc[1:3].reset_index(drop=True)),
    "labels_stay": (LABELLED, "at", LABELLED.iloc[1:3]),
    "numbers_from_elsewhere_stay": (
        NUMBERED.set_axis(range(10, 15)),
        "at",
        NUMBERED.set_axis(range(10, 15)).iloc[1:3],
    ),
    "index": (NUMBERED.set_index("at"), None, NUMBERED.set_index("at").iloc[1:3]),
    "named_level": (
        NUMBERED.set_index(["x", "at"]),
        "at",
        NUMBERED.set_index(["x", "at"]).iloc[1:3],
    ),
    "unsorted": (
        SHUFFLED,
        "at",
        SHUFFLED[SHUFFLED["at"].between(2, 3)],
    ),
    "descending": (LABELLED[::-1], "at", LABELLED.iloc[1:3][::-1]),
    "series": (NUMBERED.set_index("at")["x"], None, NUMBERED.set_index("at")["x"].iloc[1:3]),
    "numbers_are_places": (NUMBERED["x"], None, NUMBERED["x"].iloc[2:4]),
    "numbers_taken_for_places": (NUMBERED, lambda t: t.index, NUMBERED.iloc[2:4]),
    "pandas_index": (pd.Index([1, 2, 3, 4], name="n"), None, pd.Index([2, 3], name="n")),
    "function": (LABELLED, lambda t: t["at"] * 1.0, LABELLED.iloc[1:3]),
    "nullable": (
        NUMBERED.convert_dtypes(),
        "at",
        NUMBERED.convert_dtypes()[1:3].reset_index(drop=True),
    ),
    "category": (
        LABELLED.astype({"at": "category"}),
        "at",
        LABELLED.astype({"at": "category"}).iloc[1:3],
    ),
    "array": (np.array([5.0, 1, 2, 3]), None, np.array([2.0, 3])),
    "matrix": (np.arange(10).reshape(5, 2), 0, np.array([[2, 3]])),
    "fields": (
        np.array([(1, 1.0), (2, 2.0), (3, 3.0)], [("at", "i4"), ("x", "f8")]),
        "at",
        np.array([(2, 2.0), (3, 3.0)], [("at", "i4"), ("x", "f8")]),
    ),
    "dicts": ([{"at": 1}, {"at": 3}, {"at": 2}], "at", [{"at": 3}, {"at": 2}]),
    "tuples": (((1, "a"), (2, "b")), 0, ((2, "b"),)),
    "named_tuples": ([Row(1, "a"), Row(2, "b")], "at", [Row(2, "b")]),
    "numbers": ([1, 2.5, 3, 4], None, [2.5, 3]),
    "row_function": (["a", "bb", "ccc", "dddd"], len, ["bb", "ccc"]),
    "arrow": (
        pa.table({"at": [1, 2, 3, 4], "x": list("abcd")}),
        "at",
        pa.table({"at": [2, 3], "x": list("bc")}),
    ),
    "arrow_unsorted": (
        pa.table({"at": [3, 1, 2], "x": list("abc")}),
        "at",
        pa.table({"at": [3, 2], "x": list("ac")}),
    ),
}


@pytest.mark.parametrize(("value", "on", "expected"), VALUES.values(), ids=VALUES)
def test_rows_are_cut_out_of_every_kind_of_value(value: Any, on: Any, expected: Any) -> None:
    before = fingerprint(value)
    found = cut(value, 2, 4, on=on)
    assert type(found) is type(expected)
    assert fingerprint(found) == fingerprint(expected)
    assert fingerprint(cut(value, None, None, on=on)) == before == fingerprint(value)


@pytest.mark.parametrize(("value", "on"), [v[:2] for v in VALUES.values()], ids=VALUES)
def test_an_empty_slice_keeps_its_types(value: Any, on: Any) -> None:
    empty = cut(value, 1000, 2000, on=on)
    assert (len(empty), type(empty)) == (0, type(value))
    if isinstance(value, pd.DataFrame):
        assert empty.dtypes.equals(value.dtypes)
        assert empty.index.dtype == value.index.dtype


def test_lists_need_no_numpy(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("numpy", "pandas", "pyarrow"):
        monkeypatch.setitem(sys.modules, name, None)
    rows = [{"at": 3}, {"at": 1}, {"at": 2}]
    assert cut(rows, 2, None, on="at") == [rows[0], rows[2]]
    assert joined([[1], [2, 3]]) == [1, 2, 3]


def test_a_slice_is_a_copy() -> None:
    for value in (NUMBERED.copy(), NUMBERED["x"].copy(), np.arange(5)):
        before = fingerprint(value)
        found = cut(value, 1, 4, on="at" if isinstance(value, pd.DataFrame) else None)
        found[:] = found[::-1]
        assert fingerprint(value) == before


@pytest.mark.parametrize(
    ("closed", "expected"),
    [("left", [2, 3]), ("right", [3, 4]), ("both", [2, 3, 4]), ("neither", [3])],
)
def test_ends_belong_to_it_as_declared(closed: Closed, expected: list[int]) -> None:
    for value in (list(range(9)), np.arange(9), pd.Index(range(9))):
        assert list(cut(value, 2, 4, closed=closed)) == expected


# ---------------------------------------------------------------- numbers


@pytest.mark.parametrize("dtype", ["i1", "u1", "i8", "u8", "f4", "f8"])
@pytest.mark.parametrize("is_sorted", [True, False])
def test_any_number_bounds_any_number(dtype: str, is_sorted: bool) -> None:
    keys = np.array([0, 1, 2, 3, 100], dtype)
    keys = keys if is_sorted else keys[::-1]
    for start, end in ((-5, 1000), (0.5, 2.5), (1, 2**60), (-(2**62), 2), (2, 2), (3.0, 100)):
        expected = [key for key in keys.tolist() if start <= key < end]
        assert cut(keys, start, end).tolist() == expected
        expected = [key for key in keys.tolist() if start < key <= end]
        assert cut(keys, start, end, closed="right").tolist() == expected


def test_a_number_that_an_array_rounds_bounds_nothing_in_it() -> None:
    for dtype in ("f2", "f4"):
        with pytest.raises(NotSliceableError):
            cut(np.array([0.5, 0.7], dtype), 0.7, None)


def test_whole_numbers_are_compared_exactly() -> None:
    keys = np.array([2**53, 2**53 + 1, 2**53 + 2])
    assert cut(keys, 2**53 + 1, None).tolist() == [2**53 + 1, 2**53 + 2]


def test_a_row_without_a_place_is_in_no_range_that_has_a_bound() -> None:
    nan = float("nan")
    for keys in (np.array([1.0, nan, 3]), pd.Index([1.0, nan, 3]), [1.0, None, 3]):
        assert list(cut(keys, 0, None)) == list(cut(keys, None, 9)) == [1, 3]
        assert len(cut(keys, None, None)) == 3
    assert list(cut(pd.Series([1, None, 3], dtype="Int64", index=[1, 2, 3]), 2, 9).index) == [2, 3]
    table = pd.DataFrame({"at": pd.Series([1, None, 3], dtype="Int64")})
    assert cut(table, 0, 9, on="at")["at"].tolist() == [1, 3]


# ---------------------------------------------------------------- times


@pytest.mark.parametrize("zone", [None, "UTC", BERLIN, "Asia/Tokyo"])
@pytest.mark.parametrize("unit", ["s", "us", "ns"])
def test_days_are_those_of_the_rows_zone(zone: str | None, unit: str) -> None:
    table = hours(zone)
    table.index = table.index.as_unit(unit)
    expected = table.loc["2000-03-26"]
    for start, end in (
        (dt.date(2000, 3, 26), dt.date(2000, 3, 27)),
        ("2000-03-26", "2000-03-27"),
        ("2000-03-26T00:00:00", "2000-03-27 00:00:00.000000000"),
    ):
        found = cut(table, start, end)
        pd.testing.assert_frame_equal(found, expected, check_freq=False)
        assert len(found) == (23 if zone == BERLIN else 24)
        by_column = cut(table.reset_index(), start, end, on="at")
        pd.testing.assert_frame_equal(by_column, expected.reset_index())


def test_the_steps_of_an_index_stay() -> None:
    assert cut(hours(), dt.date(2000, 3, 26), dt.date(2000, 3, 27)).index.freq == "h"


@pytest.mark.parametrize("zone", ["UTC", BERLIN])
def test_instants_find_their_rows_in_any_zone_and_in_the_hour_that_comes_twice(zone: str) -> None:
    table = hours(zone, first="2000-10-28")
    start = pd.Timestamp("2000-10-29 00:00", tz="UTC")
    for unsorted in (table, table.sample(frac=1, random_state=1)):
        found = cut(unsorted, start.tz_convert(BERLIN), start + pd.Timedelta("2h"))
        expected = unsorted[
            (unsorted.index >= start) & (unsorted.index < start + pd.Timedelta("2h"))
        ]
        pd.testing.assert_frame_equal(found, expected, check_freq=False)
        assert len(found) == 2


def test_times_far_away_and_between_two_ticks_are_compared_exactly() -> None:
    keys = np.array(["0001-01-01", "2000-01-01", "9999-12-31"], "M8[s]")
    between = dt.datetime(2000, 1, 1, 0, 0, 0, 1)  # noqa: DTZ001
    assert (
        len(cut(keys, between.replace(year=1), between.replace(year=9999, month=12, day=31))) == 2
    )
    assert cut(keys, between, None).tolist() == keys[2:].tolist()
    assert cut(keys, None, between).tolist() == keys[:2].tolist()
    assert len(cut(np.array(["NaT", "2000"], "M8[D]"), None, dt.date(2001, 1, 1))) == 1


def test_dates_and_text_are_places_of_their_own() -> None:
    dates = [dt.date(2000, 1, day) for day in (1, 2, 3)]
    assert cut(dates, dates[1], None) == dates[1:]
    table = pd.DataFrame({"at": dates, "name": ["a", "b", "c"]})
    assert cut(table, dates[1], None, on="at")["name"].tolist() == ["b", "c"]
    assert cut(table, "b", None, on="name", closed="both")["name"].tolist() == ["b", "c"]
    assert cut(np.array(["a", "b", "c"]), "b", None).tolist() == ["b", "c"]


@pytest.mark.parametrize("end", [dt.date(2000, 3, 26), "2000-03-26"])
def test_a_closed_end_that_may_be_a_day_or_its_midnight_is_not_sliced(end: Any) -> None:
    with pytest.raises(NotSliceableError, match="the whole day or its midnight"):
        cut(hours(), None, end, closed="both")
    with pytest.raises(NotSliceableError, match="the whole day or its midnight"):
        cut(hours(), end, None, closed="right")
    daily = hours().resample("D").first()
    assert len(cut(daily, None, end, closed="both")) == 2
    assert len(cut(hours(), None, pd.Timestamp(end), closed="both")) == 25


# ---------------------------------------------------------------- what is not certain

ODD: dict[str, tuple[Any, Any, tuple[Any, Any]]] = {
    "scalar": (5, None, (1, 2)),
    "dict": ({"a": NUMBERED}, None, (1, 2)),
    "text": ("abc", None, ("a", "b")),
    "no_column": (NUMBERED, "when", (1, 2)),
    "two_columns": (pd.DataFrame([[1, 2]], columns=["at", "at"]), "at", (1, 2)),
    "two_levels": (NUMBERED.set_index(["at", "x"]), None, (1, 2)),
    "naive_rows": (hours(), None, (pd.Timestamp("2000", tz="UTC"), None)),
    "aware_rows": (hours(BERLIN), None, (pd.Timestamp("2000"), None)),
    "no_midnight": (hours("America/Havana"), None, (dt.date(2000, 4, 2), None)),
    "part_of_a_date": (hours(), None, ("2000-03", "2000-04")),
    "number_rows": (NUMBERED, "at", ("a", None)),
    "time_rows": (hours(), None, (1, None)),
    "text_rows": (NUMBERED, "x", (1, None)),
    "mixed_rows": ([1, "a"], None, (0, None)),
    "durations": (pd.Series(pd.to_timedelta([1, 2])).to_frame("at"), "at", (1, None)),
    "periods": (pd.Series(1, pd.period_range("2000", periods=3)), None, ("2000-01-02", None)),
    "bools": (np.array([True, False]), None, (0, 1)),
    "too_few_places": (NUMBERED, lambda t: t["at"][1:], (1, 2)),
    "function_fails": (NUMBERED, lambda t: t.nothing, (1, 2)),
    "counted_down": (NUMBERED[::-1], "at", (1, 3)),
    "arrow_without_column": (pa.table({"at": [1]}), None, (0, 1)),
    "arrow_zone": (
        pd.Series(
            [1], pd.Index([pd.Timestamp("2000", tz="UTC")], dtype="timestamp[ns, UTC][pyarrow]")
        ),
        None,
        (pd.Timestamp("1999"), None),
    ),
}


@pytest.mark.parametrize(("value", "on", "bounds"), ODD.values(), ids=ODD)
def test_what_is_not_certain_is_not_sliced(value: Any, on: Any, bounds: tuple[Any, Any]) -> None:
    with pytest.raises(NotSliceableError):
        cut(value, *bounds, on=on)


def test_text_that_sorts_otherwise_than_its_time_covers_nothing() -> None:
    one = asked(Interval("a", "b"), "2000-03-26T05:00:00", "2000-03-27")
    held = asked(Interval("a", "b"), "2000-03-26 23:00:00", "2000-03-28")
    assert held.range.low < one.range.low
    with pytest.raises(NotSliceableError, match="does not cover"):
        cut_out(hours(), one.range, one.kind, of=held.range)


# ---------------------------------------------------------------- put together

WHOLES: dict[str, tuple[Any, Any]] = {
    "numbered": (NUMBERED, "at"),
    "labelled": (LABELLED, "at"),
    "numbers_are_places": (NUMBERED, None),
    "descending": (LABELLED[::-1], "at"),
    "list": ([1, 2, 3, 4, 5], None),
    "tuple": ((1, 2, 3), None),
    "descending_list": ([5, 4, 3, 2, 1], None),
    "array": (np.arange(1.0, 6), None),
    "series": (NUMBERED.set_index("at")["x"], None),
    "pandas_index": (pd.Index([1, 2, 3, 4], name="n"), None),
    "categories": (NUMBERED.astype({"x": "category"}), "at"),
    "one_row": (NUMBERED[:1], "at"),
    "no_rows": (NUMBERED[:0], "at"),
}


@pytest.mark.parametrize(("whole", "on"), WHOLES.values(), ids=WHOLES)
def test_parts_of_it_put_together_are_the_whole(whole: Any, on: Any) -> None:
    ends = (None, 2, 2, 4, None)
    parts = [cut(whole, start, end, on=on) for start, end in pairwise(ends)]
    del parts[1]  # [2, 2)
    parts.insert(1, cut(whole, 2, 2, on=on))
    assert fingerprint(joined(parts, on=on)) == fingerprint(whole)


def test_days_put_together_go_on_in_the_same_steps() -> None:
    whole = hours(BERLIN)
    parts = [
        cut(whole, None, dt.date(2000, 3, 26)),
        cut(whole, dt.date(2000, 3, 26), dt.date(2000, 3, 27)),
        cut(whole, dt.date(2000, 3, 27), None),
    ]
    pd.testing.assert_frame_equal(joined(parts), whole)


def test_arrow_tables_are_put_together() -> None:
    whole = pa.table({"at": [1, 2, 3]})
    assert joined([cut(whole, 0, 2, on="at"), cut(whole, 2, 9, on="at")], on="at").equals(whole)


UNEVEN: dict[str, list[Any]] = {
    "types": [[1], (2,)],
    "no_order": [[1, 3, 2], [4]],
    "both_orders": [[1, 2], [4, 3]],
    "dtypes": [np.array([1]), np.array([2.0])],
    "columns": [NUMBERED, NUMBERED.rename(columns={"x": "y"})],
    "column_types": [NUMBERED, NUMBERED.astype({"at": float})],
    "categories": [
        pd.DataFrame({"at": [1], "k": pd.Categorical(["a"])}),
        pd.DataFrame({"at": [2], "k": pd.Categorical(["b"])}),
    ],
}


@pytest.mark.parametrize("parts", UNEVEN.values(), ids=UNEVEN)
def test_parts_that_do_not_go_together_are_not_put_together(parts: list[Any]) -> None:
    on = "at" if isinstance(parts[0], pd.DataFrame) else None
    with pytest.raises(NotSliceableError):
        joined(parts, on=on)
