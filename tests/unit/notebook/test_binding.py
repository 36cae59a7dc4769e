"""Given values replace what a cell assigns to their names; all else runs as it stands."""

from __future__ import annotations

import ast
import asyncio
import datetime as dt
import inspect
from decimal import Decimal
from typing import Any

import numpy as np
import pytest

from nbnodes.notebook.binding import DECLARED, RETURN, VALUES, bind_parameters, capture_return


def bound(source: str, **values: Any) -> dict[str, Any]:
    """Return the names after running a cell with given values."""
    tree = bind_parameters(ast.parse(source), frozenset(values))
    names: dict[str, Any] = {VALUES: values, DECLARED: lambda _, name: values[name]}
    exec(compile(tree, "<cell>", "exec", dont_inherit=True), names)
    return names


BINDINGS = {
    "plain": ("n = 1", {"n": 5}, {"n": 5}),
    "others_keep_their_defaults": ("n = 1\nm = 2", {"n": 5}, {"n": 5, "m": 2}),
    "dependent_default": ("n = 1\ntwice = 2 * n", {"n": 5}, {"n": 5, "twice": 10}),
    "dependent_default_given": ("n = 1\ntwice = 2 * n", {"twice": 7}, {"n": 1, "twice": 7}),
    "its_default_is_not_computed": ("n = 1 / 0", {"n": 5}, {"n": 5}),
    "annotated": ("n: int = 1", {"n": 5}, {"n": 5, "__annotations__": {"n": int}}),
    "required": ("n: int\nm = n", {"n": 5}, {"n": 5, "m": 5}),
    "assigned_again": ("n = 1\nm = n\nn = 2", {"n": 5}, {"n": 5, "m": 5}),
    "augmented": ("n = 1\nn += 1\nm = n", {"n": 5}, {"n": 5, "m": 5}),
    "chain": ("a = b = 1\nc = a", {"a": 5}, {"a": 5, "b": 1, "c": 5}),
    "tuple": ("a, b = 1, 2\nc = a", {"a": 5}, {"a": 5, "b": 2, "c": 5}),
    "list_of_names": ("[a, *b] = 1, 2, 3", {"b": 5}, {"a": 1, "b": 5}),
    "nested_tuple": ("(a, (b, c)) = 1, (2, 3)", {"c": 5}, {"a": 1, "b": 2, "c": 5}),
    "walrus": ("m = (n := 1)\nk = n", {"n": 5}, {"n": 5, "m": 1, "k": 5}),
    "walrus_in_a_test": ("if (n := 1):\n    pass\nm = n", {"n": 5}, {"n": 5, "m": 5}),
    "loop": ("for n in range(3):\n    pass\nm = n", {"n": 5}, {"n": 5, "m": 5}),
    "inside_a_loop": ("for i in range(3):\n    n = i", {"n": 5}, {"n": 5, "i": 2}),
    "loop_without_rounds": ("for i in []:\n    n = i\nm = n", {"n": 5}, {"n": 5, "m": 5}),
    "while": ("i = 0\nwhile i < 2:\n    i += 1\n    n = i", {"n": 5}, {"n": 5, "i": 2}),
    "with": (
        "import contextlib\nwith contextlib.nullcontext(1) as n:\n    m = 2\nk = n",
        {"n": 5},
        {"n": 5, "m": 2, "k": 5},
    ),
    "inside_with": (
        "import contextlib\nwith contextlib.nullcontext(1):\n    n = 2\n    m = n",
        {"n": 5},
        {"n": 5, "m": 5},
    ),
    "try": ("try:\n    n = 1\nexcept OSError:\n    n = 2\nm = n", {"n": 5}, {"n": 5, "m": 5}),
    "except": (
        "try:\n    1 / 0\nexcept OSError:\n    pass\nexcept ArithmeticError:\n    n = 2",
        {"n": 5},
        {"n": 5},
    ),
    "error_name": ("try:\n    1 / 0\nexcept ArithmeticError as n:\n    pass", {"n": 5}, {"n": 5}),
    "finally": (
        "try:\n    pass\nexcept OSError:\n    pass\nelse:\n    a = 1\nfinally:\n    b = 1",
        {"a": 5, "b": 6},
        {"a": 5, "b": 6},
    ),
    "if": ("if True:\n    n = 1\nelse:\n    n = 2\nm = n", {"n": 5}, {"n": 5, "m": 5}),
    "branch_not_taken": ("if False:\n    n = 1\nm = n", {"n": 5}, {"n": 5, "m": 5}),
    "match_body": (
        "match 1:\n    case 1:\n        n = 2\n        m = n",
        {"n": 5},
        {"n": 5, "m": 5},
    ),
    "match_pattern": ("match 1:\n    case n:\n        pass\nm = n", {"n": 5}, {"n": 5, "m": 5}),
    "match_star": ("match [1, 2]:\n    case [_, *n]:\n        pass", {"n": 5}, {"n": 5}),
    "match_rest": ("match {'a': 1}:\n    case {**n}:\n        pass", {"n": 5}, {"n": 5}),
    "import": ("import math as n\nm = n", {"n": 5}, {"n": 5, "m": 5}),
    "import_of_a_submodule": ("import os.path\nm = os", {"os": 5}, {"os": 5, "m": 5}),
    "from_import": ("from math import pi\ntau = 2 * pi", {"pi": 3}, {"pi": 3, "tau": 6}),
    "def": ("def n():\n    return 1\nm = n", {"n": 5}, {"n": 5, "m": 5}),
    "class": ("class n:\n    pass\nm = n", {"n": 5}, {"n": 5, "m": 5}),
    "function_local": (
        "n = 1\ndef f():\n    n = 2\n    return n\nm = f()",
        {"n": 5},
        {"n": 5, "m": 2},
    ),
    "function_reads": ("n = 1\ndef f():\n    return n\nm = f()", {"n": 5}, {"n": 5, "m": 5}),
    "function_argument": ("n = 1\ndef f(n=2):\n    return n\nm = f()", {"n": 5}, {"n": 5, "m": 2}),
    "lambda_argument": ("n = 1\nf = lambda n: n\nm = f(2)", {"n": 5}, {"n": 5, "m": 2}),
    "class_attribute": ("n = 1\nclass A:\n    n = 2\nm = A.n", {"n": 5}, {"n": 5, "m": 2}),
    "comprehension": ("n = 1\nm = [n for n in range(3)]", {"n": 5}, {"n": 5, "m": [0, 1, 2]}),
    "attribute": (
        "from types import SimpleNamespace as S\ns = S(n=1)\ns.n = 2\nm = s.n\nn = 1",
        {"n": 5},
        {"n": 5, "m": 2},
    ),
    "item": ("n = 1\nd = {}\nd['n'] = n", {"n": 5}, {"n": 5, "d": {"n": 5}}),
    "future_import": ("from __future__ import annotations\nn: int = 1", {"n": 5}, {"n": 5}),
    "name_of_another_cell": ("m = 1", {"n": 5}, {"m": 1}),
}


