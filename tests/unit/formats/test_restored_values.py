"""What JSON and `told` say of a value makes the value again."""

from __future__ import annotations

import datetime
import json
import uuid
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from nbnodes.formats.jsonable import json_text, jsonable
from nbnodes.formats.types import restored, told

DAYS = pd.DatetimeIndex(["2001-01-01", "2001-01-03"], name="day")
TABLE = pd.DataFrame(
    {
        "whole": [1, 2],
        "real": [1.5, None],
        "moment": pd.to_datetime(["2001-01-01", None]),
        "word": ["x", None],
        "truth": [True, False],
        "zoned": pd.to_datetime(["2001-01-01", "2001-07-01"], utc=True).tz_convert("Europe/Zurich"),
        "span": pd.to_timedelta(["1 days", "2h"]),
        "kind": pd.Categorical(["u", "v"]),
        "perhaps": pd.array([1, None], dtype="Int64"),
        "month": pd.period_range("2001-01", periods=2, freq="M"),
    },
    index=DAYS,
)
TABLES = {
    "of all kinds": TABLE,
    "without rows": TABLE.drop(columns="kind").iloc[:0],
    "without columns": TABLE[[]],
    "with labels of two levels": TABLE.set_index(["whole", "moment"]),
    "with nothing": pd.DataFrame(),
    "with a name twice": pd.DataFrame([[1, 2.5]], columns=["x", "x"]),
    "with numbers for names": pd.DataFrame({1: [1.0]}),
}
VALUES: dict[str, Any] = {
    "an integer": 1,
    "nothing": None,
    "a tuple": (1, 2),
    "a set": {1, 2},
    "a date": datetime.date(2001, 2, 3),
    "a moment": datetime.datetime(2001, 2, 3, 4, tzinfo=datetime.UTC),
    "a time": datetime.time(4, 5),
    "a decimal": Decimal("1.50"),
    "a fraction": Fraction(1, 3),
    "a path": Path("a/b"),
    "an identifier": uuid.UUID(int=7),
    "a scalar": np.float64(1.5),
    "pandas' moment": pd.Timestamp("2001-02-03"),
    "an object": {"a": [1, None]},
}
ARRAYS = {
    "a matrix": np.arange(6.0).reshape(2, 3),
    "no rows": np.zeros((0, 3)),
    "words": np.array(["a", "bc"]),
    "moments": np.array(["2001-01-01", "NaT"], dtype="M8[ns]"),
    "small floats": np.array([1, np.nan], dtype="f4"),
}


def over_json(value: Any) -> Any:
    """Write a value and what is told of it, and read both."""
    said = json.loads(json.dumps(told(value)))
    return restored(
        json.loads(json_text(jsonable(value))), said.pop("type"), said.pop("dtypes", None)
    )


@pytest.mark.parametrize("name", TABLES)
def test_a_table_comes_back_with_its_types(name: str) -> None:
    pd.testing.assert_frame_equal(
        over_json(TABLES[name]), TABLES[name], check_categorical=False, check_column_type=False
    )


def test_a_column_comes_back_with_its_labels() -> None:
    pd.testing.assert_series_equal(over_json(TABLE["real"]), TABLE["real"])
    pd.testing.assert_index_equal(over_json(DAYS), DAYS)


@pytest.mark.parametrize("name", ARRAYS)
def test_an_array_comes_back(name: str) -> None:
    found = over_json(ARRAYS[name])
    assert found.dtype == ARRAYS[name].dtype
    np.testing.assert_array_equal(found, ARRAYS[name])


@pytest.mark.parametrize("name", VALUES)
def test_a_value_comes_back_as_it_was(name: str) -> None:
    found = over_json(VALUES[name])
    assert (type(found), found) == (type(VALUES[name]), VALUES[name])


def test_a_float_that_json_lacks_is_no_number() -> None:
    assert np.isnan(over_json(float("inf")))


def test_what_is_not_known_stays_as_json_has_it() -> None:
    assert restored({"a": 1}, "mine.Thing") == {"a": 1}
    assert restored([1], "numpy.ndarray", {"data": "no such type", "shape": [1]}) == [1]
    assert restored("soon", "datetime.date") == "soon"
