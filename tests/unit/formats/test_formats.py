"""A value becomes text, JSON, a table or a picture, or an error names what it can become."""

from __future__ import annotations

import base64
import dataclasses
import datetime
import decimal
import fractions
import json
import pathlib
import sys
import uuid
from collections import Counter, namedtuple
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nbnodes.cli.arguments import OPTIONS
from nbnodes.errors import FormatError
from nbnodes.formats import FORMATS, formats_of, json_text, jsonable, render
from nbnodes.result import CellRun, Success

PICTURE = b"\x89PNG\r\n\x1a\n picture"
HUGE = 10**5000 + 7
Point = namedtuple("Point", "x y")  # noqa: PYI024  # the plain kind is what notebooks have


@dataclasses.dataclass
class Oil:
    name: str
    price: float


class Drawing:
    """What matplotlib's figures have."""

    def savefig(self, file: Any, format: str) -> None:  # noqa: A002  # their name
        file.write(PICTURE if format == "png" else b"<svg/>")


class Untold:
    def __repr__(self) -> str:
        raise ZeroDivisionError


def result(value: Any, **shown: Any) -> Success:
    """Make a Result whose `return` cell showed `shown`, by mime type with _ for / and +."""
    bundle = {name.replace("__", "+").replace("_", "/"): text for name, text in shown.items()}
    outputs = ({"output_type": "execute_result", "data": bundle, "metadata": {}},) if shown else ()
    cells = (CellRun(ordinal=0, outputs=outputs),)
    return Success(name='a "b".ipynb', engine="kernel", cells=cells, value=value)


FRAME = pd.DataFrame(
    {"price": [1.5, np.nan], "when": pd.to_datetime(["2001-01-02", None])},
    index=pd.Index(["a", "b"]),
)
DEEP: list[Any] = []
for _ in range(100_000):
    DEEP = [DEEP]
ITSELF: list[Any] = []
ITSELF.append(ITSELF)

JSONABLE: dict[str, tuple[Any, Any]] = {
    "none": (None, None),
    "bool": (True, True),
    "int": (3, 3),
    "float": (0.5, 0.5),
    "nan": (float("nan"), None),
    "infinity": (float("-inf"), None),
    "text": ("ß", "ß"),
    "list": ([1, [2, float("nan")]], [1, [2, None]]),
    "tuple": ((1, 2), [1, 2]),
    "named_tuple": (Point(1, 2), [1, 2]),
    "range": (range(3), [0, 1, 2]),
    "set": ({3, 1, 20}, [1, 3, 20]),
    "set_of_text": (frozenset({"b", "a", "c"}), ["a", "b", "c"]),
    "mixed_set": ({1, "a"}, ["a", 1]),
    "set_of_tuples": ({(2, "b"), (2, "a"), (10, "a")}, [[2, "a"], [2, "b"], [10, "a"]]),
    "set_of_odd_things": (
        {frozenset({2, 1}), frozenset({3}), None, 1.5, float("nan")},
        [1.5, [1, 2], [3], None, None],
    ),
    "long_double": (np.array([np.longdouble(1.5), np.longdouble("nan")]), [1.5, None]),
    "moments_after_datetime_ends": (
        np.array(["12001-02-03", "NaT"], dtype="datetime64[D]"),
        ["12001-02-03", None],
    ),
    "table_of_moments": (
        np.array([["2001-01-02"]], dtype="datetime64[D]"),
        [["2001-01-02T00:00:00"]],
    ),
    "dict": ({"a": (1,), 2: None}, {"a": [1], "2": None}),
    "counter": (Counter("aab"), {"a": 2, "b": 1}),
    "date": (datetime.date(2001, 1, 2), "2001-01-02"),
    "time": (datetime.time(3, 4), "03:04:00"),
    "datetime": (
        datetime.datetime(2001, 1, 2, 3, tzinfo=datetime.UTC),
        "2001-01-02T03:00:00+00:00",
    ),
    "decimal": (decimal.Decimal("1.10"), "1.10"),
    "fraction": (fractions.Fraction(1, 3), "1/3"),
    "path": (pathlib.PurePosixPath("/a/b"), "/a/b"),
    "uuid": (uuid.UUID(int=0), "00000000-0000-0000-0000-000000000000"),
    "dataclass": (Oil("WTI", 1.5), {"name": "WTI", "price": 1.5}),
    "numpy_int": (np.int64(3), 3),
    "numpy_float": (np.float32(0.5), 0.5),
    "numpy_nan": (np.float64("nan"), None),
    "numpy_bool": (np.True_, True),
    "numpy_text": (np.str_("a"), "a"),
    "array": (np.array([[1, 2], [3, 4]]), [[1, 2], [3, 4]]),
    "array_without_shape": (np.array(7), 7),
    "empty_array": (np.array([]), []),
    "array_of_nan": (np.array([1.0, np.nan]), [1.0, None]),
    "array_of_objects": (np.array([None, "a"], dtype=object), [None, "a"]),
    "numpy_day": (np.datetime64("2001-01-02"), "2001-01-02T00:00:00"),
    "numpy_moments": (
        np.array(["2001-01-02T03:04", "NaT"], dtype="datetime64[ns]"),
        ["2001-01-02T03:04:00", None],
    ),
    "frame": (
        FRAME,
        {
            "columns": ["price", "when"],
            "index": ["a", "b"],
            "data": [[1.5, "2001-01-02T00:00:00"], [None, None]],
        },
    ),
    "frame_of_several_labels": (
        pd.DataFrame([[1]], columns=pd.MultiIndex.from_tuples([("a", 2)])),
        {"columns": [["a", 2]], "index": [0], "data": [[1]]},
    ),
    "empty_frame": (pd.DataFrame(), {"columns": [], "index": [], "data": []}),
    "frame_of_two_columns_of_one_name": (
        pd.DataFrame([[1, 2]], columns=["a", "a"]),
        {"columns": ["a", "a"], "index": [0], "data": [[1, 2]]},
    ),
    "series": (
        pd.Series([1, None], name="s"),
        {"name": "s", "index": [0, 1], "data": [1.0, None]},
    ),
    "index": (pd.Index(["a", "b"]), ["a", "b"]),
    "categories": (pd.Categorical(["a", "b", None]), ["a", "b", None]),
    "moment": (pd.Timestamp("2001-01-02 03:04"), "2001-01-02T03:04:00"),
    "duration": (pd.Timedelta("1 day"), "P1DT0H0M0S"),
    "period": (pd.Period("2001-01"), "2001-01"),
    "interval": (pd.Interval(0, 1), "(0, 1]"),
    "no_time": (pd.NaT, None),
    "not_available": (pd.NA, None),
}
NOT_JSONABLE: dict[str, tuple[Any, str]] = {
    "object": (object(), "a builtins.object has no JSON form"),
    "bytes": (b"a", "a builtins.bytes has no JSON form"),
    "complex": ([1j], "a builtins.complex has no JSON form"),
    "names_that_become_one": (
        {1: 1, "1": 2},
        "a dict has several keys that JSON writes as the same",
    ),
    "class_with_isoformat": (datetime.date, "a builtins.type has no JSON form"),
    "in_a_set": ({b"a"}, "a builtins.bytes has no JSON form"),
    "class": (Oil, "a builtins.type has no JSON form"),
    "function": (len, "has no JSON form"),
    "generator_of_numpy": (np.random.default_rng(1), "Generator has no JSON form"),
    "kind_of_numpy": (np.dtype("int8"), "has no JSON form"),
    "numpy_duration": (np.timedelta64(1, "ns"), "a datetime.timedelta has no JSON form"),
    "groups": (FRAME.groupby("price"), "DataFrameGroupBy has no JSON form"),
    "itself": (ITSELF, "a list that contains itself, or is nested so deep, has no JSON form"),
    "deep": (DEEP, "or is nested so deep"),
}