@pytest.mark.parametrize(("source", "values", "expected"), BINDINGS.values(), ids=BINDINGS)
def test_given_values_take_the_place_of_assigned_ones(source, values, expected):
    names = bound(source, **values)
    assert expected == {name: names[name] for name in expected}


def test_a_name_that_the_cell_does_not_bind_stays_unbound():
    assert "n" not in bound("m = 1", n=5)


def test_every_parameters_cell_is_bound():
    cells = ["n = 1\nm = 2 * n", "n = 3\nk = n + m"]
    trees = [bind_parameters(ast.parse(cell), frozenset({"n"})) for cell in cells]
    names: dict[str, Any] = {VALUES: {"n": 5}}
    for tree in trees:
        exec(compile(tree, "<cell>", "exec"), names)
    assert (names["n"], names["m"], names["k"]) == (5, 10, 15)


VALUES_OF_EVERY_KIND = {
    "none": None,
    "tuple": (1, (2, 3)),
    "date": dt.date(2024, 2, 29),
    "moment": dt.datetime(2024, 2, 29, tzinfo=dt.UTC),
    "decimal": Decimal("0.10"),
    "array": np.arange(3),
    "bytes": b"\x00\xff",
    "nan": float("nan"),
    "set": {1, 2},
    "dict_of_integers": {1: "a"},
    "complex": 1 + 2j,
    "text": "quotes ' \" and \\ and \n",
    "surrogate": "\ud800",
    "function": len,
    "type": int,
    "anything": object(),
}


@pytest.mark.parametrize("value", VALUES_OF_EVERY_KIND.values(), ids=VALUES_OF_EVERY_KIND)
def test_a_value_arrives_as_the_object_it_is(value):
    assert value is bound("n: object = 1", n=value)["n"]


def test_a_bound_tree_keeps_its_lines():
    tree = bind_parameters(ast.parse("n = 1\n\na, n = 1, 2\nm = 1 / 0"), frozenset({"n"}))
    with pytest.raises(ZeroDivisionError) as caught:
        exec(compile(tree, "<cell>", "exec"), {VALUES: {"n": 5}})
    assert caught.traceback[-1].lineno == 3  # counted from 0


# ---------------------------------------------------------------- the value of the `return` cell


def captured(source: str) -> list[Any]:
    """Return what a cell passes on as its value."""
    values: list[Any] = []
    code = compile(
        capture_return(ast.parse(source)), "<cell>", "exec", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
    )
    result = eval(code, {RETURN: lambda value: values.append(value) or value})
    if inspect.iscoroutine(result):
        asyncio.run(result)
    return values


CAPTURED = {
    "expression": ("n = 15\nn", [15]),
    "with_semicolon": ("n = 15\nn;", [15]),
    "none": ("None", [None]),
    "tuple": ("1, 2", [(1, 2)]),
    "await": ("import asyncio\nawait asyncio.sleep(0, 15)", [15]),
    "await_inside": ("import asyncio\n2 * await asyncio.sleep(0, 15)", [30]),
    "walrus": ("(n := 15)", [15]),
    "assignment": ("n = 15", []),
    "expression_before_a_statement": ("15\nn = 1", []),
    "expression_in_a_block": ("if True:\n    15", []),
    "nothing": ("", []),
    "comment": ("# n", []),
}


@pytest.mark.parametrize(("source", "expected"), CAPTURED.values(), ids=CAPTURED)
def test_the_last_expression_is_the_value(source, expected):
    assert expected == captured(source)


def test_the_captured_expression_is_still_shown():
    tree = capture_return(ast.parse("15"))
    shown = []
    namespace = {RETURN: lambda value: value}
    interactive = ast.Interactive(body=tree.body)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("sys.displayhook", shown.append)
        exec(compile(interactive, "<cell>", "single"), namespace)
    assert shown == [15]
