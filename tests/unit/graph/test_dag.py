"""A Dag is in order, knows what is above and below, and a circle is shown as one."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nbnodes.graph.dag import Dag, cycles

DIAMOND = {"bottom": ["left", "right"], "right": ["top"], "left": ["top"], "top": []}


def test_nothing_comes_before_what_it_depends_on_and_ties_stay_as_given() -> None:
    assert Dag.of(DIAMOND).order == ("top", "right", "left", "bottom")


def test_what_is_above_and_below() -> None:
    dag = Dag.of(DIAMOND)
    assert dag.ancestors(["left"]) == {"left", "top"}
    assert dag.descendants(["left"]) == {"left", "bottom"}
    assert dag.sinks == ("bottom",)


def test_a_circle_has_no_order() -> None:
    with pytest.raises(ValueError, match="cycle"):
        Dag.of({"a": ["b"], "b": ["a"]})


@pytest.mark.parametrize(
    ("parents", "expected"),
    [
        ({"a": ["a"]}, {"a"}),
        ({"a": ["b"], "b": ["c"], "c": ["a"], "d": ["a"], "e": []}, {"a", "b", "c"}),
    ],
)
def test_a_circle_is_shown_without_what_hangs_below_it(
    parents: dict[str, list[str]], expected: set[str]
) -> None:
    (found,) = cycles(parents)
    assert set(found) == expected
    assert found[0] == found[-1]
    assert all(first in parents[second] for first, second in itertools.pairwise(found))


def test_each_knot_is_shown() -> None:
    assert len(cycles({"a": ["b"], "b": ["a"], "c": ["d"], "d": ["c"]})) == 2


@given(st.dictionaries(st.integers(0, 9), st.lists(st.integers(0, 9), max_size=3), max_size=10))
def test_what_has_no_circle_has_an_order(edges: dict[int, list[int]]) -> None:
    parents = {str(n): [str(p) for p in above if p in edges] for n, above in edges.items()}
    if cycles(parents):
        with pytest.raises(ValueError, match="cycle"):
            Dag.of(parents)
        return
    order = Dag.of(parents).order
    place = {name: i for i, name in enumerate(order)}
    assert set(order) == set(parents)
    assert all(place[p] < place[name] for name, above in parents.items() for p in above)


def test_a_long_chain_is_no_recursion() -> None:
    chain = {str(i): [str(i - 1)] if i else [] for i in range(20_000)}
    dag = Dag.of(chain)
    assert len(dag.ancestors(["19999"])) == len(dag.descendants(["0"])) == 20_000
