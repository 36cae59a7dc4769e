"""Given values take the declared type, and every mistake is told at once."""

from __future__ import annotations

import datetime as dt
import math
import uuid
from decimal import Decimal
from fractions import Fraction
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from notebooks import notebook

from nbnodes.errors import ParameterError
from nbnodes.notebook.parameters import Parameter, python_parameters
from nbnodes.notebook.validation import Lone, Text, plain_value, validate_values

IMPORTS = """\
import datetime, enum, pydantic, typing, uuid
from collections.abc import Callable, Iterable, Sequence
from datetime import date, time, timedelta
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Annotated, Any, ClassVar, Final, Literal, Optional, Union
from pydantic import Field
"""


def declared(cell: str) -> dict[str, Parameter]:
    return python_parameters(notebook(IMPORTS, (cell, "parameters")))


def validated(cell: str, *, closed: bool = True, **given: Any) -> dict[str, Any]:
    return validate_values("f.ipynb", declared(cell), given, closed=closed)


def problems(cell: str, **given: Any) -> tuple[str, ...]:
    with pytest.raises(ParameterError) as caught:
        validated(cell, **given)
    return caught.value.problems


def exactly(value: Any) -> tuple[type, str]:
    """Tell values apart that compare equal (1, 1.0, True) and join those that do not (NaN)."""
    return type(value), repr(value)


# ---------------------------------------------------------------- text from a shell or a URL

NOON, MIDNIGHT = map(dt.datetime.fromisoformat, ("2024-02-29T12:00", "2024-02-29T00:00"))
TEXTS = {
    "int": ("int", "3", 3),
    "int_signed": ("int", "-3", -3),
    "int_with_plus": ("int", "+3", 3),
    "int_with_zeros": ("int", "007", 7),
    "int_of_many_digits": ("int", "9" * 30, 10**30 - 1),
    "int_grouped": ("int", "1_000", 1000),
    "int_with_blanks": ("int", " 3 ", 3),
    "int_as_float": ("int", "3.0", 3),
    "int_with_exponent": ("int", "1e3", 1000),
    "float": ("float", "1.5", 1.5),
    "float_as_int": ("float", "3", 3.0),
    "float_with_exponent": ("float", "1e-3", 0.001),
    "float_nan": ("float", "nan", math.nan),
    "float_infinite": ("float", "-inf", -math.inf),
    "bool": ("bool", "True", True),
    "bool_lower": ("bool", "false", False),
    "bool_digit": ("bool", "1", True),
    "bool_word": ("bool", "no", False),
    "str": ("str", "x y", "x y"),
    "str_number": ("str", "3", "3"),
    "str_none": ("str", "None", "None"),
    "str_empty": ("str", "", ""),
    "date": ("date", "2024-02-29", dt.date(2024, 2, 29)),
    "moment": ("datetime.datetime", "2024-02-29T12:00", NOON),
    "moment_with_blank": ("datetime.datetime", "2024-02-29 12:00", NOON),
    "moment_of_a_day": ("datetime.datetime", "2024-02-29", MIDNIGHT),
    "moment_utc": ("datetime.datetime", "2024-02-29T12:00Z", NOON.replace(tzinfo=dt.UTC)),
    "moment_elsewhere": (
        "datetime.datetime",
        "2024-02-29T12:00+01:00",
        NOON.replace(tzinfo=dt.timezone(dt.timedelta(hours=1))),
    ),
    "time": ("time", "12:30", dt.time(12, 30)),
    "duration": ("timedelta", "P1DT2H", dt.timedelta(days=1, hours=2)),
    "duration_in_seconds": ("timedelta", "90", dt.timedelta(seconds=90)),
    "literal": ("Literal['a', 'b']", "b", "b"),
    "literal_number": ("Literal[1, 2]", "2", 2),
    "literal_flag": ("Literal[True, None]", "True", True),
    "literal_none": ("Literal[True, None]", "None", None),
    "literal_text_first": ("Literal[1, '1']", "1", "1"),
    "optional": ("int | None", "3", 3),
    "optional_none": ("int | None", "None", None),
    "optional_null": ("int | None", "null", None),
    "optional_by_name": ("Optional[float]", "3", 3.0),
    "optional_text": ("str | None", "3", "3"),
    "optional_text_none": ("str | None", "None", None),
    "union_number": ("int | str", "3", 3),
    "union_text": ("int | str", "x", "x"),
    "union_text_first": ("str | int", "3", "3"),
    "union_float_first": ("float | int", "3", 3.0),
    "union_by_name": ("Union[date, str]", "2024-02-29", dt.date(2024, 2, 29)),
    "list": ("list[int]", "[1, 2]", [1, 2]),
    "list_of_text": ("list[str]", '["1"]', ["1"]),
    "list_of_dates": ("list[date]", '["2024-02-29"]', [dt.date(2024, 2, 29)]),
    "list_of_anything": ("list", '[1, "x"]', [1, "x"]),
    "sequence": ("Sequence[int]", "[1]", [1]),
    "tuple": ("tuple[int, str]", '[1, "x"]', (1, "x")),
    "set": ("set[int]", "[1, 1]", {1}),
    "dict": ("dict", '{"a": [1]}', {"a": [1]}),
    "dict_of_floats": ("dict[str, float]", '{"a": 1}', {"a": 1.0}),
    "dict_of_ints": ("dict[int, str]", '{"1": "a"}', {1: "a"}),
    "bounded": ("Annotated[int, Field(ge=0, le=10)]", "10", 10),
    "bounded_optional": ("Annotated[int | None, Field(ge=0)]", "None", None),
    "strict": ("Annotated[int, Field(strict=True)]", "10", 10),
    "pattern": ("Annotated[str, Field(pattern='^a')]", "ab", "ab"),
    "annotated_with_a_dict": ("Annotated[int, {'step': 5}]", "10", 10),
    "pydantic": ("pydantic.PositiveInt", "3", 3),
    "path": ("Path", "/a/b", Path("/a/b")),
    "decimal": ("Decimal", "0.10", Decimal("0.10")),
    "fraction": ("Fraction", "1/3", Fraction(1, 3)),
    "uuid": ("uuid.UUID", str(uuid.UUID(int=7)), uuid.UUID(int=7)),
    "bytes": ("bytes", "abc", b"abc"),
    "complex": ("complex", "1+2j", 1 + 2j),
    "none": ("None", "None", None),
    "final": ("Final[int]", "3", 3),
}


