"""Writing JSON ends: with the right text, or with an error; and no one else notices."""

from __future__ import annotations

import json
import math
import sys
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nbnodes.errors import FormatError
from nbnodes.formats.integers import int_of, int_text
from nbnodes.formats.jsonable import has_json, is_too_deep, json_text, json_value, jsonable

LONG = 10**5000 + 7


def nested(depth: int) -> list[Any]:
    value: list[Any] = []
    for _ in range(depth):
        value = [value]
    return value


def doubled(times: int) -> list[Any]:
    value: list[Any] = [1]
    for _ in range(times):
        value = [value, value]
    return value


TOO_MUCH: dict[str, Any] = {
    "range": range(10**9),
    "range beyond any index": range(10**40),
    "list": [0] * 1001,
    "lists in lists": [[1] * 100] * 11,
    "a list that doubles": doubled(100),
    "dict": dict.fromkeys(range(1001)),
    "set": set(range(1001)),
    "one text in many places": ["x" * 100_000] * 100,
    "one text in many cells": pd.DataFrame({"a": ["x" * 100_000] * 100}),
    "one text as a name": [{"x" * 100_000: 1}] * 100,
    "one integer in many places": [LONG] * 1000,
    "array": np.broadcast_to(np.int8(1), (10**9,)),
    "frame": pd.DataFrame(np.zeros((100, 10))),
    "index": pd.RangeIndex(10**9),
    "series": pd.Series(np.zeros(1000)),
}


@pytest.mark.parametrize("value", TOO_MUCH.values(), ids=TOO_MUCH)
def test_what_has_too_many_elements_is_refused(value: Any) -> None:
    with pytest.raises(FormatError, match=r"has more than 1,000 elements|has no JSON form"):
        jsonable(value, limit=1000)
    assert not has_json(value, limit=1000)


@pytest.mark.parametrize("value", [range(10**9), range(-(10**40), 0, 3)])
def test_a_range_that_no_memory_holds_is_refused_without_a_limit_too(value: range) -> None:
    with pytest.raises(FormatError, match="a range of 100,000,000 elements or more"):
        jsonable(value)
    assert not has_json(value)


@pytest.mark.parametrize("depth", [201, 10_000])
def test_what_is_nested_too_deep_is_refused(depth: int) -> None:
    with pytest.raises(FormatError, match="or is nested so deep"):
        jsonable(nested(depth))
    assert not has_json(nested(depth))


def test_what_is_nested_less_deep_is_written() -> None:
    assert json_text(jsonable(nested(199))) == "[" * 200 + "]" * 200


def test_what_is_written_at_all_is_not_too_deep_to_be_taken() -> None:
    assert not is_too_deep(nested(199))
    assert is_too_deep(nested(200))
    assert is_too_deep([1, {"a": nested(198)}])
    assert not any(map(is_too_deep, (1, "a", {}, [])))


def test_text_that_no_utf_8_holds_is_escaped() -> None:
    text = json_text(jsonable({"\ud800": 'ß\\\udfff"'}))
    assert text == '{"\\ud800": "ß\\\\\\udfff\\""}'
    assert json.loads(text.encode()) == {"\ud800": 'ß\\\udfff"'}


def test_long_integers_are_written_while_the_limit_stands(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "set_int_max_str_digits", None)
    digits = f"1{'0' * 4999}7"
    assert json_text(jsonable([LONG, {"a": -LONG}])) == f'[{digits}, {{"a": -{digits}}}]'
    assert json_text(jsonable({LONG: 1})) == f'{{"{digits}": 1}}'


def test_long_integers_are_read_while_the_limit_stands(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "set_int_max_str_digits", None)
    value = {"a": [LONG, -LONG, 1, 0.5]}
    assert json_value(json_text(value).encode()) == value
    with pytest.raises(ValueError, match="Expecting"):
        json_value("[")


@settings(deadline=None)
@given(st.integers(0, 40_000), st.integers(), st.sampled_from([-1, 1]))
def test_digits_are_those_that_python_writes(bits: int, more: int, sign: int) -> None:
    value = sign * ((1 << bits) + more)
    found = int_text(value)
    sign_text, digits = found[: found.startswith("-")], found.lstrip("-")
    read = 0
    for begin in range(0, len(digits), 4000):
        part = digits[begin : begin + 4000]
        read = read * 10 ** len(part) + int(part)
    assert (read, sign_text) == (abs(value), "-" if value < 0 else "")
    assert int_of(found) == value


MOMENT = "2001-01-02 03:04:05.000000007"
JSON_CELLS = (1, True, 1.5, math.nan, -math.inf, "a", None, (1, 2))
MOMENTS = (pd.NaT, pd.Timestamp(MOMENT), pd.Timestamp(MOMENT, tz="UTC"), pd.Timedelta("1h"))
CELLS = st.sampled_from([*JSON_CELLS, *MOMENTS, 1j, b"a"])


@settings(deadline=None)
@given(st.lists(st.lists(CELLS, min_size=3, max_size=3), max_size=4), st.booleans())
def test_a_table_is_what_its_cells_are(rows: list[list[Any]], is_inferred: bool) -> None:
    frame = pd.DataFrame(rows, columns=["a", "b", "a"], dtype=None if is_inferred else object)
    cells = [cell for row in frame.itertuples(index=False) for cell in row]
    if not has_json(cells):
        with pytest.raises(FormatError):
            jsonable(frame)
        return
    expected = [[jsonable(cell) for cell in row] for row in frame.itertuples(index=False)]
    assert json_text(jsonable(frame)["data"]) == json_text(expected)


@settings(deadline=None)
@given(st.integers(0, 12))
def test_the_limit_is_the_number_of_elements(limit: int) -> None:
    value = [[1, 2], {"a": 3}, (4,), range(2)]  # 4 lists, 2 + 1 + 1 + 2 in them
    assert has_json(value, limit=limit) == (limit >= 10)
