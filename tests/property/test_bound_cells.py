"""Of any parameters cell: binding nothing changes nothing, and what is given arrives."""

from __future__ import annotations

import ast
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from notebooks import notebook

from nbnodes.notebook.binding import VALUES, bind_parameters
from nbnodes.notebook.parameters import literal_defaults, python_parameters

PATIENT = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])  # on a busy machine

NAMES = ("a", "b", "c", "d")


class Given(int):
    """A number that is told from every other by its identity."""


@st.composite
def expressions(draw: st.DrawFn, bound: list[str]) -> str:
    """A number, or arithmetic on names that are bound for sure."""
    number = str(draw(st.integers(-9, 9)))
    if not bound or draw(st.booleans()):
        return number
    return f"{draw(st.sampled_from(bound))} {draw(st.sampled_from('+-*'))} {number}"


@st.composite
def statements(draw: st.DrawFn, bound: list[str], depth: int) -> str:
    """A statement that binds at least one name; simple ones add theirs to `bound`."""
    name, other = draw(st.permutations(NAMES))[:2]
    value, second = draw(expressions(bound)), draw(expressions(bound))
    simple = {
        f"{name} = {value}": [name],
        f"{name}: int = {value}  # help": [name],
        f"{name} = {other} = {value}": [name, other],
        f"{name}, {other} = {value}, {second}": [name, other],
        f"[{name}, *{other}] = [{value}]; {other} = 1": [name, other],
        f"({name} := {value})": [name],
        f"print(end=str({name} := {value})[:0])": [name],
    }
    if name in bound:
        simple[f"{name} += {second}"] = [name]
    kinds = [*simple, "block"] if depth else [*simple]
    kind = draw(st.sampled_from(kinds))
    if kind != "block":
        bound += [n for n in simple[kind] if n not in bound]
        return kind
    head = draw(st.sampled_from(BLOCKS)).format(name=name, value=value)
    inner = draw(cells(bound=list(bound), depth=depth - 1, most=2))
    return head.replace("<body>", inner.replace("\n", "\n    "))


BLOCKS = (
    "if {value} > 0:\n    <body>",
    "if {value} > 0:\n    <body>\nelse:\n    {name} = {value}",
    "for {name} in range(2):\n    <body>",
    "for _ in []:\n    <body>",
    "try:\n    <body>\nexcept OSError as {name}:\n    pass\nfinally:\n    {name} = {value}",
    "try:\n    1 / 0\nexcept ArithmeticError:\n    <body>",
    "match {value}:\n    case 1:\n        {name} = 1\n    case {name}:\n        pass",
    "def f():\n    <body>\n    return {value}",
    "class C:\n    {name} = {value}",
    "import math as {name}; {name} = 1",
    "[{name} for {name} in range(2)]",
)


@st.composite
def cells(draw: st.DrawFn, bound: list[str] | None = None, depth: int = 2, most: int = 6) -> str:
    """A cell that runs without error."""
    names = [] if bound is None else bound
    count = draw(st.integers(1, most))
    return "\n".join(draw(statements(bound=names, depth=depth)) for _ in range(count))


def run(source: str, values: dict[str, Any] | None = None) -> dict[str, Any]:
    """Return the names after running a cell; bound, if values are given."""
    tree = ast.parse(source)
    names: dict[str, Any] = {}
    if values is not None:
        tree = bind_parameters(tree, frozenset(values))
        names[VALUES] = values
    exec(compile(tree, "<cell>", "exec", dont_inherit=True), names)
    return {n: v for n, v in names.items() if n in NAMES}


def comparable(names: dict[str, Any]) -> dict[str, str]:
    return {name: repr(value) for name, value in names.items()}


@settings(PATIENT, max_examples=200)
@given(cells())
def test_binding_nothing_changes_nothing(source):
    assert comparable(run(source)) == comparable(run(source, {}))
    assert ast.dump(ast.parse(source)) == ast.dump(bind_parameters(ast.parse(source), frozenset()))


@settings(PATIENT, max_examples=200)
@given(cells(), st.sets(st.sampled_from(NAMES), min_size=1))
def test_each_given_name_that_the_cell_binds_is_the_given_object(source, chosen):
    plain = run(source)
    values = {name: Given(100) for name in chosen}
    bound = run(source, values)
    assert chosen & set(plain) <= set(bound)
    assert {n: v for n, v in bound.items() if n in chosen and v is not values[n]} == {}


@settings(PATIENT, max_examples=200)
@given(cells(), cells())
def test_giving_the_literal_defaults_changes_nothing(first, second):
    literals = literal_defaults(first, second)
    bound = "\n".join(
        ast.unparse(bind_parameters(ast.parse(cell), frozenset(literals)))
        for cell in (first, second)
    )
    names: dict[str, Any] = {VALUES: literals}
    exec(compile(bound, "<cell>", "exec", dont_inherit=True), names)
    assert comparable(run(f"{first}\n{second}")) == comparable(
        {n: v for n, v in names.items() if n in NAMES}
    )


@settings(PATIENT, max_examples=200)
@given(cells())
def test_each_literal_default_is_a_parameters_default(source):
    parameters = python_parameters(notebook((source, "parameters")))
    literals = literal_defaults(source)
    assert literals == {name: parameters[name].default for name in literals}
