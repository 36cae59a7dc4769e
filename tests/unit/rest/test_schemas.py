from __future__ import annotations

import datetime as dt
import decimal
import fractions
import json
import pathlib
import typing
import uuid
from typing import Annotated, Any, Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from notebooks import notebook
from pydantic import Field

from nbnodes.errors import ParameterError
from nbnodes.notebook.parameters import Code, Parameter, Unknown
from nbnodes.notebook.signature import Signature
from nbnodes.rest.given import from_query
from nbnodes.rest.json_types import PATTERNS
from nbnodes.rest.schemas import (
    BodyRules,
    parameter_schema,
    parameters_schema,
    query_parameters,
)

KINDS: list[Any] = [
    *(int, float, bool, str, bytes, complex, list, dict, set, frozenset, tuple, None),
    *(dt.date, dt.datetime, dt.time, dt.timedelta, uuid.UUID, pathlib.Path),
    *(decimal.Decimal, fractions.Fraction, range, Unknown),
    *(Literal[1, "a"] | None, Literal["x"], Literal[True], Literal[1, 2], Literal[(1, 2), "b"]),
    *(dict[int, str], dict[dt.date, float], dict[Literal["a", "b"], int], dict[bool, int]),
    *(dict[str, list[float]], dict[float, bool], tuple[int, str], tuple[int, ...]),
    *(set[int], set[str], frozenset[bool], set[tuple[int, int]], list[set[int]]),
    *(int | None, int | str, int | float, bool | int, list[int] | None, dt.date | str),
    *(dt.date | int, float | None, decimal.Decimal | None, str | dt.datetime, set[int] | list[int]),
    Annotated[int, Field(ge=0, le=10)],
    Annotated[int, Field(ge=0, multiple_of=2)],
    Annotated[int, Field(ge=5)] | bool,
    Annotated[int, {"step": 5}],
    Annotated[float, Field(gt=0, lt=1)],
    Annotated[decimal.Decimal, Field(allow_inf_nan=False)],
    Annotated[list[int], Field(min_length=1, max_length=3)],
    Annotated[str, Field(min_length=2, max_length=4)],
    typing.Sequence[int],
    typing.Mapping[str, int],
    typing.Callable,
]

# A whole number from 2**63 on must be written without an exponent: pydantic reads no such float.
_floats = st.floats(allow_nan=False, allow_infinity=False).filter(
    lambda number: abs(number) < 2**63 or number % 1
)
_numbers = st.integers(-12, 12) | _floats | st.integers()
_NEARLY: list[Any] = [
    *(0, 1, 1.0, 2.0, 7.0, 7.5, True, False, None, 10**30, 981158400),
    *("", "1", "7", " 7 ", "1_0", "1.0", "1.5", "1e5", "NaN", "inf", "true", "on", "a", "x", "b"),
    *("2001-02-03", "2001-02-30", "20010203", "981158400", "2001-02-03 04:05:06.5Z"),
    *("2001-02-03T04:05", "2001-02-03T00:00:00", "04:05", "04:05:06Z", "12:00"),
    *("1+2j", "PT1H", "P1D", "P1Y", "1 day", "1:30", "1/3", "1/0"),
    *("12345678-1234-1234-1234-123456789abc", "12345678123412341234123456789abc"),
    *([1, 1], [1, 1.0], [1, True], [[1]], [1, 2], [1, "a"], ["1", "a"], [{}]),
    *({"1": "a"}, {"a": 1}, {"2001-02-03": 1}, {"x": []}, {"true": 1}, {"1.5": True}, {"yes": 1}),
]
_nearly = st.sampled_from(_NEARLY)
_anything = st.recursive(
    _nearly | st.none() | st.booleans() | _numbers | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3)
    ),
    max_leaves=5,
)


def _signature(kind: Any) -> Signature:
    parameter = Parameter(name="p", type=kind, annotation="such", required=True)
    return Signature(name="one", parameters={"p": parameter}, is_closed=True)


def _has_odd_day(value: Any) -> bool:
    """Tell whether a date in it may stand in no calendar, which a pattern cannot see."""
    text = json.dumps(value)
    return any(day in text for day in ("-29", "-30", "-31"))


def _valid(schema: Any) -> st.SearchStrategy[Any]:
    """Generate what a schema of ours allows."""
    if not schema:
        return _anything
    if "anyOf" in schema:
        return st.one_of([_valid(one) for one in schema["anyOf"]])
    if "enum" in schema or "const" in schema:
        return st.sampled_from(schema.get("enum") or [schema["const"]])
    if "not" in schema:
        return st.nothing()
    names = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
    return st.one_of([_of_type(name, schema) for name in names])


