"""A graph copies what it publishes for who listens, unless they only look at it."""

from __future__ import annotations

import pytest

import nbnodes as nb


def give(x: int = 1) -> list[int]:
    return [x]


@pytest.mark.parametrize("lends", [True, False])
def test_a_sibling_that_lends_publishes_one_value_to_all(lends: bool) -> None:
    with nb.Session(cache=False) as session:
        graph = nb.Graph([nb.Node(give, name="first")], session=session)
        values = []
        for _ in range(2):
            sibling = graph.sibling(lends=lends)
            sibling.watch("first")
            values.append(sibling.settle(30).results["first"].unwrap())
            sibling.close()

    assert values == [[1], [1]]
    assert (values[0] is values[1]) is lends
