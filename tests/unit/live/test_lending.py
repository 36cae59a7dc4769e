"""A graph copies what it publishes for who listens, unless they only look at it."""

from __future__ import annotations

from pathlib import Path

import pytest
from notebooks import write_notebook

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


def test_siblings_that_ask_the_same_at_once_are_lent_one_object(tmp_path: Path) -> None:
    path = write_notebook(tmp_path / "n.ipynb", ("one = [1]",), ("one", "return"))
    with nb.Session(cache=tmp_path / "cache") as session:
        graph = nb.Graph([nb.Node(path, name="n")], session=session)
        siblings = [graph.sibling(lends=True) for _ in range(8)]
        for sibling in siblings:
            sibling.watch("n")
        values = [sibling.settle(60).results["n"].unwrap() for sibling in siblings]

    assert values == [[1]] * 8
    assert len(set(map(id, values))) == 1


def test_a_node_that_is_not_cached_runs_whatever_others_have_made(tmp_path: Path) -> None:
    source = "import time\nnow = time.time_ns()"
    path = write_notebook(tmp_path / "n.ipynb", (source,), ("now", "return"))
    found = []
    with nb.Session(cache=False) as session:
        for options in ({}, {"cache": False}, {"cache": False}):
            graph = nb.Graph([nb.Node(path, name="n", **options)], session=session)
            found.append(graph.run("n").unwrap())
            graph.close()

    assert len(set(found)) == 3