def _of_type(name: str, schema: Any) -> st.SearchStrategy[Any]:
    if name in ("array", "object"):
        return _of_many(name, schema)
    if name == "string":
        if "pattern" in schema:
            return st.from_regex(schema["pattern"].replace("$", r"\Z"))
        return st.text(min_size=schema.get("minLength", 0), max_size=schema.get("maxLength"))
    if name in ("integer", "number"):
        return _numbers | st.integers(0, 5) | st.floats(0, 1)
    return {"boolean": st.booleans(), "null": st.none()}[name]


def _of_many(name: str, schema: Any) -> st.SearchStrategy[Any]:
    if name == "array":
        if "prefixItems" in schema:
            return st.tuples(*map(_valid, schema["prefixItems"])).map(list)
        sizes = {"min_size": schema.get("minItems", 0), "max_size": schema.get("maxItems", 4)}
        return st.lists(_valid(schema.get("items")), **sizes)
    inner = schema.get("additionalProperties")
    names = schema.get("propertyNames", {})
    keys = _valid({"type": "string", **names}) if names != {"not": {}} else st.nothing()
    return st.dictionaries(keys, _valid(inner if inner is not True else {}), max_size=3)


@pytest.mark.parametrize("kind", KINDS, ids=str)
@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_a_body_is_taken_exactly_if_its_schema_allows_it(kind: Any, data: st.DataObject) -> None:
    signature = _signature(kind)
    rules = BodyRules(signature.parameters, name="one")
    schema = rules.schema["properties"]["p"]
    value = data.draw(_anything | _nearly | _valid(schema), label="value")
    is_allowed = Draft202012Validator(schema).is_valid(value)
    problems: tuple[str, ...] = ()
    try:
        rules.checked({"p": value}, signature.check)
    except ParameterError as error:
        problems = error.problems
    is_odd_day = is_allowed and _has_odd_day(value)
    assert is_odd_day or is_allowed == (not problems), (schema, problems)


@pytest.mark.parametrize("kind", KINDS, ids=str)
def test_a_schema_is_one_of_2020_12_and_is_json(kind: Any) -> None:
    schema = parameters_schema(_signature(kind).parameters)
    Draft202012Validator.check_schema(schema)
    assert json.loads(json.dumps(schema, allow_nan=False)) == schema


def test_a_notebooks_parameters_make_an_object_schema_in_their_order() -> None:
    source = "n: int = 15  # which number\nname = 'x'\nsince: datetime.date\nunknown = None"
    one = Signature.of(notebook(("import datetime", ""), (source, "parameters"), ("n", "return")))
    assert parameters_schema(one.parameters) == {
        "type": "object",
        "properties": {
            "n": {"type": "integer", "default": 15, "description": "which number"},
            "name": {"type": "string", "default": "x"},
            "since": {"type": "string", "format": "date", "pattern": PATTERNS["date"]},
            "unknown": {"default": None},
        },
        "required": ["since"],
        "additionalProperties": False,
    }


DEFAULTS = {
    "a date is its ISO text": (dt.date(2001, 2, 3), dt.date, "2001-02-03"),
    "a naive moment has no zone": (
        dt.datetime.fromisoformat("2001-02-03"),
        dt.datetime,
        "2001-02-03T00:00:00",
    ),
    "a span is an ISO duration": (dt.timedelta(hours=1), dt.timedelta, "PT1H"),
    "a set is a list": ({1}, set, [1]),
    "a path is its text": (pathlib.Path("a/b"), pathlib.Path, "a/b"),
    "a decimal is its text": (decimal.Decimal("0.10"), decimal.Decimal, "0.10"),
    "a tuple is a list": ((1, "a"), tuple[int, str], [1, "a"]),
}


@pytest.mark.parametrize(("default", "kind", "written"), DEFAULTS.values(), ids=DEFAULTS)
def test_a_default_is_written_as_a_body_may_give_it(default: Any, kind: Any, written: Any) -> None:
    assert parameter_schema(Parameter(name="p", default=default, type=kind))["default"] == written


def test_a_span_may_be_given_in_seconds() -> None:
    parameters = {"p": Parameter(name="p", type=dt.timedelta, annotation="such", required=True)}
    rules, signature = BodyRules(parameters, name="one"), _signature(dt.timedelta)
    assert rules.checked({"p": 5.5}, signature.check) == {"p": dt.timedelta(seconds=5.5)}
    for most in (86_399_999_913_600, -86_399_999_913_600):
        assert rules.checked({"p": most}, signature.check)["p"].total_seconds() == most
    for wrong in (True, "5", 1e300):
        with pytest.raises(ParameterError):
            rules.checked({"p": wrong}, signature.check)


