"""Parameters are read from their cells: name, default, type and help, whatever the syntax."""

from __future__ import annotations

import datetime as dt
import typing
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, Literal

import pytest
from notebooks import markdown, notebook
from pydantic import Field

from nbnodes.notebook.binding import VALUES, bind_parameters
from nbnodes.notebook.parameters import (
    Code,
    Parameter,
    Unknown,
    literal_defaults,
    python_parameters,
    unreadable_cells,
)
from nbnodes.notebook.python import parse_cell

IMPORTS = """\
import datetime, typing
import datetime as dt
from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, Dict, Final, List, Literal, Optional, Union
from pydantic import Field
import pandas as pd
"""


def parameters(*cells: str) -> dict[str, Parameter]:
    tagged = [(cell, "parameters") for cell in cells]
    return python_parameters(notebook(IMPORTS, *tagged, ("value", "return")))


def only(cell: str) -> Parameter:
    (parameter,) = parameters(cell).values()
    return parameter


def defaults(*cells: str) -> dict[str, Any]:
    return {name: parameter.default for name, parameter in parameters(*cells).items()}


# ---------------------------------------------------------------- one declaration

DECLARATIONS = {
    "plain": ("n = 15", Parameter(name="n", default=15, type=int)),
    "annotated": (
        "n: int = 15  # which number",
        Parameter(name="n", default=15, annotation="int", help="which number", type=int),
    ),
    "required": (
        "n: int",
        Parameter(name="n", annotation="int", required=True, type=int),
    ),
    "required_with_help": (
        "n: int  # which",
        Parameter(name="n", annotation="int", help="which", required=True, type=int),
    ),
    "none": ("n = None", Parameter(name="n", type=Unknown)),
    "ellipsis": ("n = ...", Parameter(name="n", default=..., type=Unknown)),
    "flag": ("n = True", Parameter(name="n", default=True, type=bool)),
    "negative": ("n = -1.5", Parameter(name="n", default=-1.5, type=float)),
    "date": (
        "day = date(2024, 2, 29)",
        Parameter(name="day", default=dt.date(2024, 2, 29), type=dt.date),
    ),
    "decimal": (
        "n = Decimal('0.10')",
        Parameter(name="n", default=Decimal("0.10"), type=Decimal),
    ),
    "list": ("xs = [1, 2]", Parameter(name="xs", default=[1, 2], type=list)),
    "many_lines": (
        "xs = [\n    1,  # one\n    2,\n]  # numbers",
        Parameter(name="xs", default=[1, 2], help="numbers", type=list),
    ),
    "joined_text": ("s = ('a'\n     'b')", Parameter(name="s", default="ab", type=str)),
    "float_default_for_an_annotated_int": (
        "n: float = 1",
        Parameter(name="n", default=1, annotation="float", type=float),
    ),
}


@pytest.mark.parametrize(("cell", "expected"), DECLARATIONS.values(), ids=DECLARATIONS)
def test_a_declaration_is_read(cell, expected):
    assert expected == only(cell)


# What papermill.inspection misses or misreads: nteract/papermill issues 772, 864, 872, 906.
PAPERMILLS_BLIND_SPOTS = {
    "union": ("n: int | None = None", None, "int | None", int | None),
    "literal": ("n: Literal['a', 'b'] = 'a'", "a", "Literal['a', 'b']", Literal["a", "b"]),
    "dotted_type": ("n: datetime.date = None", None, "datetime.date", dt.date),
    "dotted_alias": ("n: dt.datetime = None", None, "dt.datetime", dt.datetime),
    "bounds": (
        "n: Annotated[int, Field(ge=0)] = 1",
        1,
        "Annotated[int, Field(ge=0)]",
        Annotated[int, Field(ge=0)],
    ),
    "equals_in_text": ("n = 'a=b'", "a=b", "", str),
    "hash_in_text": ("n = 'a # b'", "a # b", "", str),
    "equals_in_annotated_text": ("n: str = 'a=b # c'", "a=b # c", "str", str),
    "colon_in_text": ("n = 'a: b'", "a: b", "", str),
    "dict": ("n = {'a': 1, 'b': [2]}", {"a": 1, "b": [2]}, "", dict),
    "second_on_a_line": ("import os; n = 1", 1, "", int),
    "text_of_many_lines": ("n = '''\nm = 1\n'''", "\nm = 1\n", "", str),
    "annotation_as_text": ("n: 'int | None' = 1", 1, "'int | None'", int | None),
}


