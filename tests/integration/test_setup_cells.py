"""`setup` cells: what they make is shared by all calls, where that is safe."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest
from notebooks import CellText, notebook

from nbnodes.engines.engine import Engine, RunRequest
from nbnodes.engines.fork import ForkEngine
from nbnodes.engines.inprocess import InProcessEngine
from nbnodes.errors import NotebookWarning
from nbnodes.result import Failure, Result

LOADED = ("import os\nmodel = list(range(1000))\nloaded_in = os.getpid()", "setup")
THREAD = """\
import threading
threading.Thread(target=threading.Event().wait, daemon=True).start()
m = 2
"""
PIDS = ("(loaded_in, os.getpid())", "return")


@pytest.fixture(scope="module")
def engine() -> Iterator[ForkEngine]:
    made = ForkEngine()
    yield made
    made.close()


def call(engine: Engine, folder: Path, *cells: CellText, **values: object) -> Result:
    return engine.run(RunRequest(notebook=notebook(*cells), folder=str(folder), values=values))


def test_they_run_once_for_all_calls(engine: Engine, tmp_path: Path) -> None:
    pids = [call(engine, tmp_path, LOADED, PIDS).unwrap() for _ in range(3)]
    assert len({loaded_in for loaded_in, _ in pids}) == 1
    assert len({pid for _, pid in pids}) == 3


def test_what_a_call_changes_is_not_seen_by_the_next(engine: Engine, tmp_path: Path) -> None:
    cells = (LOADED, "model.append(1)", ("len(model)", "return"))
    assert [call(engine, tmp_path, *cells).unwrap() for _ in range(2)] == [1001, 1001]


def test_a_result_is_that_of_an_engine_without_them(engine: Engine, tmp_path: Path) -> None:
    cells = (
        ("print('loading')\nbase = 40\nbase", "setup"),
        ("n = 1", "parameters"),
        ("def add(x):\n    return base + x\nprint('again')", "setup"),
        ("print(n)\nadd(n)", "return"),
    )
    shared = [call(engine, tmp_path, *cells, n=2) for _ in range(2)]
    plain = call(InProcessEngine(), tmp_path, *cells, n=2)
    for result in shared:
        assert result.unwrap() == plain.unwrap() == 42
        assert [cell.outputs for cell in result.cells] == [cell.outputs for cell in plain.cells]


def test_a_class_of_theirs_makes_values(engine: Engine, tmp_path: Path) -> None:
    cells = (("class Model:\n    size = 3", "setup"), ("Model()", "return"))
    assert call(engine, tmp_path, *cells).unwrap().size == 3


def test_ipython_cells_may_be_setup_too(engine: Engine, tmp_path: Path) -> None:
    cells = (("names = %who_ls\nasync def f(): return 3\nx = await f()", "setup"), ("x", "return"))
    assert [call(engine, tmp_path, *cells).unwrap() for _ in range(2)] == [3, 3]


@pytest.mark.parametrize(
    ("cells", "reason"),
    [
        (
            [("n = 1", "parameters"), ("m = n + 1", "setup"), ("m", "return")],
            "uses 'n'.*cell 1 sets",
        ),
        ([("m = 2", "parameters", "setup"), ("m", "return")], "tagged `parameters` too"),
        ([("m = 2\nm", "setup", "return")], "tagged `return` too"),
        (
            [
                (THREAD, "setup"),
                ("m", "return"),
            ],
            "left 1 threads running",
        ),
        ([("kept = open('file', 'w')\nm = 2", "setup"), ("m", "return")], "left open .*file"),
        (
            [
                ("import subprocess\nslow = subprocess.Popen(['sleep', '60'])\nm = 2", "setup"),
                ("m", "return"),
            ],
            "still runs",
        ),
    ],
    ids=["a parameter", "parameters", "return", "threads", "a file", "a process"],
)
def test_where_it_is_not_safe_they_run_in_every_call_and_it_is_told(
    engine: Engine, tmp_path: Path, cells: list[CellText], reason: str
) -> None:
    with pytest.warns(NotebookWarning, match=rf"`setup` cells run in every call: .*{reason}"):
        assert call(engine, tmp_path, *cells).unwrap() == 2
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # told once
        assert call(engine, tmp_path, *cells).unwrap() == 2


def test_one_that_raises_fails_the_run_as_any_cell_does(engine: Engine, tmp_path: Path) -> None:
    with pytest.warns(NotebookWarning, match="one raises ZeroDivisionError"):
        result = call(engine, tmp_path, "print('before')", ("1 / 0", "setup"), ("1", "return"))
    assert isinstance(result, Failure)
    assert (result.error.ename, result.error.cell_index) == ("ZeroDivisionError", 1)
    assert result.stdout == "before\n"


def test_a_changed_module_of_the_project_is_loaded_anew(engine: Engine, tmp_path: Path) -> None:
    cells = (("import helpers\nm = helpers.N", "setup"), ("m", "return"))
    for n in (1, 22):  # another length: file times may be too coarse
        (tmp_path / "helpers.py").write_text(f"N = {n}")
        assert call(engine, tmp_path, *cells).unwrap() == n


def test_a_killed_template_of_theirs_is_replaced(engine: Engine, tmp_path: Path) -> None:
    first, _ = call(engine, tmp_path, LOADED, PIDS).unwrap()
    kill = f"import os, signal\nos.kill({first}, signal.SIGKILL)"
    call(engine, tmp_path, kill)
    pids = [call(engine, tmp_path, LOADED, PIDS).unwrap() for _ in range(2)]
    assert len({loaded_in for loaded_in, _ in pids} | {first}) == 2


def test_random_numbers_differ_though_the_setup_is_shared(engine: Engine, tmp_path: Path) -> None:
    cells = (("import random\nseeded = random.random()", "setup"), ("random.random()", "return"))
    assert len({call(engine, tmp_path, *cells).unwrap() for _ in range(3)}) == 3