def test_what_is_nested_too_deep_is_refused_whatever_the_type() -> None:
    deep: Any = 1
    for _ in range(900):
        deep = [deep]
    rules = BodyRules({"p": Parameter(name="p")}, name="one")
    assert rules.problems({"p": deep}) == {"p": "its lists and objects are nested too deep"}


NO_DEFAULTS = {
    "an expression": (Code("date.today()"), dt.date, "date.today()"),
    "what its own type forbids": (None, int, "None"),
    "what JSON has no word for": (float("nan"), float, "nan"),
    "bytes that are no text": (b"\xff", bytes, r"b'\xff'"),
    "an object": (range(3), range, "range(0, 3)"),
}


@pytest.mark.parametrize(("default", "kind", "shown"), NO_DEFAULTS.values(), ids=NO_DEFAULTS)
def test_a_default_that_no_body_could_give_is_told_in_words(
    default: Any, kind: Any, shown: str
) -> None:
    schema = parameter_schema(Parameter(name="p", default=default, type=kind, help="Which."))
    assert "default" not in schema
    assert schema["description"] == f"Which.\n\nWithout it: {shown}"


def test_a_wrong_annotation_takes_no_value_and_says_why() -> None:
    kind = Annotated[str, Field(pattern="(")]
    schema = parameter_schema(Parameter(name="p", type=kind, annotation="such", required=True))
    assert schema["not"] == {}
    assert "its annotation is wrong" in schema["description"]


def test_every_mistake_in_a_body_is_told_at_once() -> None:
    parameters = {
        "n": Parameter(name="n", type=Annotated[int, Field(le=10)], annotation="int", default=1),
        "flag": Parameter(name="flag", type=bool, annotation="bool", default=True),
        "since": Parameter(name="since", type=dt.date, annotation="date", required=True),
        "trend.window": Parameter(name="trend.window", type=int, annotation="int", default=3),
    }
    signature = Signature(name="one", parameters=parameters, is_closed=True)
    with pytest.raises(ParameterError) as caught:
        BodyRules(parameters, name="one").checked(
            {"n": "7", "flag": 1, "widnow": 2, "trend.window": 2.5}, signature.check
        )
    told = dict(problem.split(": ", 1) for problem in caught.value.problems)
    assert told["n"] == "it must be a whole number, not text"
    assert told["flag"] == "it must be true or false, not a whole number"
    assert told["trend.window"] == "it must be a whole number, not a number"
    assert "no such parameter" in told["widnow"]
    assert told["since"] == "it has no default, so give it a value"


def test_a_body_of_many_elements_is_checked_in_linear_time() -> None:
    mixed = [*range(50_000), *map(str, range(50_000))]
    kind = set[int | str]
    rules = BodyRules(_signature(kind).parameters, name="one")
    assert rules.problems({"p": mixed}) == {}
    assert rules.problems({"p": [*mixed, None]})["p"].startswith("[100000] ")


def test_code_in_a_body_stays_text() -> None:
    source = "__import__('os').system('true')"
    rules = BodyRules(_signature(str).parameters, name="one")
    assert rules.checked({"p": source}, _signature(str).check) == {"p": source}


def test_a_query_writes_lists_as_json_and_all_else_as_text() -> None:
    parameters = {
        "n": Parameter(name="n", type=int, default=1, help="which"),
        "names": Parameter(name="names", type=list[str], default=["a"]),
        "token": Parameter(name="token", type=str, default=""),
        "since": Parameter(name="since", type=dt.date | None, required=True),
    }
    n, names, since = query_parameters(parameters)
    assert n["schema"] == {"type": "integer", "default": 1}
    assert n["description"] == "which"
    assert n["required"] is False
    assert names["content"]["application/json"]["schema"]["default"] == ["a"]
    assert since["required"] is True
    assert "content" not in since


def test_what_a_query_gives_is_read_leniently_and_a_repeated_name_is_a_list() -> None:
    parameters = {
        "n": Parameter(name="n", type=int, default=1),
        "flag": Parameter(name="flag", type=bool, default=False),
        "names": Parameter(name="names", type=list[str], default=[]),
        "sizes": Parameter(name="sizes", type=list[int], default=[]),
    }
    query = "n=7&flag=on&names=a&names=b&sizes=%5B1,%202%5D&token=secret"
    signature = Signature(name="one", parameters=parameters, is_closed=True)
    taken = signature.check(from_query(query))
    assert taken == {"n": 7, "flag": True, "names": ["a", "b"], "sizes": [1, 2]}