@pytest.mark.parametrize(
    ("cell", "default", "annotation", "kind"),
    PAPERMILLS_BLIND_SPOTS.values(),
    ids=PAPERMILLS_BLIND_SPOTS,
)
def test_what_papermill_does_not_see_is_read(cell, default, annotation, kind):
    found = parameters(cell)["n"]
    assert (default, annotation) == (found.default, found.annotation)
    assert repr(kind) == repr(found.type)  # two equal `Field` are not equal


ANNOTATIONS = {
    "optional": ("Optional[int]", typing.Optional[int]),  # noqa: UP045
    "list": ("List[int]", typing.List[int]),  # noqa: UP006
    "sequence": ("Sequence[int]", Sequence[int]),
    "any": ("Any", Unknown),
    "object": ("object", Unknown),
    "unknown": ("pd.DataFrame", Unknown),
    "unknown_inside": ("list[pd.DataFrame]", Unknown),
    "prose": ("'number of rows'", Unknown),
    "a_number": ("5", Unknown),
    "a_list": ("[int]", Unknown),
    "bare_form": ("Final", Unknown),
    "a_lazy_iterator": ("Iterable[int]", Unknown),
    "code_in_text": ("list[\"__import__('os').system('true')\"]", Unknown),
}


@pytest.mark.parametrize(("annotation", "kind"), ANNOTATIONS.values(), ids=ANNOTATIONS)
def test_an_annotation_becomes_a_type_or_is_unknown(annotation, kind):
    assert kind == only(f"n: {annotation} = None").type


# ---------------------------------------------------------------- comments

HELPS = {
    "none": ("n = 1", ""),
    "trailing": ("n = 1  # how many", "how many"),
    "without_blank": ("n = 1 #how many", "how many"),
    "with_equals_and_hash": ("n = 1  # a = b # c", "a = b # c"),
    "after_semicolon": ("n = 1;  # how many", "how many"),
    "wide_characters": ("n = 'é…'  # où", "où"),
    "above": ("# how many\nn = 1", ""),
    "below": ("n = 1\n# how many", ""),
    "of_another_statement": ("n = 1; import os  # how many", ""),
    "old_line_ends": ("import os\rn = 1  # how many\r", "how many"),
    "dos_line_ends": ("import os\r\nn = 1  # how many\r\n", "how many"),
    "after_a_magic": ("%matplotlib inline\nn = 1  # how many", "how many"),
}


@pytest.mark.parametrize(("cell", "expected"), HELPS.values(), ids=HELPS)
def test_the_trailing_comment_is_the_help(cell, expected):
    assert expected == parameters(cell)["n"].help


TYPE_COMMENTS = {
    "type": ("n = 1  # type: int", ("int", int, "")),
    "type_and_help": ("n = 1  # type: int how many", ("int", int, "how many")),
    "type_and_comment": ("n = 1  # type: int  # how many", ("int", int, "how many")),
    "with_blanks": (
        "n = {}  # type: Dict[str, int] by name",
        ("Dict[str, int]", typing.Dict[str, int], "by name"),  # noqa: UP006
    ),
    "union": ("n = 1  # type: int | None how many", ("int | None", int | None, "how many")),
    "unknown": ("n = 1  # type: Rows how many", ("Rows", Unknown, "how many")),
    "ignore": ("n = 1  # type: ignore", ("", int, "")),
    "ignore_one": ("n = 1  # type: ignore[assignment]", ("", int, "")),
    "prose": ("n = 1  # type: <any>", ("", int, "type: <any>")),
    "annotation_wins": ("n: int = 1  # type: how many", ("int", int, "type: how many")),
}