@pytest.mark.parametrize(("value", "expected"), JSONABLE.values(), ids=JSONABLE)
def test_a_value_has_a_json_form(value: Any, expected: Any) -> None:
    found = jsonable(value)
    assert json.dumps(expected) == json.dumps(found)
    assert json.loads(json_text(found)) == expected


@pytest.mark.parametrize(("value", "said"), NOT_JSONABLE.values(), ids=NOT_JSONABLE)
def test_what_json_lacks_is_refused_by_name(value: Any, said: str) -> None:
    with pytest.raises(FormatError) as caught:
        jsonable(value)
    assert said in str(caught.value)


PLAIN = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@given(PLAIN)
def test_what_json_has_stays_as_it_is(value: Any) -> None:
    assert jsonable(value) == value
    assert json.loads(json_text(jsonable(value))) == value


@given(st.sets(st.text() | st.integers() | st.none() | st.booleans()))
def test_a_set_has_one_order(value: set[Any]) -> None:
    shuffled: set[Any] = set()
    shuffled.update(sorted(value, key=repr, reverse=True))
    assert jsonable(value) == jsonable(shuffled)
    assert len(jsonable(value)) == len(value)


# ---------------------------------------------------------------- the formats

RENDERED: dict[str, tuple[Success, str, str | bytes]] = {
    "text_of_text": (result("a\nb", text_plain="'a\\nb'"), "text", "a\nb"),
    "text_of_an_int": (result(610, text_plain="610"), "text", "610"),
    "text_of_a_bool": (result(True, text_plain="True"), "text", "True"),
    "text_of_none": (result(None), "text", "None"),
    "text_as_shown": (result([1], text_plain="[1]"), "text", "[1]"),
    "text_in_lines": (result([1], text_plain=["[1,\n", " 2]"]), "text", "[1,\n 2]"),
    "text_when_nothing_was_shown": (result([1]), "text", "[1]"),
    "json": (result({"ß": (1, None)}), "json", '{"ß": [1, null]}'),
    "html_as_shown": (result(1, text_html="<b>1</b>", text_plain="1"), "html", "<b>1</b>"),
    "html_of_a_drawing": (result(1, image_svg__xml="<svg/>"), "html", "<svg/>"),
    "html_of_a_picture": (
        result(1, image_png="aGk="),
        "html",
        '<img alt="a &quot;b&quot;.ipynb" src="data:image/png;base64,aGk=">',
    ),
    "html_of_text": (result("a<b"), "html", "<pre>a&lt;b</pre>"),
    "csv_of_a_frame": (result(pd.DataFrame({"a": [1]})), "csv", ",a\n0,1\n"),
    "csv_of_a_series": (result(pd.Series([1], name="s")), "csv", ",s\n0,1\n"),
    "csv_of_an_array": (result(np.array([[1, 2], [3, 4]])), "csv", "1,2\n3,4\n"),
    "csv_of_numbers": (result([1, 2]), "csv", "1\n2\n"),
    "csv_of_rows": (result([(1, "a,b"), (2, 'c"')]), "csv", '1,"a,b"\n2,"c"""\n'),
    "csv_of_records": (result([{"a": 1}, {"b": 2}]), "csv", "a,b\n1,\n,2\n"),
    "png_as_shown": (result(1, image_png=base64.b64encode(PICTURE).decode()), "png", PICTURE),
    "png_in_lines": (result(1, image_png=["aGk=\n", ""]), "png", b"hi"),
    "png_of_a_figure": (result(Drawing()), "png", PICTURE),
    "svg_as_shown": (result(1, image_svg__xml=["<svg>", "</svg>"]), "svg", "<svg></svg>"),
    "svg_of_a_figure": (result(Drawing()), "svg", "<svg/>"),
    "text_of_a_value_whose_text_fails": (
        result(Untold()),
        "text",
        "<test_formats.Untold, no text: ZeroDivisionError>",
    ),
    "csv_of_a_value_whose_text_fails": (
        result([Untold()]),
        "csv",
        '"<test_formats.Untold, no text: ZeroDivisionError>"\n',
    ),
}
NOT_RENDERED: dict[str, tuple[Success, str, str]] = {
    "number_as_csv": (
        result(1),
        "csv",
        "a int is no table; it can be written as: text, json, html",
    ),
    "nothing_as_csv": (result([]), "csv", "a list is no table"),
    "one_number_of_numpy_as_csv": (result(np.array(1)), "csv", "a ndarray is no table"),
    "text_as_csv": (result("ab"), "csv", "a str is no table"),
    "number_as_png": (result(1), "png", "shows no picture; it can be written as: text, json, html"),
    "figure_as_json": (result(Drawing()), "json", "it can be written as: text, html, png, svg"),
}


