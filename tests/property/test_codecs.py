"""Whatever plain data, array or table is stored, it comes back as the same value and type."""

from __future__ import annotations

import datetime
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from hypothesis.extra import pandas as tables

from nbnodes.cache.codec import Codec
from nbnodes.cache.signing import Signer
from nbnodes.result import CacheKey, CellRun, Success

PATIENT = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])  # on a busy machine
KEY = CacheKey("a" * 64)
FOLDER = tempfile.TemporaryDirectory()  # of one secret for all examples
CODEC = Codec(Signer(str(Path(FOLDER.name) / "key")))

TEXT = st.text(st.characters(), max_size=5)  # surrogates included
NUMBERS = st.booleans() | st.integers() | st.floats(width=64) | st.complex_numbers()
DATES = st.dates() | st.datetimes(timezones=st.none() | st.just(datetime.UTC)) | st.timedeltas()
SCALARS = st.none() | NUMBERS | TEXT | st.binary(max_size=5) | st.decimals(allow_nan=False) | DATES
NAMES = TEXT | st.integers() | st.none() | st.booleans()
PLAIN = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.lists(inner, max_size=4).map(tuple)
        | st.dictionaries(NAMES, inner, max_size=4)
        | st.frozensets(NAMES, max_size=4)
    ),
    max_leaves=20,
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3)
    ),
    max_leaves=8,
)
DTYPES = arrays.scalar_dtypes()
RECORDS = st.lists(DTYPES, min_size=1, max_size=3).map(
    lambda kinds: np.dtype([(f"é{i}", kind) for i, kind in enumerate(kinds)])
)
ARRAYS = arrays.arrays(DTYPES | RECORDS, arrays.array_shapes(min_dims=0, min_side=0, max_side=4))
NAN = float("nan")


def columns() -> st.SearchStrategy[list[Any]]:
    """Draw the columns of a table: names of one type, each with its own type of element."""
    elements: list[Any] = [
        {"dtype": "int8"},
        {"dtype": "float32"},
        {"dtype": "datetime64[ns]"},
        {"dtype": "bool"},
        {"dtype": "object", "elements": st.none() | st.just(NAN) | st.integers() | st.booleans()},
        {"dtype": "object", "elements": st.none() | st.text("aé", max_size=2)},
    ]
    kinds = st.lists(st.sampled_from(elements), max_size=4)
    return kinds.map(
        lambda chosen: [tables.column(f"c{i}", **kind) for i, kind in enumerate(chosen)]
    )


INDEXES = st.sampled_from(
    [
        tables.range_indexes(max_size=4),
        tables.indexes(dtype="int64", max_size=4),
        tables.indexes(dtype="datetime64[ns]", max_size=4, unique=False),
        tables.indexes(elements=st.text("aé", max_size=2), dtype="object", max_size=4),
    ]
)
CHANGES = [
    lambda frame: frame,
    lambda frame: frame.convert_dtypes(),
    lambda frame: frame.astype("category"),
    lambda frame: frame.set_index(list(frame.columns[:2])) if frame.shape[1] > 2 else frame,
    lambda frame: frame.set_axis([0] * frame.shape[1], axis="columns"),
    lambda frame: frame.set_axis(list(range(1, 1 + frame.shape[1])), axis="columns"),
]


@st.composite
def frames(draw: st.DrawFn) -> pd.DataFrame:
    made = draw(tables.data_frames(draw(columns()), index=draw(INDEXES)))
    changed: pd.DataFrame = draw(st.sampled_from(CHANGES))(made)
    changed.attrs.update(draw(st.dictionaries(st.sampled_from("ab"), SCALARS, max_size=1)))
    return changed


def same(one: Any, other: Any) -> bool:
    """Whether they are equal, types, NaN and the sign of zero included."""
    if one is other or type(one) is not type(other):
        return one is other
    match one:
        case float() | complex():
            return repr(one) == repr(other)
        case list() | tuple():
            return len(one) == len(other) and all(map(same, one, other))
        case dict():
            return same(list(one.items()), list(other.items()))
        case np.ndarray():
            return same(taken_apart(one), taken_apart(other))
    return bool(one == other)


def taken_apart(array: Any) -> tuple[Any, ...]:
    flags = (array.flags.c_contiguous, array.flags.f_contiguous)
    return (str(array.dtype), array.dtype, array.shape, flags, array.tobytes())


def same_frame(one: pd.DataFrame, other: pd.DataFrame) -> bool:
    parts = [[list(f.dtypes), f.index.dtype, f.columns.tolist(), f.attrs] for f in (one, other)]
    parts[0] += [one.iloc[:, i].tolist() for i in range(one.shape[1])] + [one.index.tolist()]
    parts[1] += [other.iloc[:, i].tolist() for i in range(other.shape[1])] + [other.index.tolist()]
    return same(*parts) and type(one.index) is type(other.index)


def there_and_back(value: Any) -> Any:
    decoded = CODEC.decode(KEY, CODEC.encode(KEY, Success(name="n", engine="e", value=value)))
    assert decoded
    return decoded.value


@settings(PATIENT, max_examples=300)
@given(PLAIN)
@example([10**5000, -(10**4000), -0.0, -NAN, {1: "a", "1": "b"}, {True: 1}, "\ud800"])
def test_plain_data_comes_back(value: Any):
    assert same(there_and_back(value), value)


@settings(PATIENT, max_examples=300)
@given(ARRAYS, st.sampled_from("CF"), st.booleans())
def test_an_array_comes_back(array: Any, order: Any, is_reversed: bool):
    array = np.asarray(array, order=order)
    assert same(there_and_back(array), array)
    view = array[::-1].T if is_reversed and array.ndim else array
    back = there_and_back(view)
    assert (back.dtype, back.shape, back.tobytes()) == (view.dtype, view.shape, view.tobytes())


@settings(PATIENT, max_examples=150)
@given(frames())
def test_a_table_comes_back(frame: pd.DataFrame):
    back = there_and_back(frame)
    assert same_frame(back, frame)
    pd.testing.assert_frame_equal(back, frame, check_exact=True, check_freq=True)


@settings(PATIENT, max_examples=100)
@given(st.lists(st.dictionaries(st.text(max_size=3), JSON, max_size=3), max_size=3), JSON)
def test_outputs_come_back(outputs: list[Any], executed: Any):
    cell = CellRun(ordinal=3, outputs=tuple(outputs), duration_s=0.25)
    run = Success(name="n", engine="e", cells=(cell,), executed={"cells": executed})
    decoded = CODEC.decode(KEY, CODEC.encode(KEY, run))
    assert decoded
    assert same(decoded.executed, run.executed)
    assert same(list(decoded.cells[0].outputs), outputs)
    assert decoded.cells == run.cells


@settings(PATIENT, max_examples=300)
@given(st.binary(max_size=60), st.sampled_from([b"", b"NBR1", b"NBR1\0\0\0\2{}"]))
def test_any_bytes_are_a_miss(content: bytes, head: bytes):
    assert CODEC.decode(KEY, head + content) is None


@settings(PATIENT, max_examples=200)
@given(PLAIN | ARRAYS, st.data())
def test_a_damaged_entry_raises_nothing(value: Any, data: st.DataObject):
    payload = bytearray(CODEC.encode(KEY, Success(name="n", engine="e", value=value)))
    payload[data.draw(st.integers(0, len(payload) - 1))] ^= data.draw(st.integers(1, 255))
    CODEC.decode(KEY, bytes(payload))
