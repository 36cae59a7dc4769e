"""`setup` cells: what they make is shared by all calls, where that is safe."""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from ctypes.util import find_library
from pathlib import Path
from random import Random

import numpy as np
import psutil
import pytest
from notebooks import CellText, notebook
from processes import await_end

from nbnodes.engines.engine import CancelToken, Engine, RunRequest
from nbnodes.engines.fork import ForkEngine
from nbnodes.engines.inprocess import InProcessEngine
from nbnodes.errors import NotebookWarning, RunCancelledError, RunTimeoutError
from nbnodes.result import Failure, Result

LOADED = ("import os\nmodel = list(range(1000))\nloaded_in = os.getpid()", "setup")
THREAD = """\
import threading
threading.Thread(target=threading.Event().wait, daemon=True).start()
m = 2
"""
PIDS = ("(loaded_in, os.getpid())", "return")
KILL = """\
import os, select, signal
end = os.pidfd_open({pid})
os.kill({pid}, signal.SIGKILL)
select.select([end], [], [])
"""
GATED = """\
with open('begun', 'w'):
    pass
with open('gate'):
    m = 2
"""
BLAS = "import numpy as np\na = np.ones((600, 600))\nm = int((a @ a)[0, 0]) // 300"
ARROW = """\
import pandas as pd
pd.DataFrame({"a": range(100_000)}).to_parquet("file")
m = int(pd.read_parquet("file")["a"][2])
"""
OPENMP = """\
import ctypes, ctypes.util
body = ctypes.CFUNCTYPE(None, ctypes.c_void_p)(lambda _: None)
ctypes.CDLL(ctypes.util.find_library("gomp")).GOMP_parallel(body, None, 3, 0)
m = 2
"""
SEED = "import random\nimport numpy as np\nrandom.seed(0)\nnp.random.seed(0)"
DRAW = "import random\nimport numpy as np\nn = np.random.rand(), random.random()"
ENDS = (("m", "return"),)
DRAWN = ("(float(np.random.rand()), random.random())", "return")


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


def test_the_same_cell_elsewhere_in_a_notebook_is_another(engine: Engine, tmp_path: Path) -> None:
    for cells in ((LOADED,), ("print('first')", LOADED)):
        result = call(engine, tmp_path, *cells, ("len(model)", "return"))
        assert result.unwrap() == 1000
    assert result.stdout == "first\n"


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
            "left 1 threads running .Thread-1",
        ),
        ([("kept = open('file', 'w')\nm = 2", "setup"), ("m", "return")], "left open .*file"),
        (
            [
                ("import subprocess\nslow = subprocess.Popen(['sleep', '60'])\nm = 2", "setup"),
                ("m", "return"),
            ],
            "still runs",
        ),
        ([("1 / 0", "setup", "raises-exception"), ("2", "return")], "cell 1 raises ZeroDivision"),
    ],
    ids=["a parameter", "parameters", "return", "threads", "a file", "a process", "an error"],
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
    with pytest.warns(NotebookWarning, match="cell 2 raises ZeroDivisionError"):
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
    call(engine, tmp_path, KILL.format(pid=first))
    pids = [call(engine, tmp_path, LOADED, PIDS).unwrap() for _ in range(2)]
    assert len({loaded_in for loaded_in, _ in pids} | {first}) == 2


@pytest.mark.skipif(not find_library("gomp"), reason="there is no libgomp")
def test_openmp_is_named_where_it_is_the_cause(engine: Engine, tmp_path: Path) -> None:
    reason = r"left 2 threads running \(of libgomp.*\)"
    with pytest.warns(NotebookWarning, match=reason):
        assert call(engine, tmp_path, (OPENMP, "setup"), ("m", "return")).unwrap() == 2


@pytest.mark.parametrize("source", [BLAS, ARROW], ids=["blas", "arrow"])
def test_libraries_whose_threads_survive_a_fork_are_shared(
    engine: Engine, tmp_path: Path, source: str
) -> None:
    pid = "import os\nloaded_in = os.getpid()"
    cells = ((source, "setup"), (pid, "setup"), source, ("(m, loaded_in)", "return"))
    results = [call(engine, tmp_path, *cells).unwrap() for _ in range(2)]
    assert [m for m, _ in results] == [2, 2]
    assert len({loaded_in for _, loaded_in in results}) == 1


