"""What is stored can be asked for alone: nothing runs, nothing waits, no thread begins."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import pytest
from notebooks import write_notebook

import nbnodes as nb
from nbnodes.errors import ParameterError
from nbnodes.session import Session

PLACES = pytest.mark.parametrize("place", [":memory:", "cache"])


@pytest.fixture(autouse=True)
def surroundings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("XDG_CACHE_HOME", "XDG_DATA_HOME"):
        monkeypatch.setenv(name, str(tmp_path / name.lower()))
    monkeypatch.chdir(tmp_path)


def model(session: Session, last: str = "2 * n") -> nb.Model:
    cells = (("n: int = 15", "parameters"), "print(n)", (last, "return"))
    return session.model(write_notebook("double.ipynb", *cells))


@PLACES
def test_a_run_is_recalled_once_it_was_made(place: str) -> None:
    with Session(engine="inprocess", cache=place) as session:
        double = model(session)
        assert session.recall(double, {"n": 3}) is None
        made = double.run(n=3)
        for _ in range(2):
            found = session.recall(double, {"n": "3"})
            assert found is not None
            assert (found.value, found.cached, found.key) == (6, True, made.key)
            assert (found.stdout, found.name) == ("3\n", "double.ipynb")
            assert found.notebook_json()["cells"]
        assert session.recall(double, {"n": 4}) is None


def test_the_default_given_and_not_given_is_one_run(session: Session) -> None:
    double = model(session)
    double.run()
    found = session.recall(double, {"n": 15})
    assert found is not None
    assert found.value == 30


def test_what_is_recalled_is_the_caller_s_own(session: Session) -> None:
    lists = model(session, "[n]")
    lists.run(n=3)
    for _ in range(3):
        found: Any = session.recall(lists, {"n": 3})
        assert (found.value, found.outputs[0]["text"]) == ([3], "3\n")
        found.value.append(4)
        found.outputs[0]["text"] = "mine"


def test_wrong_parameters_are_refused_where_nothing_runs(session: Session) -> None:
    with pytest.raises(ParameterError, match="n: 'x' is no int"):
        session.recall(model(session), {"n": "x"})


def test_a_changed_module_is_another_run(session: Session) -> None:
    Path("half.py").write_text("x = 1\n")
    cells = ("import half", ("half.x", "return"))
    reading = session.model(write_notebook("reading.ipynb", *cells))
    reading.run()
    assert session.recall(reading, {}) is not None
    Path("half.py").write_text("x = 20\n")
    assert session.recall(reading, {}) is None


def test_a_deleted_run_is_recalled_no_more(session: Session) -> None:
    double = model(session)
    double.run(n=3)
    assert session.recall(double, {"n": 3}) is not None
    assert session.store
    session.store.delete([fact.key for fact in session.store.facts()])
    assert session.recall(double, {"n": 3}) is None


def test_without_a_cache_nothing_is_recalled() -> None:
    with Session(engine="inprocess", cache=False) as session:
        double = model(session)
        double.run(n=3)
        assert session.recall(double, {"n": 3}) is None


# ---------------------------------------------------------------- graphs


def chain(session: Session, calls: list[str]) -> nb.Graph:
    cells = (("n: int = 15", "parameters"), ("{'all': [n, n]}", "return"))
    source = nb.Node(write_notebook("source.ipynb", *cells), name="source")

    class Counted:
        def __nb_hash__(self) -> str:
            return "counted"

        def call(self, word: str) -> None:
            calls.append(word)

    counted = Counted()

    def total(xs: list[int], k: int = 1, counted: Any = None) -> int:
        counted.call("total")
        return k * sum(xs)

    return nb.Graph(
        [nb.Node(total, input={"xs": source["all"], "counted": counted}, name="total")],
        session=session,
    )


@PLACES
def test_a_node_is_recalled_once_it_was_computed(place: str) -> None:
    calls: list[str] = []
    with Session(engine="inprocess", cache=place) as session:
        graph = chain(session, calls)
        assert graph.recall("total", n=2) is None
        assert graph.run("total", n=2).unwrap() == 4
        before = threading.active_count()
        found = graph.recall("total", {"source.n": 2})
        assert found is not None
        assert (found.value, found.cached, found.name) == (4, True, "total")
        assert graph.recall("total", n=2, k=3) is None
        assert graph.recall("source", n=2) is not None
        assert threading.active_count() <= before
    assert calls == ["total"]


def test_what_a_lone_run_computed_is_recalled_for_a_graph(session: Session) -> None:
    graph = chain(session, [])
    session.model("source.ipynb").run(n=7)
    found = graph.recall("source", n=7)
    assert found is not None
    assert found.value == {"all": [7, 7]}
    assert graph.recall("total", n=7) is None


def test_what_may_differ_each_time_is_not_recalled(session: Session) -> None:
    node = nb.Node(lambda: 1, name="one", cache=False)
    graph = nb.Graph([node], session=session)
    graph.run("one")
    assert graph.recall("one") is None


def test_a_variable_of_a_split_notebook_is_recalled(session: Session) -> None:
    cells = (("n = 2", "parameters"), "twice = 2 * n", "more = twice + 1")
    graph = nb.Graph.from_notebook(write_notebook("split.ipynb", *cells), session=session)
    assert graph.recall("more") is None
    assert graph.run("more").unwrap() == 5
    found = graph.recall("more")
    assert found is not None
    assert found.value == 5


# ---------------------------------------------------------------- siblings


def test_a_sibling_has_values_of_its_own(session: Session) -> None:
    graph = chain(session, [])
    graph.set(n=2)
    with graph.sibling() as one, graph.sibling() as other:
        assert one.assembly is graph.assembly
        one.set(n=3)
        one.watch("total")
        other.watch("total")
        assert one.settle(10).results["total"].unwrap() == 6
        assert other.settle(10).results["total"].unwrap() == 30
        assert not graph.bound.is_live
    assert graph.get("total").unwrap() == 4
    graph.close()


def test_a_sibling_of_a_split_notebook_goes_its_own_way(session: Session) -> None:
    cells = (("n = 2", "parameters"), "twice = 2 * n", "more = twice + 1")
    graph = nb.Graph.from_notebook(write_notebook("split.ipynb", *cells), session=session)
    other = graph.sibling()
    assert other.run("twice").unwrap() == 4
    assert graph.run("more", n=3).unwrap() == 7


# ---------------------------------------------------------------- values


def test_a_refused_value_leaves_all_others_in_place(session: Session) -> None:
    with chain(session, []) as graph:
        graph.set(n=2)
        graph.watch("total")
        with pytest.raises(ParameterError, match="n: 'x' is no int"):
            graph.set(n="x", k=5)
        assert graph.settle(10).results["total"].unwrap() == 4


def test_what_was_set_can_be_taken_back(session: Session) -> None:
    with chain(session, []) as graph:
        graph.set({"n": 2, "total.k": 3})
        graph.watch("total")
        assert graph.settle(10).results["total"].unwrap() == 12
        graph.reset("n")
        assert graph.settle(10).results["total"].unwrap() == 90
        graph.reset()
        assert graph.settle(10).results["total"].unwrap() == 30
        with pytest.raises(ParameterError, match="m: no node has such a parameter"):
            graph.reset("m")