@pytest.mark.parametrize(("run", "name", "expected"), RENDERED.values(), ids=RENDERED)
def test_a_result_is_rendered(run: Success, name: str, expected: str | bytes) -> None:
    assert render(run, name) == expected
    assert name in formats_of(run)


@pytest.mark.parametrize(("run", "name", "said"), NOT_RENDERED.values(), ids=NOT_RENDERED)
def test_a_form_that_a_result_lacks_is_refused(run: Success, name: str, said: str) -> None:
    with pytest.raises(FormatError) as caught:
        render(run, name)
    assert said in str(caught.value)
    assert name not in formats_of(run)


def test_the_last_picture_is_the_picture() -> None:
    pictures = [base64.b64encode(text).decode() for text in (b"first", b"last")]
    shown = ({"output_type": "display_data", "data": {"image/png": p}} for p in pictures)
    printed = {"output_type": "stream", "name": "stdout", "text": "after"}
    cells = (CellRun(ordinal=0, outputs=(*shown, printed)),)
    assert render(Success(name="n", engine="kernel", cells=cells, value=1), "png") == b"last"


def test_every_format_is_listed() -> None:
    names = ("text", "json", "html", "csv", "parquet", "arrow", "png", "svg", "ipynb")
    assert tuple(FORMATS) == names
    (option,) = (option for option in OPTIONS if option.field == "format")
    assert option.choices == names


def test_a_format_that_is_none_is_refused() -> None:
    with pytest.raises(FormatError, match="there is no format 'xls'; there are: text, json"):
        render(result(1), "xls")


HUGE_TEXTS = {
    "text": (HUGE, "text", f"1{'0' * 4999}7"),
    "json": ([HUGE], "json", f"[1{'0' * 4999}7]"),
    "json_name": ({HUGE: 1}, "json", f'{{"1{"0" * 4999}7": 1}}'),
    "csv": ([HUGE], "csv", f"1{'0' * 4999}7\n"),
    "html": (HUGE, "html", f"<pre>1{'0' * 4999}7</pre>"),
    "text_when_nothing_was_shown": ([HUGE], "text", f"[1{'0' * 4999}7]"),
}


@pytest.mark.parametrize(("value", "name", "expected"), HUGE_TEXTS.values(), ids=HUGE_TEXTS)
def test_integers_of_any_length_are_written(value: Any, name: str, expected: str) -> None:
    limit = sys.get_int_max_str_digits()
    assert render(result(value), name) == expected
    assert sys.get_int_max_str_digits() == limit
