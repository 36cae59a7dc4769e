"""Arrays, frames and tables that are all different: the part of the corpus that libraries make."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

ROWS = [("a", "<i4"), ("b", "<f8")]

NUMPY: dict[str, Any] = {
    **{f"np.{t}(1)": np.dtype(t).type(1) for t in "?bBhHiIlLefdFD"},
    **{f"np.{t}(0)": np.dtype(t).type(0) for t in "?bBhHiIlLefdFD"},
    **{f"np.zeros(2, {t})": np.zeros(2, t) for t in ("?", "b", "B", "h", "i", "l", "L", "e", "f")},
    **{f"np.zeros(2, {t})": np.zeros(2, t) for t in ("d", "F", "D", "U1", "S1", "U2", "V1", "O")},
    **{f"np.zeros(2, {t})": np.zeros(2, t) for t in ("M8[s]", "M8[ms]", "m8[s]", "m8[ms]", ROWS)},
    **{f"np.zeros({shape})": np.zeros(shape) for shape in (0, (0, 3), (3, 0), (), 1, (1, 1), (4,))},
    **{f"np.zeros({shape}, i)": np.zeros(shape, "i4") for shape in (0, (), (2, 2), (4, 1), (1, 4))},
    **{f"np.dtype({t})": np.dtype(t) for t in ("<i4", ">i4", "<f8", ROWS)},
    "float nan": np.float64("nan"),
    "floats": np.array([1.0, np.nan, np.inf]),
    "floats, other order": np.array([np.nan, 1.0, np.inf]),
    "square": np.arange(4).reshape(2, 2),
    "square, transposed": np.arange(4).reshape(2, 2).T,
    "str_": np.str_("a"),
    "bytes_": np.bytes_(b"a"),
    "datetime64, days": np.datetime64("2020-01-01"),
    "datetime64, seconds": np.datetime64("2020-01-01T00:00:00"),
    "datetime64, none": np.datetime64("NaT"),
    "timedelta64, none": np.timedelta64("NaT"),
    "texts": np.array(["a", "bc"]),
    "records": np.array([(1, 2.0)], ROWS),
    "records, other names": np.array([(1, 2.0)], [("a", "<i4"), ("c", "<f8")]),
    "records, nested": np.array([((1,), 2.0)], [("a", [("c", "<i4")]), ("b", "<f8")]),
    "objects, texts": np.array(["a", "bc"], object),
    "objects, other borders": np.array(["ab", "c"], object),
    "objects, square": np.array([["a"], ["bc"]], object),
    "objects, mixed": np.array(["a", None], object),
    "objects, nan": np.array(["a", np.nan], object),
    "objects, text of a nan": np.array(["a", "nan"], object),
    "objects, empty": np.array([], object),
}


DAYS = pd.date_range("2020-01-01", periods=2, freq="D")
FRAME = {"a": [1, 2], "b": [1.5, 2.5]}

PANDAS: dict[str, Any] = {
    **{f"series, {t}": pd.Series([0, 1], dtype=t) for t in ("i4", "i8", "f4", "f8", "O", "bool")},
    **{f"series, {t}": pd.Series([0, 1], dtype=t) for t in ("Int64", "Float64", "boolean")},
    **{f"series, {t}": pd.Series([0, 1], dtype=t) for t in ("category", "M8[ns]", "m8[ns]")},
    **{f"series, {t}": pd.Series([0, 1], dtype=t) for t in ("int64[pyarrow]", "Sparse[int]")},
    **{f"series of text, {t}": pd.Series(["a", "b"], dtype=t) for t in ("O", "str", "string")},
    "series, named": pd.Series([0, 1], name="a"),
    "series, named 0": pd.Series([0, 1], name=0),
    "series, other index": pd.Series([0, 1], index=[1, 0]),
    "series, index named": pd.Series([0, 1], index=pd.RangeIndex(2, name="a")),
    "series, empty": pd.Series([], dtype="f8"),
    "series, empty of objects": pd.Series([], dtype="O"),
    "series, missing": pd.Series([0, None], dtype="Int64"),
    "series, nan": pd.Series([0, None], dtype="f8"),
    "series, none": pd.Series([0, None], dtype="O"),
    "index": pd.Index([0, 1]),
    "index, floats": pd.Index([0.0, 1.0]),
    "index, named": pd.Index([0, 1], name="a"),
    "index, texts": pd.Index(["0", "1"]),
    "index, tuples": pd.Index([(0, 1), (2, 3)], tupleize_cols=False),
    "levels": pd.MultiIndex.from_tuples([(0, 1), (2, 3)]),
    "levels, named": pd.MultiIndex.from_tuples([(0, 1), (2, 3)], names=["a", "b"]),
    "levels, other": pd.MultiIndex.from_tuples([(0, 3), (2, 1)]),
    "levels, intervals": pd.interval_range(0, 2),
    "levels, intervals closed left": pd.interval_range(0, 2, closed="left"),
    "days": DAYS,
    "days, in seconds": DAYS.as_unit("s"),
    "days of UTC": DAYS.tz_localize("UTC"),
    "days of Berlin": DAYS.tz_localize("Europe/Berlin"),
    "periods, days": pd.period_range("2020-01-01", periods=2, freq="D"),
    "periods, hours": pd.period_range("2020-01-01", periods=2, freq="h"),
    "categories": pd.Categorical(["a", "b", "a"]),
    "categories, ordered": pd.Categorical(["a", "b", "a"], ordered=True),
    "categories, other order": pd.Categorical(["a", "b", "a"], categories=["b", "a"]),
    "categories, one unused": pd.Categorical(["a", "b", "a"], categories=["a", "b", "c"]),
    "timestamp": pd.Timestamp("2020-01-01"),
    "timestamp, in seconds": pd.Timestamp("2020-01-01").as_unit("s"),
    "timestamp, a nanosecond later": pd.Timestamp("2020-01-01 00:00:00.000000001"),
    "timestamp of UTC": pd.Timestamp("2020-01-01", tz="UTC"),
    "timestamp of Berlin": pd.Timestamp("2020-01-01", tz="Europe/Berlin"),
    "timedelta": pd.Timedelta(1, "D"),
    "timedelta, in seconds": pd.Timedelta(1, "D").as_unit("s"),
    "timedelta, a nanosecond": pd.Timedelta(1, "ns"),
    "period, a day": pd.Period("2020-01-01", "D"),
    "period, a month": pd.Period("2020-01-01", "M"),
    "interval": pd.Interval(0, 1),
    "interval, floats": pd.Interval(0.0, 1.0),
    "interval, closed left": pd.Interval(0, 1, "left"),
    "no time": pd.NaT,
    "not available": pd.NA,
    "frame": pd.DataFrame(FRAME),
    "frame, columns swapped": pd.DataFrame(FRAME)[["b", "a"]],
    "frame, columns renamed": pd.DataFrame(FRAME).rename(columns={"b": "c"}),
    "frame, columns by number": pd.DataFrame({0: [1, 2], 1: [1.5, 2.5]}),
    "frame, columns by text": pd.DataFrame({"0": [1, 2], "1": [1.5, 2.5]}),
    "frame, columns named": pd.DataFrame(FRAME).rename_axis(columns="a"),
    "frame, rows named": pd.DataFrame(FRAME).rename_axis(index="a"),
    "frame, rows swapped": pd.DataFrame(FRAME).iloc[::-1],
    "frame, rows labelled": pd.DataFrame(FRAME, index=["x", "y"]),
    "frame, rows twice": pd.DataFrame(FRAME, index=[0, 0]),
    "frame, other type": pd.DataFrame(FRAME).astype({"a": "i4"}),
    "frame, one value": pd.DataFrame(FRAME).replace(2.5, 3.5),
    "frame, no rows": pd.DataFrame(FRAME).head(0),
    "frame, no columns": pd.DataFrame(index=[0, 1]),
    "frame, nothing": pd.DataFrame(),
}
PANDAS["frame, with attrs"] = PANDAS["frame"].copy()
PANDAS["frame, with attrs"].attrs["unit"] = "m"

ARROW: dict[str, Any] = {
    "table": pa.table({"a": [1, 2]}),
    "table, other type": pa.table({"a": pa.array([1, 2], pa.int32())}),
    "table, other name": pa.table({"b": [1, 2]}),
    "table, null": pa.table({"a": [1, None]}),
    "table, zero": pa.table({"a": [1, 0]}),
    "table, texts": pa.table({"a": ["1", "2"]}),
    "table, other borders": pa.table({"a": ["12", ""]}),
    "table, two columns": pa.table({"a": [1, 2], "b": [1, 2]}),
    "table, described": pa.table({"a": [1, 2]}).replace_schema_metadata({"k": "v"}),
    "table, no rows": pa.table({"a": pa.array([], pa.int64())}),
    "table, no rows of text": pa.table({"a": pa.array([], pa.string())}),
}