@pytest.mark.parametrize(("annotation", "text", "expected"), TEXTS.values(), ids=TEXTS)
def test_text_takes_the_declared_type(annotation, text, expected):
    found = validated(f"x: {annotation}", x=Text(text))["x"]
    assert exactly(expected) == exactly(found)


UNTYPED = ["Any", "object", "Rows", "'number of rows'", "Final", "Iterable[int]", "ClassVar[int]"]


@pytest.mark.skipif(find_spec("email_validator") is not None, reason="is about its absence")
def test_a_type_whose_package_is_not_installed_accepts_every_value():
    cell = "x: pydantic.EmailStr"
    assert [validated(cell, x=Text("3"))["x"], validated(cell, x=4.5)["x"]] == [3, 4.5]


@pytest.mark.parametrize("annotation", UNTYPED)
def test_text_without_a_known_type_is_read_as_papermill_does(annotation):
    assert exactly(3) == exactly(validated(f"x: {annotation}", x=Text("3"))["x"])


BY_DEFAULT = {
    "int": ("15", "3", 3),
    "float": ("1.5", "3", 3.0),
    "flag": ("True", "0", False),
    "text": ("'a'", "3", "3"),
    "date": ("date(2024, 1, 1)", "2024-02-29", dt.date(2024, 2, 29)),
    "list": ("[1]", "[2]", [2]),
    "tuple": ("(1, 2)", "[2]", (2,)),
    "dict": ("{}", '{"a": 1}', {"a": 1}),
    "decimal": ("Decimal(1)", "2", Decimal(2)),
    "path": ("Path('a')", "b", Path("b")),
    "none": ("None", "3", 3),
    "expression": ("2 * 3", "7", 7),
    "today": ("date.today()", "2024-02-29", dt.date(2024, 2, 29)),
}


@pytest.mark.parametrize(("default", "text", "expected"), BY_DEFAULT.values(), ids=BY_DEFAULT)
def test_text_takes_the_defaults_type(default, text, expected):
    assert exactly(expected) == exactly(validated(f"x = {default}", x=Text(text))["x"])


PLAIN = {
    "True": True,
    "False": False,
    "None": None,
    "3": 3,
    "-3": -3,
    "1_000": 1000,
    "3.0": 3.0,
    "1e3": 1000.0,
    "inf": math.inf,
    "nan": math.nan,
    "true": "true",
    "null": "null",
    "": "",
    "[1]": "[1]",
    "3 apples": "3 apples",
}


@pytest.mark.parametrize(("text", "expected"), PLAIN.items())
def test_plain_text_is_read_as_papermill_does(text, expected):
    assert exactly(expected) == exactly(plain_value(Text(text)))


