"""Rows cut out of a stored run are those of its whole value, however little of it was read."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from nbnodes.cache.codec import Codec
from nbnodes.cache.fingerprint import fingerprint
from nbnodes.cache.intervals import Interval, asked
from nbnodes.cache.memory import MemoryStore
from nbnodes.cache.moments import NotSliceableError
from nbnodes.cache.signing import Signer
from nbnodes.cache.slicing import cut_out
from nbnodes.cache.store import Entry
from nbnodes.cache.stored_rows import StoredRows, Where, _narrowed
from nbnodes.result import CacheKey, Success

KEY, OTHER = CacheKey("a" * 64), CacheKey("b" * 64)
COUNT = 200
HOURS = pd.date_range("2000-03-25", periods=COUNT, freq="h")


class Shelf:
    """A store with runs on it, whose reads are counted."""

    def __init__(self, folder: Path) -> None:
        self.store = MemoryStore()
        self.codec = Codec(Signer(str(folder / "key")))
        self.rows = StoredRows(self.store, self.codec)

    def put(self, value: Any, key: CacheKey = KEY) -> bytes:
        run = Success(name="n", engine="e", duration_s=2.0, value=value)
        payload = self.codec.encode(key, run)
        known = {"notebook": "n", "family": "/n", "cost_s": 1.0, "parts": "{}"}
        self.store.put(Entry(key=key, payload=payload, **known))  # type: ignore[arg-type]
        return payload

    def cut(self, where: Where) -> Any:
        found = self.rows.cut(where)
        return None if found is None else found.value


@pytest.fixture
def shelf(tmp_path: Path) -> Iterator[Shelf]:
    return Shelf(tmp_path)  # type: ignore[return-value]


def where(start: Any, end: Any, *, on: Any = None, key: CacheKey = KEY) -> Where:
    one = asked(Interval("a", "b"), start, end)
    return Where(key=key, wanted=one.range, of=one.settled(None, None), kind=one.kind, on=on)


def table(**columns: Any) -> pd.DataFrame:
    return pd.DataFrame({"at": HOURS, "x": np.arange(COUNT) / 7, **columns})


def with_attributes(made: pd.DataFrame) -> pd.DataFrame:
    made.attrs["unit"] = "km"
    return made


NARROWED: dict[str, tuple[Callable[[], pd.DataFrame], Any]] = {
    "column": (table, "at"),
    "many_types": (
        lambda: table(
            kind=pd.Categorical(["a", "b"] * (COUNT // 2)),
            text=pd.Series([None, "é"] * (COUNT // 2), dtype="str"),
            whole=pd.Series([1, None] * (COUNT // 2), dtype="Int64"),
            zoned=HOURS.tz_localize("Europe/Berlin", nonexistent="shift_forward"),
            missing=[float("nan")] * COUNT,
        ),
        "at",
    ),
    "index": (lambda: table().set_index(pd.DatetimeIndex(HOURS, freq=None, name="i")), None),
    "zoned_index": (
        lambda: table().set_index(HOURS.tz_localize("UTC").rename("i")._with_freq(None)),
        "i",
    ),
    "attributes": (lambda: table(z=1).pipe(with_attributes), "at"),
}


@pytest.mark.parametrize(("make", "on"), NARROWED.values(), ids=NARROWED)
def test_a_table_is_cut_before_it_is_read(
    shelf: Shelf, make: Callable[[], pd.DataFrame], on: Any
) -> None:
    value = make()
    payload = shelf.put(value)
    stored = shelf.codec.decode(KEY, payload)
    assert stored
    is_zoned = getattr(getattr(value.index, "dtype", None), "tz", None) is not None
    stamp = dt.datetime(2000, 3, 26, 5, tzinfo=dt.UTC if is_zoned else None)
    for end in (stamp + dt.timedelta(hours=30), stamp, None):
        place = where(stamp, end, on=on)
        whole = cut_out(stored.value, place.wanted, place.kind, on=on)
        narrowed = _narrowed(payload, place)
        assert narrowed is not None
        assert end is None or len(narrowed) < len(payload)
        for _ in range(3):
            pd.testing.assert_frame_equal(shelf.cut(place), whole, check_freq=False)
            assert fingerprint(shelf.cut(place)) == fingerprint(whole)


READ_WHOLE: dict[str, tuple[Callable[[], Any], Any]] = {
    "unsorted": (lambda: table().sample(frac=1, random_state=1), "at"),
    "labelled": (lambda: table().set_axis(range(5, COUNT + 5)), "at"),
    "function": (table, lambda t: t["at"]),
    "pickled": (lambda: table().set_index(HOURS), None),
    "array": (HOURS.to_numpy, None),
    "list": (HOURS.tolist, None),
}


@pytest.mark.parametrize(("make", "on"), READ_WHOLE.values(), ids=READ_WHOLE)
def test_what_cannot_be_cut_before_is_cut_after(
    shelf: Shelf, make: Callable[[], Any], on: Any
) -> None:
    value = make()
    shelf.put(value)
    for hours in (1, 5, 9):
        place = where(pd.Timestamp("2000-03-26"), HOURS[30 + hours], on=on)
        whole = cut_out(value, place.wanted, place.kind, on=on)
        assert fingerprint(shelf.cut(place)) == fingerprint(whole)


def test_whoever_changes_a_slice_changes_no_other(shelf: Shelf) -> None:
    shelf.put(table())
    place = where(None, HOURS[5], on="at")
    for _ in range(4):
        found = shelf.cut(place)
        assert found["x"].tolist() == table()["x"][:5].tolist()
        found["x"] = -1


def test_a_run_that_is_gone_or_cannot_be_read_is_none(shelf: Shelf, tmp_path: Path) -> None:
    assert shelf.cut(where(None, HOURS[5])) is None
    shelf.put({1, 2})
    elsewhere = StoredRows(shelf.store, Codec(Signer(str(tmp_path / "another"))))
    assert elsewhere.cut(where(None, HOURS[5])) is None


def test_a_value_without_rows_is_told(shelf: Shelf) -> None:
    shelf.put({"a": 1})
    with pytest.raises(NotSliceableError, match="a dict has no rows"):
        shelf.cut(where(1, 2))


def test_a_slice_is_of_the_run_that_is_asked_for(shelf: Shelf) -> None:
    shelf.put([1, 2, 3])
    shelf.put([1.5, 2.5], OTHER)
    shelf.put(np.arange(9))
    for _ in range(3):
        assert shelf.cut(where(2, 4)).tolist() == [2, 3]
        assert shelf.cut(where(2, 4, key=OTHER)) == [2.5]
