"""A format that is listed can be written; one that is not is refused. Listing writes nothing."""

from __future__ import annotations

import datetime
import decimal
import io
import json
import sys
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib.figure import Figure
from pyarrow import ipc, parquet

from nbnodes.errors import FormatError
from nbnodes.formats.formats import FORMATS, encoded, formats_of, render
from nbnodes.result import CellRun, Success

SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.integers(10**5000, 10**5000 + 1)
    | st.floats()
    | st.text(st.characters())
    | st.sampled_from([b"a", 1j, object(), datetime.date(2001, 1, 2), decimal.Decimal("1.1")])
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.lists(st.dictionaries(st.sampled_from(["a", "b", 1, "1"]), inner), max_size=3)
        | st.dictionaries(st.text(max_size=2) | st.integers(0, 3), inner, max_size=4)
    ),
    max_leaves=12,
)
COLUMNS: dict[str, list[Any]] = {
    "int": [1, 2],
    "float": [1.5, None],
    "text": ["a", None],
    "mixed": [1, "a"],
    "moment": [pd.Timestamp("2001-01-02"), pd.NaT],
    "zoned": [pd.Timestamp("2001-01-02", tz="UTC"), pd.NaT],
    "duration": [pd.Timedelta("1h"), pd.NaT],
    "period": [pd.Period("2001-01"), pd.NaT],
    "interval": [pd.Interval(0, 1), pd.Interval(1, 2)],
    "complex": [1j, 2j],
    "bytes": [b"a", b"b"],
    "lists": [[1], [2]],
    "dicts": [{}, {}],
    "object": [object(), None],
    "huge": [10**30, 1],
    "longest": [10**5000, 1],
    "surrogate": pd.Series(["\ud800", "a"], dtype=object),  # type: ignore[dict-item]
    "category": pd.Categorical(["a", "b"]),  # type: ignore[dict-item]
    "nullable": pd.array([1, None], dtype="Int64"),  # type: ignore[dict-item]
    "half": np.array([1, 2], dtype="float16"),  # type: ignore[dict-item]
    "decimal": [decimal.Decimal("1.10"), None],
}
ARRAYS = [
    np.array(1),
    np.array([]),
    np.zeros((2, 0)),
    np.array([[1.5, np.nan]]),
    np.array([1j]),
    np.array([b"a"]),
    np.array(["a"]),
    np.array([object()]),
    np.array(["2001-01-02", "NaT"], dtype="datetime64[D]"),
    np.array([1], dtype="timedelta64[s]"),
    np.ma.array([1, 2], mask=[True, False]),
    np.zeros(2, dtype=[("a", "i4"), ("b", "f8")]),
    np.float64(1),
    pd.Index([1, 2]),
    pd.Categorical(["a"]),
    pd.MultiIndex.from_tuples([(1, "a")]),
    pd.DataFrame(),
    pd.DataFrame(index=[1, 2]),
    pd.DataFrame([[1, 2]], columns=["a", "a"]),
    pd.DataFrame([[1, 2]], columns=[1, "1"]),
    pd.DataFrame([[1]], columns=pd.MultiIndex.from_tuples([("a", 2)])),
    pd.DataFrame({"a": [1]}, index=pd.Index([object()])),
    pa.table({"a": [1, 2]}),
    pd.DataFrame,
    range(3),
    bytearray(b"a"),
    memoryview(b"ab"),
    Figure(),
    Figure,
]


def of(value: Any, **shown: str) -> Success:
    """Make a Result that showed `shown`, by MIME type with _ for / and + for __."""
    bundle = {name.replace("__", "+").replace("_", "/"): text for name, text in shown.items()}
    output = {"output_type": "display_data", "data": bundle, "metadata": {}}
    cells = (CellRun(ordinal=0, outputs=(output,)),)
    return Success(name="n", engine="e", cells=cells, value=value)


def assert_right(result: Success, limit: int | None = None) -> None:
    listed = formats_of(result, limit=limit)
    written = []
    for name in FORMATS:
        try:
            content = render(result, name, limit=limit)
        except FormatError:
            continue
        assert encoded(content) is not None
        written.append(name)
    assert tuple(written) == listed