# ---------------------------------------------------------------- values from Python

ARRAY, FRAME = np.arange(3), pd.DataFrame({"a": [1]})
UNTOUCHED = {
    "int": ("x = 15", 3),
    "float": ("x = 1.5", math.nan),
    "text": ("x: str", "3"),
    "list": ("x = []", [1, "a"]),
    "date": ("x: date", dt.date(2024, 2, 29)),
    "array": ("x = None", ARRAY),
    "numpy_scalar": ("x = None", np.float64(1.5)),
    "frame": ("x: pd.DataFrame", FRAME),
    "anything": ("x: Any", object()),
    "not_declared": ("n = 1", object()),
    "lazy": ("x: Iterable[int]", [1, 2]),
    "text_of_unknown_type": ("x = None", "3"),
}


@pytest.mark.parametrize(("cell", "value"), UNTOUCHED.values(), ids=UNTOUCHED)
def test_a_value_of_the_right_or_an_unknown_type_arrives_as_the_object_it_is(cell, value):
    assert value is validated(cell, closed=False, x=value)["x"]


COERCED = {
    "int_for_float": ("x: float", 3, 3.0),
    "float_for_int": ("x: int", 3.0, 3),
    "text_for_int": ("x: int", "3", 3),
    "text_for_date": ("x: date", "2024-02-29", dt.date(2024, 2, 29)),
    "list_for_tuple": ("x: tuple[int, ...]", [1, 2], (1, 2)),
    "elements": ("x: list[int]", ["1", 2.0], [1, 2]),
    "numpy_int": ("x: int", np.int64(3), 3),
    "numpy_float": ("x: float", np.float32(1.5), 1.5),
    "numpy_int_for_float": ("x: float", np.int8(3), 3.0),
    "numpy_flag": ("x: bool", np.bool_(False), False),
    "numpy_text": ("x: str", np.str_("a"), "a"),
    "numpy_date": ("x: date", np.datetime64("2024-02-29"), dt.date(2024, 2, 29)),
    "numpy_by_default": ("x = 15", np.int64(3), 3),
    "array_without_dimensions": ("x: int", np.array(3), 3),
    "text_for_path": ("x = Path('a')", "b", Path("b")),
    "none": ("x: int | None = 3", None, None),
}


@pytest.mark.parametrize(("cell", "value", "expected"), COERCED.values(), ids=COERCED)
def test_a_value_takes_the_declared_type(cell, value, expected):
    assert exactly(expected) == exactly(validated(cell, x=value)["x"])


def test_a_pandas_timestamp_is_a_moment():
    assert validated("x: datetime.datetime", x=pd.Timestamp(NOON))["x"] == NOON


# ---------------------------------------------------------------- mistakes

NO_INT = "should be a valid integer, unable to parse string as an integer"
NO_DATE = "should be a valid date or datetime, day value is outside expected range"
MISAPPLIED = "its annotation is wrong: Unable to apply constraint 'max_length' to supplied value"
WRONG = {
    "int": ("x: int", Text("abc"), f"x: 'abc' is no int: {NO_INT}"),
    "int_by_default": ("x = 15", Text("abc"), f"x: 'abc' is no int: {NO_INT}"),
    "fraction_for_int": (
        "x: int",
        2.5,
        "x: 2.5 is no int: should be a valid integer, got a number with a fractional part",
    ),
    "truth_for_int": ("x: int", Text("True"), f"x: 'True' is no int: {NO_INT}"),
    "truth_for_float": (
        "x: float",
        Text("true"),
        "x: 'true' is no float: should be a valid number, unable to parse string as a number",
    ),
    "none_for_int": ("x = 15", None, "x: None is no int: should be a valid integer"),
    "number_for_text": ("x: str", 3, "x: 3 is no str: should be a valid string"),
    "literal": (
        "x: Literal['a', 'b']",
        Text("c"),
        "x: 'c' is no Literal['a', 'b']: should be 'a' or 'b'",
    ),
    "bound": (
        "x: Annotated[int, Field(le=10)]",
        Text("11"),
        "x: '11' is no Annotated[int, Field(le=10)]: should be less than or equal to 10",
    ),
    "date": ("x: date", Text("2024-02-30"), f"x: '2024-02-30' is no date: {NO_DATE}"),
    "list": (
        "x: list[int]",
        Text("5"),
        "x: '5' is no list[int]: should be a valid list; write it as JSON, such as [1, 2]",
    ),
    "element": ("x: list[int]", Text('[1, "a"]'), f"x: '[1, \"a\"]' is no list[int]: [1] {NO_INT}"),
    "element_of_element": (
        "x: list[list[int]]",
        [[1], [2, "a"]],
        f"x: [[1], [2, 'a']] is no list[list[int]]: [1][1] {NO_INT}",
    ),
    "nested_too_deeply": (
        "x: list",
        Text("[" * 50),
        f"x: '{'[' * 50}' is no list: should be a valid list",
    ),
    "bound_of_another_type": (
        "x: Annotated[int, Field(max_length=3)]",
        Text("5"),
        f"x: '5' is no Annotated[int, Field(max_length=3)]: {MISAPPLIED} 5",
    ),
}