@pytest.mark.parametrize(("cell", "expected"), TYPE_COMMENTS.values(), ids=TYPE_COMMENTS)
def test_a_type_comment_is_an_annotation(cell, expected):
    found = only(cell)
    assert expected == (found.annotation, found.type, found.help)


# ---------------------------------------------------------------- several names, several cells

ASSIGNMENTS = {
    "chain": ("a = b = 1", {"a": 1, "b": 1}),
    "tuple": ("a, b = 1, 'x'", {"a": 1, "b": "x"}),
    "list": ("[a, b] = [1, 2]", {"a": 1, "b": 2}),
    "nested": ("(a, b), c = (1, 2), 3", {"a": 1, "b": 2, "c": 3}),
    "star": ("a, *b, c = 1, 2, 3, 4", {"a": 1, "b": "(1, 2, 3, 4)[1:-1]", "c": 4}),
    "star_at_the_end": ("a, *b = f()", {"a": "f()[0]", "b": "f()[1:]"}),
    "one_value": ("a, b = f()", {"a": "f()[0]", "b": "f()[1]"}),
    "unpacked_twice": ("a = (b, c) = 1, 2", {"a": (1, 2), "b": 1, "c": 2}),
    "item": ("d = {}\nd['n'] = 1", {"d": {}}),
    "attribute": ("d = 1\nd.n = 1", {"d": 1}),
    "if": ("if x:\n    a = 1\nelse:\n    b = 2", {"a": 1, "b": 2}),
    "try": (
        "try:\n    a = 1\nexcept OSError:\n    b = 2\nelse:\n    c = 3\nfinally:\n    d = 4",
        {"a": 1, "b": 2, "c": 3, "d": 4},
    ),
    "with": ("with x:\n    a = 1", {"a": 1}),
    "function": ("def f():\n    a = 1", {}),
    "loop": ("for i in x:\n    a = 1", {}),
    "magic": ("%matplotlib inline\na = 1", {"a": 1}),
    "shell": ("a = !ls", {"a": "get_ipython()"}),
    "time": ("%%time\na = 1", {"a": 1}),
    "bash": ("%%bash\na=1", {}),
    "broken": ("a = = 1", {}),
}


@pytest.mark.parametrize(("cell", "expected"), ASSIGNMENTS.values(), ids=ASSIGNMENTS)
def test_each_assigned_name_is_a_parameter(cell, expected):
    assert expected == defaults(cell)


EXPRESSIONS = {
    "earlier_one": ("n = 1\nm = n + 1", Code("n + 1")),
    "call": ("m = compute( 3 )", Code("compute(3)")),
    "arithmetic": ("m = 24 * 60", Code("24 * 60")),
    "format": ("n = 1\nm = f'{n}.csv'", Code("f'{n}.csv'")),
    "name": ("n = 1\nm = n", Code("n")),
    "class": ("m = Path", Code("Path")),
    "type": ("m = list[int]", Code("list[int]")),
    "module": ("m = typing.sys", Code("typing.sys")),
    "method": ("m = date.today", Code("date.today")),
    "augmented": ("m = 1\nm += 2", Code("m + 2")),
    "list_of_calls": ("m = [date(2024, 1, 1)]", Code("[date(2024, 1, 1)]")),
}


@pytest.mark.parametrize(("cell", "expected"), EXPRESSIONS.values(), ids=EXPRESSIONS)
def test_a_default_that_only_the_notebook_can_compute_is_shown_as_code(cell, expected):
    found = parameters(cell)["m"]
    assert isinstance(found.default, Code)
    assert expected == found.default
    assert str(expected) == repr(found.default)
    assert found.type is Unknown


