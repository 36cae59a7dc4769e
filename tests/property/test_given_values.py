"""Text means one value however it comes: pydantic's, papermill's, and the value's own again."""

from __future__ import annotations

import datetime as dt
import json
from decimal import Decimal
from typing import Any, Literal

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from notebooks import notebook
from papermill.cli import _resolve_type
from pydantic import TypeAdapter, ValidationError

from nbnodes.errors import ParameterError
from nbnodes.notebook.parameters import Parameter, python_parameters
from nbnodes.notebook.validation import _PLAIN_TEXT, Text, plain_value, validate_values

PATIENT = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])  # on a busy machine

NUMBERS = st.from_regex(r"[+-]?[0-9_]{0,20}(\.[0-9]{0,20})?([eE][+-]?[0-9]{1,2})?", fullmatch=True)
TEXTS = st.one_of(
    st.text(), NUMBERS, st.sampled_from(["True", "None", "nan", "-inf", "0x10", "١٢"])
)


def validated(value: Any, kind: Any) -> Any:
    parameters = {"x": Parameter(name="x", type=kind)}
    return validate_values("f.ipynb", parameters, {"x": value}, closed=True)["x"]


def exactly(value: Any) -> tuple[type, str]:
    return type(value), repr(value)


@pytest.mark.parametrize("kind", _PLAIN_TEXT)
@settings(PATIENT, max_examples=200)
@given(data=st.data())
def test_the_short_cut_reads_numbers_as_pydantic_does(kind, data):
    text = data.draw(st.from_regex(_PLAIN_TEXT[kind], fullmatch=True))
    expected = TypeAdapter(kind).validate_python(text)
    assert exactly(expected) == exactly(validated(Text(text), kind))


@pytest.mark.parametrize("kind", [int, float, bool, Decimal])
@settings(PATIENT, max_examples=200)
@given(text=TEXTS)
@example(text="007")
@example(text="1e3")
@example(text="\n1")
def test_whatever_pydantic_reads_is_read_the_same(kind, text):
    try:
        expected = TypeAdapter(kind).validate_python(text)
    except ValidationError:
        return
    assert exactly(expected) == exactly(validated(Text(text), kind))


@settings(PATIENT, max_examples=500)
@given(TEXTS)
@example("1_000")
@example(" 1 ")
@example("infinity")
@example("9" * 5000)
def test_text_without_a_type_is_what_papermill_takes_it_for(text):
    assert exactly(_resolve_type(text)) == exactly(plain_value(Text(text)))


OFFSETS = st.integers(-1439, 1439).map(lambda m: dt.timezone(dt.timedelta(minutes=m)))
ROUND_TRIPS = {
    "int": (st.integers(), int, str),
    "float": (st.floats(), float, str),
    "bool": (st.booleans(), bool, str),
    "str": (st.text(), str, str),
    "date": (st.dates(), "datetime.date", str),
    "moment": (st.datetimes(), "datetime.datetime", str),
    "moment_of_a_zone": (
        st.datetimes(timezones=OFFSETS),
        "datetime.datetime",
        str,
    ),
    "time": (st.times(), "datetime.time", str),
    "decimal": (st.decimals(allow_nan=False, allow_infinity=False), Decimal, str),
    "list": (st.lists(st.integers(-(2**62), 2**62)), list[int], json.dumps),
    "dict": (st.dictionaries(st.text(), st.booleans()), dict[str, bool], json.dumps),
    "optional": (st.none() | st.integers(), int | None, str),
    "union": (st.integers() | st.sampled_from("abc"), int | str, str),
    "literal": (st.sampled_from([1, "a", True]), Literal[1, "a", True], str),
}


def _kind(kind: Any) -> Any:
    if not isinstance(kind, str):
        return kind
    made = notebook("import datetime", (f"x: {kind}", "parameters"))
    return python_parameters(made)["x"].type


@pytest.mark.parametrize(("values", "kind", "write"), ROUND_TRIPS.values(), ids=ROUND_TRIPS)
@settings(PATIENT, max_examples=60)
@given(data=st.data())
def test_a_value_written_as_text_is_read_back(values, kind, write, data):
    value, kind = data.draw(values), _kind(kind)
    found = validated(Text(write(value)), kind)
    assert type(value) is type(found)
    assert value == found or repr(value) == repr(found)


ANNOTATIONS = (
    "int", "float", "bool", "str", "bytes", "complex", "None", "list", "dict", "tuple", "set",
    "date", "datetime.datetime", "Decimal", "Path", "int | None", "int | str | list[int]",
    "Literal['a', 1, None]", "list[date]", "dict[str, list[float]]", "Annotated[int, Field(ge=0)]",
    "Any", "Rows", "list['int']", "Sequence[int]",
)  # fmt: skip
PARAMETERS = python_parameters(
    notebook(
        "import datetime\nfrom datetime import date\nfrom decimal import Decimal\n"
        "from pathlib import Path\nfrom typing import Annotated, Any, Literal\n"
        "from collections.abc import Sequence\nfrom pydantic import Field",
        ("\n".join(f"x{i}: {a} = None" for i, a in enumerate(ANNOTATIONS)), "parameters"),
    )
)
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary() | st.dates(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)


@settings(PATIENT, max_examples=500)
@given(
    name=st.sampled_from([*PARAMETERS, "unknown"]),
    value=ANYTHING | TEXTS.map(Text) | ANYTHING.map(repr).map(Text),
)
def test_a_value_is_taken_or_refused_as_a_mistake_and_never_else(name, value):
    try:
        found = validate_values("f.ipynb", PARAMETERS, {name: value}, closed=True)
    except ParameterError:
        return
    assert not isinstance(found[name], Text)
    again = validate_values("f.ipynb", PARAMETERS, found, closed=True)
    assert repr(found) == repr(again)
