"""Annotations and plain defaults are evaluated, and no code hidden in them ever runs."""

from __future__ import annotations

import ast
import collections.abc
import datetime as dt
import typing
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Annotated, Literal, Optional
from uuid import UUID

import pytest
from annotated_types import Ge
from pydantic import PositiveInt

from nbnodes.notebook.annotations import UnknownNameError, evaluate, imported_names

IMPORTS = """\
import datetime, pathlib, typing, uuid
import datetime as dt
import typing as t
import annotated_types
import pydantic
import collections.abc
from collections.abc import Callable, Sequence
from datetime import date
from decimal import Decimal as D
from fractions import Fraction
from pathlib import Path
from typing import Annotated, Any, Literal, Optional, Union
from os import system
from . import local
"""
NAMES = imported_names([ast.parse(IMPORTS)])


def evaluated(expression: str) -> object:
    return evaluate(ast.parse(expression, mode="eval").body, NAMES)


TYPES = {
    "builtin": ("int", int),
    "builtin_of": ("dict[str, list[int]]", dict[str, list[int]]),
    "none": ("None", None),
    "union": ("int | None", int | None),
    "union_of_three": ("int | str | list[float]", int | str | list[float]),
    "optional": ("Optional[int]", Optional[int]),  # noqa: UP045
    "union_by_name": ("Union[int, str]", typing.Union[int, str]),  # noqa: UP007
    "dotted": ("datetime.date", dt.date),
    "dotted_alias": ("dt.date", dt.date),
    "imported_alias": ("D", Decimal),
    "typing_alias": ("t.Optional[int]", Optional[int]),  # noqa: UP045
    "literal": ("Literal['a', 1, True]", Literal["a", 1, True]),
    "literal_of_type_names": ("Literal['int']", Literal["int"]),
    "negative_literal": ("Literal[-1]", Literal[-1]),
    "annotated": ("Annotated[int, annotated_types.Ge(0)]", Annotated[int, Ge(0)]),
    "annotated_with_text": ("Annotated[int, 'int', 3]", Annotated[int, "int", 3]),
    "pydantic": ("pydantic.PositiveInt", PositiveInt),
    "callable": ("Callable[[int, str], None]", collections.abc.Callable[[int, str], None]),
    "tuple_of_any_length": ("tuple[int, ...]", tuple[int, ...]),
    "text_inside": ("list['int']", list[int]),
    "text_inside_optional": ("Optional['dict[str, \"int\"]']", Optional[dict[str, int]]),  # noqa: UP045
    "text_inside_annotated": ("Annotated['int', 'doc']", Annotated[int, "doc"]),
    "text_inside_callable": (
        "Callable[['int'], 'str']",
        collections.abc.Callable[[int], str],
    ),
    "any": ("Any", typing.Any),
}


@pytest.mark.parametrize(("expression", "expected"), TYPES.values(), ids=TYPES)
def test_a_type_is_found(expression, expected):
    assert expected == evaluated(expression)


VALUES = {
    "literal": ("[1, 'x', (2.5, None)]", [1, "x", (2.5, None)]),
    "negative": ("-1", -1),
    "text_is_text": ("'int'", "int"),
    "date": ("date(2024, 2, 29)", dt.date(2024, 2, 29)),
    "keywords": ("datetime.timedelta(days=1, hours=2)", dt.timedelta(days=1, hours=2)),
    "date_limit": ("dt.date.min", dt.date.min),
    "date_by_method": ("date.fromisoformat('2024-02-29')", dt.date(2024, 2, 29)),
    "decimal": ("D('0.10')", Decimal("0.10")),
    "fraction": ("Fraction(1, 3)", Fraction(1, 3)),
    "path": ("Path('a') ", Path("a")),
    "uuid": ("uuid.UUID(int=7)", UUID(int=7)),
    "nested": ("Fraction(D('0.5'))", Fraction(1, 2)),
}


@pytest.mark.parametrize(("expression", "expected"), VALUES.values(), ids=VALUES)
def test_a_plain_value_is_found(expression, expected):
    assert (expected, type(expected)) == (evaluated(expression), type(evaluated(expression)))


REFUSED = {
    "unknown": "DataFrame",
    "imported_from_elsewhere": "system",
    "module_not_known": "os.getcwd",
    "call_of_another": "system('true')",
    "call_of_a_builtin": "list('abc')",
    "call_of_open": "open('/etc/passwd')",
    "deleting": "Path.unlink(Path('f'))",
    "method_of_a_call": "Path('f').read_text()",
    "home": "Path.home()",
    "unpacked_keywords": "date(**{'year': 2024})",
    "wrong_arguments": "date(2024, 13, 1)",
    "wrong_subscript": "int[3]",
    "missing_attribute": "datetime.nothing",
    "arithmetic": "2 * 3",
    "comparison": "int < str",
    "lambda": "lambda: 1",
    "text_is_code": "list[\"__import__('os').system('true')\"]",
    "text_is_nothing": "list['']",
    "text_is_prose": "list['number of rows']",
    "text_of_an_unknown": "Optional['DataFrame']",
    "iterator": "typing.Iterable[int]",
    "iterator_inside": "dict[str, collections.abc.Iterator[int]]",
    "relative_import": "local",
    "deep": "[" * 80 + "x" + "]" * 80,
}


@pytest.mark.parametrize("expression", REFUSED.values(), ids=REFUSED)
def test_anything_else_is_refused(expression):
    with pytest.raises(UnknownNameError):
        evaluated(expression)


def test_imports_are_followed_by_the_names_they_bind():
    tree = ast.parse("import a.b\nimport c as d\nfrom e.f import g, h as i\nfrom . import j")
    expected = {"a.b": "a.b", "d": "c", "g": "e.f.g", "i": "e.f.h"}
    assert expected == imported_names([tree])


def test_a_builtin_that_is_imported_anew_is_the_imported_one():
    with pytest.raises(UnknownNameError):
        evaluate(ast.parse("int", mode="eval").body, {"int": "elsewhere.int"})