CLOCKS = {
    "today": ("date.today()", dt.date),
    "now": ("dt.datetime.now()", dt.datetime),
    "of_a_zone": ("dt.datetime.now(dt.UTC)", dt.datetime),
    "of_an_unknown_zone": ("dt.datetime.now(paris)", Unknown),
}


@pytest.mark.parametrize(("expression", "kind"), CLOCKS.values(), ids=CLOCKS)
def test_a_default_of_the_clock_is_code_of_a_known_type(expression, kind):
    found = only(f"day = {expression}")
    assert (Code(expression), kind) == (found.default, found.type)
    assert isinstance(found.default, Code)


MERGED = {
    "later_default": (["n = 1", "n = 2"], Parameter(name="n", default=2, type=int)),
    "first_annotation": (
        ["n: int = 1  # how many", "n = 2"],
        Parameter(name="n", default=2, annotation="int", help="how many", type=int),
    ),
    "later_annotation": (
        ["n = 1", "n: float = 2  # how many"],
        Parameter(name="n", default=2, annotation="float", help="how many", type=float),
    ),
    "declared_then_given": (
        ["n: int", "n = 2"],
        Parameter(name="n", default=2, annotation="int", type=int),
    ),
    "given_then_declared": (
        ["n = 2", "n: int"],
        Parameter(name="n", default=2, annotation="int", type=int),
    ),
}


@pytest.mark.parametrize(("cells", "expected"), MERGED.values(), ids=MERGED)
def test_declarations_of_one_name_are_joined(cells, expected):
    assert {"n": expected} == parameters(*cells)
    assert {"n": expected} == parameters("\n".join(cells))


def test_parameters_come_in_the_order_of_their_cells():
    assert list(parameters("b = 1\na = 2", "c = 3\nb = 4")) == ["b", "a", "c"]


def test_only_parameters_cells_that_run_declare():
    made = notebook(
        "a = 1",
        ("b = 2", "parameters"),
        ("c = 3", "parameters", "skip"),
        ("d = 4", "injected-parameters"),
        markdown("e = 5"),
    )
    assert list(python_parameters(made)) == ["b"]


def test_types_imported_in_any_code_cell_are_known():
    made = notebook(("day: date = None", "parameters"), "from datetime import date")
    assert python_parameters(made)["day"].type is dt.date


def test_a_type_that_the_notebook_does_not_import_is_unknown():
    made = notebook(("day: date = None", "parameters"))
    assert python_parameters(made)["day"].type is Unknown


TYPE_NAMES = {
    "annotation": ("n: int | None = 1", "int | None"),
    "default": ("n = 1", "int"),
    "date": ("n = date(2024, 1, 1)", "date"),
    "unknown": ("n = None", ""),
    "unknown_but_written": ("n: pd.Series = None", "pd.Series"),
}


@pytest.mark.parametrize(("cell", "expected"), TYPE_NAMES.values(), ids=TYPE_NAMES)
def test_the_type_is_named_as_people_write_it(cell, expected):
    assert expected == only(cell).type_name


def test_a_path_is_not_touched(tmp_path):
    precious = tmp_path / "precious.txt"
    precious.touch()
    assert isinstance(only(f"n = Path.unlink(Path({str(precious)!r}))").default, Code)
    assert only(f"n = Path({str(precious)!r})").default == Path(precious)
    assert precious.exists()


# ---------------------------------------------------------------- defaults that count as given