@pytest.mark.parametrize("end", ["sys.exit(0)", "%matplotlib inline\nexit()"])
def test_one_that_ends_the_notebook_ends_it_early(engine: Engine, tmp_path: Path, end: str) -> None:
    cells = ("print('before')", (f"import sys\n{end}", "setup"), ("m = 1", "setup"), "print(m)")
    with pytest.warns(NotebookWarning, match="cell 2 ends the notebook"):
        result = call(engine, tmp_path, *cells)
    assert result.unwrap() is None
    assert result.stdout == "before\n"


def test_calls_go_on_where_they_ended(engine: Engine, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "helpers.py").touch()
    go = "import os, sys, helpers\nos.chdir('elsewhere')\nsys.path.insert(0, '/nowhere')"
    look = "known = helpers\nimport helpers\n(os.getcwd(), sys.path[0], helpers is known)"
    for each in (engine, InProcessEngine()):
        place = call(each, tmp_path, (go, "setup"), (look, "return")).unwrap()
        assert place == (str(tmp_path / "elsewhere"), "/nowhere", True)


def test_a_traceback_through_them_is_that_of_an_engine_without_them(
    engine: Engine, tmp_path: Path
) -> None:
    cells = ("1", ("def f(x):\n    return 1 / x", "setup"), ("f(0)", "return"))
    shared, plain = (call(each, tmp_path, *cells) for each in (engine, InProcessEngine()))
    assert isinstance(shared, Failure)
    assert isinstance(plain, Failure)
    assert shared.error.traceback == plain.error.traceback


def test_what_they_seed_is_seeded_in_every_call(engine: Engine, tmp_path: Path) -> None:
    expected = (np.random.RandomState(0).rand(), Random(0).random())
    (tmp_path / "helpers.py").write_text(SEED)
    imported = "import helpers, random\nfrom helpers import np"
    for source in (imported, SEED):
        cells = ((source, "setup"), DRAWN)
        assert [call(engine, tmp_path, *cells).unwrap() for _ in range(2)] == [expected] * 2


def test_random_numbers_differ_though_the_setup_is_shared(engine: Engine, tmp_path: Path) -> None:
    drawn = [call(engine, tmp_path, (DRAW, "setup"), DRAWN).unwrap() for _ in range(3)]
    assert len({number for numbers in drawn for number in numbers}) == 6


@pytest.fixture
def gate(engine: Engine, tmp_path: Path) -> Iterator[Callable[[], Result]]:
    """Have a thread run a `setup` cell; give a function that lets it end, and returns its call's.

    The cell stays in the middle of its work until then.
    """
    for name in ("begun", "gate"):
        os.mkfifo(tmp_path / name)
    with ThreadPoolExecutor() as pool:
        running = pool.submit(call, engine, tmp_path, (GATED, "setup"), *ENDS)

        def open_gate() -> Result:
            if not running.done():
                (tmp_path / "gate").write_text("")
            return running.result()

        (tmp_path / "begun").read_text()
        yield open_gate
        open_gate()


def test_a_run_that_waits_for_anothers_setup_has_its_time_limit(
    engine: Engine, tmp_path: Path, gate: Callable[[], Result]
) -> None:
    request = RunRequest(
        notebook=notebook((GATED, "setup"), *ENDS), folder=str(tmp_path), timeout_s=0.1
    )
    with pytest.raises(RunTimeoutError):
        engine.run(request)
    assert gate().unwrap() == 2


def test_a_run_that_waits_for_anothers_setup_can_be_cancelled(
    engine: Engine, tmp_path: Path, gate: Callable[[], Result]
) -> None:
    token = CancelToken()
    request = RunRequest(
        notebook=notebook((GATED, "setup"), *ENDS), folder=str(tmp_path), cancel=token
    )
    with ThreadPoolExecutor() as pool:
        waiting = pool.submit(engine.run, request)
        token.cancel()
        with pytest.raises(RunCancelledError):
            waiting.result()
    assert gate().unwrap() == 2


def test_a_template_that_is_not_kept_ends_though_it_was_made_all_the_while(
    engine: Engine, tmp_path: Path, gate: Callable[[], Result]
) -> None:
    made = []
    for n in range(6):
        (source, tag), here = LOADED, ("loaded_in", "return")
        pid = call(engine, tmp_path, (f"{source}\nm = {n}", tag), here).unwrap()
        made.append(psutil.Process(pid))
    assert gate().unwrap() == 2
    assert call(engine, tmp_path, (GATED, "setup"), *ENDS).unwrap() == 2  # it is kept
    assert not await_end(made[:3])
    assert all(process.is_running() for process in made[3:])
