"""Which values of a graph are named: to name one may take long, a figure is drawn for it."""

from __future__ import annotations

import pytest

import nbnodes as nb

NAMED: list[int] = []


class Watched:
    """A value that notes when it is named."""

    def __init__(self, number: int) -> None:
        self.number = number

    def __nb_hash__(self) -> int:
        NAMED.append(self.number)
        return self.number


def give(x: int = 1) -> Watched:
    return Watched(x)


def tenfold(one: Watched) -> Watched:
    return Watched(10 * one.number)


def nodes() -> tuple[nb.Node, nb.Node]:
    first = nb.Node(give, name="first")
    return first, nb.Node(tenfold, name="second", input={"one": first})


@pytest.fixture(autouse=True)
def named() -> list[int]:
    NAMED.clear()
    return NAMED


def test_a_value_that_feeds_no_other_node_is_not_named(named: list[int]) -> None:
    with nb.Session(cache=":memory:") as session:
        result = nb.Graph([*nodes()], session=session).run("second")

    assert result.value.number == 10
    assert 1 in named
    assert 10 not in named


def test_a_value_is_named_once_it_feeds_a_node_of_another_graph(named: list[int]) -> None:
    with nb.Session(cache=":memory:") as session:
        nb.Graph([nodes()[0]], session=session).run("first")
        assert not named
        result = nb.Graph([*nodes()], session=session).run("second")

    assert result.value.number == 10
    assert 1 in named