@settings(deadline=None)
@given(VALUES, st.sampled_from([None, 3]))
def test_a_listed_format_is_written(value: Any, limit: int | None) -> None:
    assert_right(of(value), limit)


@settings(deadline=None)
@given(st.sets(st.sampled_from(sorted(COLUMNS)), max_size=4), st.booleans(), st.booleans())
def test_a_listed_format_of_a_table_is_written(
    names: set[str], is_object: bool, is_short: bool
) -> None:
    columns = {name: COLUMNS[name] for name in sorted(names)}
    frame = pd.DataFrame(columns, dtype=object if is_object else None)
    assert_right(of(frame.iloc[:0] if is_short else frame))
    for name in names:
        assert_right(of(frame[name]))


@pytest.mark.parametrize(
    "value", ARRAYS, ids=[f"{n}-{type(v).__name__}" for n, v in enumerate(ARRAYS)]
)
@pytest.mark.parametrize("limit", [None, 3])
def test_a_listed_format_of_an_array_is_written(value: Any, limit: int | None) -> None:
    assert_right(of(value), limit)


def test_pictures_that_were_shown_are_listed() -> None:
    shown = of(None, image_png="aGk=", image_svg__xml="<svg/>")
    assert formats_of(shown) == ("text", "json", "html", "png", "svg")
    assert_right(shown)


class Unwritten:
    """Fails the test when it is written."""

    def to_csv(self) -> str:
        raise AssertionError

    def savefig(self, *_: object, **__: object) -> None:
        raise AssertionError

    __repr__ = to_csv


def test_nothing_is_written_to_list_the_formats() -> None:
    assert formats_of(of(Unwritten())) == ("text", "html", "csv", "png", "svg")


def test_a_picture_in_svg_is_the_same_each_time() -> None:
    figure = Figure()
    figure.subplots().plot([1, 2], clip_on=True)
    assert render(of(figure), "svg") == render(of(figure), "svg")


FRAME = pd.DataFrame({"n": [1, 2], "when": pd.to_datetime(["2001-01-02", None])})
TABLES: dict[str, tuple[Any, list[dict[str, Any]]]] = {
    "frame": (FRAME, [{"n": 1, "when": datetime.datetime(2001, 1, 2)}, {"n": 2, "when": None}]),  # noqa: DTZ001  # pandas' moments have no zone
    "series": (pd.Series([1, 2], name="n"), [{"n": 1}, {"n": 2}]),
    "records": ([{"a": 1}, {"b": "ß"}], [{"a": 1, "b": None}, {"a": None, "b": "ß"}]),
    "arrow": (pa.table({"a": [1]}), [{"a": 1}]),
}


@pytest.mark.parametrize(("value", "rows"), TABLES.values(), ids=TABLES)
def test_a_table_for_programs_holds_the_rows(value: Any, rows: list[dict[str, Any]]) -> None:
    stream = ipc.open_stream(render(of(value), "arrow")).read_all()
    file = parquet.read_table(io.BytesIO(encoded(render(of(value), "parquet"))))
    assert stream.to_pylist() == file.to_pylist() == rows


def test_without_pyarrow_it_is_said_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    for name in ("arrow", "parquet"):
        assert name not in formats_of(of([{"a": 1}]))
        with pytest.raises(FormatError, match=r"pip install 'nbnodes\[arrow\]'; it can be written"):
            render(of([{"a": 1}]), name)


def test_an_executed_notebook_is_json() -> None:
    cells = [{"outputs": [{"data": {"application/json": float("nan")}}]}]
    result = Success(name="n", engine="e", executed={"cells": cells, "nbformat": 4})
    told = json.loads(render(result, "ipynb"))
    assert told["cells"] == [{"outputs": [{"data": {"application/json": None}}]}]
    assert "ipynb" in formats_of(result)
    with pytest.raises(FormatError, match="does not carry its notebook"):
        render(of(1), "ipynb")