LITERALS = {
    "literals": (["n = 15\ns: str = 'x'\nxs = [1, (2,)]"], {"n": 15, "s": "x", "xs": [1, (2,)]}),
    "expression": (["n = 15\nm = n"], {"n": 15}),
    "assigned_twice": (["n = 15\nn = 16\nm = 1"], {"m": 1}),
    "augmented": (["n = 15\nn += 1"], {}),
    "in_a_block": (["if x:\n    n = 15"], {}),
    "again_in_a_block": (["n = 15\nif x:\n    n = 16"], {}),
    "chain": (["a = b = 1"], {}),
    "unpacked": (["a, b = 1, 2"], {}),
    "loop": (["n = 15\nfor n in x:\n    pass"], {}),
    "def": (["n = 15\ndef n():\n    pass"], {}),
    "class": (["n = 15\nclass n:\n    pass"], {}),
    "import": (["n = 15\nimport math as n"], {}),
    "submodule": (["os = 15\nimport os.path"], {}),
    "error_name": (["n = 15\ntry:\n    f()\nexcept E as n:\n    pass"], {}),
    "match": (["n = 15\nmatch x:\n    case [n]:\n        pass"], {}),
    "match_star": (["n = 15\nmatch x:\n    case [*n]:\n        pass"], {}),
    "match_rest": (["n = 15\nmatch x:\n    case {**n}:\n        pass"], {}),
    "walrus": (["n = 15\nprint(n := 16)"], {}),
    "global": (["n = 15\ndef f():\n    global n\n    n = 16"], {}),
    "required": (["n: int"], {}),
    "shell": (["files = !ls\nn = 15"], {"n": 15}),
    "bash": (["%%bash\nn=15"], {}),
    "two_cells": (["n = 15", "m = 16"], {"n": 15, "m": 16}),
    "assigned_in_two_cells": (["n = 15\nm = 1", "n = 16"], {"m": 1}),
    "computed_in_another_cell": (["n = 15", "n = f()"], {}),
}


@pytest.mark.parametrize(("cells", "expected"), LITERALS.values(), ids=LITERALS)
def test_what_is_assigned_once_from_a_literal_counts_as_given(cells, expected):
    assert expected == literal_defaults(*cells)


@pytest.mark.parametrize(
    "cell", ["n = 15\ndel n\nm = 1", "xs = [1]\nxs.append(2)", "n = 15\nm = 2 * n"]
)
def test_giving_literal_defaults_changes_nothing(cell):
    literals = literal_defaults(cell)
    parsed = parse_cell(cell)
    assert literals
    assert parsed is not None
    plain: dict[str, Any] = {}
    given: dict[str, Any] = {VALUES: literals}
    exec(cell, plain)
    exec(compile(bind_parameters(parsed.tree, frozenset(literals)), "", "exec"), given)
    del given[VALUES]
    assert plain | {"__builtins__": 0} == given | {"__builtins__": 0}


# ---------------------------------------------------------------- enums; no Python

ENUMS = """\
import enum
class Colour(enum.Enum):
    RED = "red"
    BLUE = "blue"
class Size(enum.IntEnum):
    SMALL = 1
class Made(enum.Enum):
    ONE = enum.auto()
"""


def test_an_enum_that_the_notebook_makes_of_literals_is_a_choice() -> None:
    cells = (ENUMS, ("c: Colour = Colour.RED\ns: Size\nm: Made = Made.ONE", "parameters"))
    found = python_parameters(notebook(*cells))
    assert [found[name].type for name in "csm"] == [Literal["red", "blue"], Literal[1], Unknown]


def test_a_cell_that_is_no_python_is_told_with_its_place() -> None:
    made = notebook("1", ("n = = 3", "parameters"), ("m = 1", "parameters"))
    (problem,) = unreadable_cells(made)
    assert problem == "cell 2, tagged `parameters`, cannot be read: invalid syntax (line 1)"


def test_an_integer_too_long_for_python_to_write_stands_as_code() -> None:
    digits = "0x" + "f" * 6000
    source = f"n: int = {digits}\nmany = [{digits}]\nk: Literal[{digits}, 1] = 1"
    imports = "from typing import Literal"
    found = python_parameters(notebook(imports, (source, "parameters")))
    assert found["n"] == Parameter(name="n", default=Code(digits), annotation="int", type=int)
    assert found["many"].default == f"[{digits}]"
    assert found["k"].annotation == f"Literal[{digits}, 1]"