@pytest.mark.parametrize(("cell", "value", "problem"), WRONG.values(), ids=WRONG)
def test_a_wrong_value_is_told_with_its_reason(cell, value, problem):
    assert (problem,) == problems(cell, x=value)


def test_a_pattern_that_is_none_is_the_annotations_mistake():
    (told,) = problems("x: Annotated[str, Field(pattern='(')]", x=3)
    assert "its annotation is wrong: " in told


def test_a_long_wrong_value_is_cut():
    (told,) = problems("x: int", x=Text("a" * 1000))
    assert told.startswith("x: 'aaaa")
    assert len(told) < 200


NAMES = "n_rows = 1\nstart = 2"
UNKNOWN_NAMES = {
    "misspelt": (
        NAMES,
        "n_row",
        "n_row: there is no such parameter; did you mean n_rows? (it has: n_rows, start)",
    ),
    "unlike_any": (NAMES, "zzz", "zzz: there is no such parameter (it has: n_rows, start)"),
    "none_declared": ("", "n", "n: there is no such parameter (it has: none)"),
}


@pytest.mark.parametrize(("cell", "name", "problem"), UNKNOWN_NAMES.values(), ids=UNKNOWN_NAMES)
def test_an_unknown_name_is_told_with_the_nearest(cell, name, problem):
    with pytest.raises(ParameterError) as caught:
        validate_values("f.ipynb", declared(cell) if cell else {}, {name: 1}, closed=True)
    assert (problem,) == caught.value.problems


def test_any_name_may_be_given_where_none_are_known():
    given = {"n": Text("3"), "m": [1]}
    assert validate_values("f.ipynb", {}, given, closed=False) == {"n": 3, "m": [1]}


def test_a_missing_value_is_told():
    assert problems("x: int\ny = 1") == ("x: it has no default, so give it a value",)


def test_a_required_none_is_given():
    assert validated("x: int | None", x=None) == {"x": None}


def test_defaults_are_left_to_the_notebook():
    assert validated("n = 15\nm = 2 * n", n=3) == {"n": 3}


def test_every_mistake_is_told_at_once():
    cell = "n: int\nday: date = None\nwindow = 7"
    with pytest.raises(ParameterError) as caught:
        validated(cell, day=Text("soon"), windw=3, window=Text("many"))
    assert str(caught.value) == (
        "f.ipynb cannot run with these parameters:\n"
        "  - day: 'soon' is no date: should be a valid date or datetime, input is too short\n"
        "  - windw: there is no such parameter; did you mean window? (it has: n, day, window)\n"
        f"  - window: 'many' is no int: {NO_INT}\n"
        "  - n: it has no default, so give it a value"
    )


def test_code_hidden_in_an_annotation_never_runs(tmp_path):
    trace = tmp_path / "trace"
    code = f"__import__('pathlib').Path({str(trace)!r}).touch()"
    assert validated(f'x: list["{code}"]', x=[1]) == {"x": [1]}
    assert not trace.exists()


@pytest.mark.parametrize(
    ("annotation", "text", "expected"),
    [
        ("list[int]", "1", [1]),
        ("list[int]", "[1, 2]", [1, 2]),
        ("list[str]", "[a", ["[a"]),
        ("list[int] | None", "1", [1]),
        ("list[int] | None", "null", None),
        ("tuple[str, ...]", "a", ("a",)),
        ("set[int]", "1", {1}),
        ("int | list[int]", "1", 1),
        ("str", "a", "a"),
    ],
)
def test_text_alone_in_a_url_may_be_the_only_one_of_a_list(
    annotation: str, text: str, expected: Any
) -> None:
    assert validated(f"x: {annotation}", x=Lone(text)) == {"x": expected}


@pytest.mark.parametrize("text", [Text("1"), Lone("a"), Lone('["a"]'), Lone("{}")])
def test_text_that_is_no_list_is_none(text: Text) -> None:
    with pytest.raises(ParameterError, match=r"list\[int\]"):
        validated("x: list[int]", x=text)
