"""Nodes say how far they are, and their graph tells of it: functions, notebooks, not the cached."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import papermill
import pytest
from notebooks import write_notebook

import nbnodes as nb
from nbnodes.cache.code import Identities, function_code
from nbnodes.engines import reporting
from nbnodes.engines.engine import Progress
from nbnodes.engines.reporting import progress
from nbnodes.engines.said import MIME, Said

SAY = "from nbnodes.engines.reporting import progress\nprogress(1, 4, note='fitting')"


def fit(x: int) -> int:
    progress(1, 4, note="fitting")
    return x


def fit_by_module(x: int) -> int:
    reporting.progress(x)
    return x


def node(kind: str, folder: Path) -> nb.Node:
    """Make a node that says how far it is."""
    if kind.startswith("notebook"):
        cells = (("x = 1", "parameters"), SAY, ("x", "return"))
        path = write_notebook(folder / "fit.ipynb", *cells)
        return nb.Node(path, name="fit", engine=kind.partition(" ")[2])
    return nb.Node(fit, name="fit", engine=kind.partition(" ")[2])


@pytest.mark.parametrize(
    "kind", ["function thread", "function fork", "notebook inprocess", "notebook fork"]
)
def test_a_graph_tells_what_a_node_says_once(
    kind: str, session: nb.Session, tmp_path: Path
) -> None:
    graph = nb.Graph([node(kind, tmp_path)], session=session)
    for x, expected in ((1, [Said(fraction=0.25, done=1, total=4, note="fitting")]), (1, [])):
        told: list[nb.GraphProgress] = []
        assert graph.run("fit", x=x, on_progress=told.append).value == x
        assert [one.said["fit"] for one in told if one.said] == expected
    cells = {one.running["fit"][1] for one in told if "fit" in one.running}
    assert cells <= ({0} if kind.startswith("function") else {0, 3})


def test_a_live_graph_tells_while_its_node_runs(session: nb.Session) -> None:
    heard, seen = threading.Event(), threading.Event()

    def work(x: int) -> int:
        for _ in progress(range(2), note="rows"):
            if heard.wait(0 if seen.is_set() else 60):
                seen.set()
        return x

    def listen(notice: Any) -> None:
        if isinstance(notice, nb.GraphProgress) and "work" in notice.said:
            heard.set()

    with nb.Graph([nb.Node(work, name="work", cache=False)], session=session) as graph:
        graph.subscribe(listen)
        graph.set(x=3)
        graph.watch()
        assert graph.settle(60).results["work"].value == 3
    assert seen.is_set()


def test_the_last_word_about_a_graph_is_that_it_is_done(session: nb.Session) -> None:
    first = nb.Node(lambda x: x, name="n0")
    nodes = [first]
    for number in range(1, 300):
        nodes.append(nb.Node(lambda x: x + 1, [nodes[-1]], name=f"n{number}"))
    graph = nb.Graph(nodes, session=session)
    told: list[nb.GraphProgress] = []
    graph.run("n299", x=1, on_progress=told.append)
    assert (told[-1].done, told[-1].total, told[-1].running) == (300, 300, {})


@pytest.mark.parametrize("function", [fit, fit_by_module])
def test_a_function_that_says_how_far_it_is_keeps_its_name(function: Any) -> None:
    code = function_code(function, Identities())
    assert (code.is_lasting, [p for p in code.module_paths if "engines" in p]) == (True, [])


def test_what_nbnodes_is_made_of_does_not_count_in_a_notebooks_key(
    session: nb.Session, tmp_path: Path
) -> None:
    model = session.model(
        write_notebook(tmp_path / "n.ipynb", f"import nbnodes\n{SAY}", ("1", "return"))
    )
    assert session.survey(model).modules == {}


def test_a_run_tells_its_caller(session: nb.Session, tmp_path: Path) -> None:
    model = session.model(write_notebook(tmp_path / "n.ipynb", SAY, ("1", "return")))
    told: list[Progress] = []
    for _ in range(2):
        model.run(on_progress=told.append)
    assert [str(one.said) for one in told if one.said] == ["fitting 1/4 25%"]


def test_papermill_keeps_the_last_state_of_a_bar_with_our_engine_as_without(tmp_path: Path) -> None:
    path = write_notebook(tmp_path / "n.ipynb", f"{SAY}\nprogress(4, 4, note='done')")
    kept = []
    for engine in ("nbnodes", None):
        made = papermill.execute_notebook(path, None, engine_name=engine, progress_bar=False)
        (output,) = made.cells[0].outputs
        kept.append(json.loads(json.dumps(output)))
    assert kept[0] == kept[1]
    assert kept[0]["data"][MIME] == {"fraction": 1.0, "done": 4, "total": 4, "note": "done"}


def test_a_program_that_nobody_hears_prints_nothing() -> None:
    program = f"{SAY}\nprint([n for n in progress(range(3))])"
    ended = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert (ended.stdout, ended.stderr) == ("[0, 1, 2]\n", "")
