"""Nodes become named members in order, or one error that tells every mistake."""

from __future__ import annotations

import functools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import ipywidgets
import pytest
from notebooks import notebook, write_notebook

from nbnodes.errors import GraphError
from nbnodes.graph.assembly import Assembly, Feed, assemble
from nbnodes.graph.function import Function
from nbnodes.graph.node import Node, OutNode, WidgetTrait


def pair(first: int, second: int = 2, *rest: int, **named: int) -> tuple[Any, ...]:
    return first, second, rest, named


def typed(n: int, label: str = "x") -> str:
    return label * n


def problems(*nodes: object) -> list[str]:
    with pytest.raises(GraphError) as caught:
        assemble(nodes)  # type: ignore[arg-type]
    return list(caught.value.problems)


def feeds(assembly: Assembly, name: str) -> dict[str, Feed]:
    return dict(assembly.members[name].feeds)


def test_a_graph_takes_what_its_nodes_depend_on_in_order() -> None:
    first = Node(lambda: 1, name="first")
    second = Node(lambda a: a, [first], name="second")
    third = Node(lambda a, b: a + b, {"b": first, "a": second}, name="third")
    found = assemble([third])
    assert list(found.members) == ["first", "second", "third"]
    assert feeds(found, "third") == {"b": Feed(source="first"), "a": Feed(source="second")}


def test_names_are_derived_and_made_unique(tmp_path: Path) -> None:
    path = write_notebook(tmp_path / "prices.ipynb", "1")
    nodes = [Node(path), Node(path), Node(typed, [1]), Node(len, [[1]]), Node(lambda: 1)]
    assert list(assemble(nodes).members) == ["prices", "prices_2", "typed", "len", "function"]


@pytest.mark.parametrize(
    ("f", "name"),
    [
        (functools.partial(typed, 1), "typed"),
        (notebook("1"), "notebook"),
        ({"cells": []}, "notebook"),
        (Node(typed), "typed"),
    ],
)
def test_what_a_node_computes_may_be_many_things(f: object, name: str) -> None:
    assert list(assemble([Node(f)]).members) == [name]


def test_an_input_may_be_one_entry_of_a_value() -> None:
    both = Node(lambda: {"a": 1}, name="both")
    found = assemble([Node(lambda x: x, [both["a"]], name="user")])
    assert feeds(found, "user") == {"x": Feed(source="both", part="a")}


def test_the_seeds_words_are_understood() -> None:
    out = object()
    first = OutNode(args=[1], f=typed, display_widget=out)
    second = OutNode(input=[2], f=typed, out=out)
    found = assemble([first, second])
    assert [member.constants for member in found.members.values()] == [{"n": 1}, {"n": 2}]
    assert first.out is second.out is out


class Slider:
    value = 3

    def observe(self, *_: object) -> None: ...


def test_a_widget_feeds_a_parameter() -> None:
    slider = Slider()
    members = assemble([Node(typed, [slider])]).members
    assert members["typed"].widgets == {"n": WidgetTrait(slider, "value")}


def test_any_trait_of_a_widget_may_feed_a_parameter() -> None:
    dropdown = ipywidgets.Dropdown(options=["a", "b"])
    members = assemble([Node(typed, [(dropdown, "index")])]).members
    trait = members["typed"].widgets["n"]
    assert trait.meant(trait.said()) == 0


def test_a_widget_that_says_nothing_of_the_kind_is_refused() -> None:
    wrong = Node(typed, {"n": ipywidgets.Button(), "label": (ipywidgets.Text(), "vlaue")})
    with pytest.raises(GraphError) as caught:
        assemble([wrong])
    assert caught.value.problems == (
        """typed: n: a Button has no trait 'value'; name one: (widget, "trait")""",
        "typed: label: a Text has no trait 'vlaue'",
    )


def test_a_place_to_be_shown_knows_its_node() -> None:
    out = ipywidgets.Output()
    node = Node(typed, [1], out=out)
    assert out.nbnodes_node is node


def test_every_mistake_of_every_node_is_told_at_once(tmp_path: Path) -> None:
    trend = write_notebook(
        tmp_path / "trend.ipynb", ("window: int = 12\nprices = None", "parameters"), "1"
    )
    wrong = [
        Node(trend, {"windw": 3, "window": "many"}),
        Node(tmp_path / "nothing.ipynb"),
        Node(typed, {"n": "one", "m": 2}, name="typed"),
        Node(typed, ["x"] * 3, name="typed"),
        Node(typed, {"label": "a"}, name="short"),
        Node(name="empty"),
        Node(42, name="number"),
        Node(typed, "abc", name="text"),
        Node(typed, [1], args=[2], name="twice"),
        Node(typed, [1], name="options", retries=-1, trigger="now", timout_s=3),
        "no node",
    ]
    told = "\n".join(problems(*wrong))
    for words in (
        "item 10: expected a Node, found str",
        "trend: windw: there is no such parameter; did you mean window?",
        "trend: window: 'many' is no int",
        "nothing.ipynb",
        "typed: several nodes have this name",
        "typed: n: 'one' is no int",
        "typed: m: there is no such parameter",
        "input 3: that is one too many, it takes 2 (n, label)",
        "short: n: nothing feeds it and it has no default",
        "empty: it has no f",
        "number: f is int",
        "text: input: expected a list (by position) or a dict (by name), found str",
        "twice: input and args are the same thing",
        "options: retries=-1: expected 0 or more",
        "options: trigger='now': expected one of auto, manual, lazy",
        "options: timout_s: there is no such option",
    ):
        assert words in told


def test_nodes_that_feed_each_other_are_shown_in_their_circle() -> None:
    first, second = Node(lambda a: a, name="first"), Node(lambda a: a, name="second")
    first.input, second.input = [second], [first]
    (told,) = problems(first)
    assert told in (
        "first → second → first: they feed each other",
        "second → first → second: they feed each other",
    )


CALLS = [
    (pair, {"first": 1}, (1, 2, (), {})),
    (pair, {"first": 1, "second": 5}, (1, 5, (), {})),
    (pair, {"first": 1, "extra": 7}, (1, 2, (), {"extra": 7})),
    (lambda *values: values, {"values[0]": 1, "values[1]": 2}, (1, 2)),
    (max, {"args[0]": 1, "args[1]": 2}, 2),
    (functools.partial(typed, label="ab"), {"n": 2}, "abab"),
]


@pytest.mark.parametrize(("function", "values", "expected"), CALLS)
def test_a_function_is_called_with_values_by_name(
    function: Callable[..., Any], values: dict[str, Any], expected: Any
) -> None:
    assert Function.of(function, name="f", inputs=len(values))(values) == expected
