"""A kernel that serves one run after another: warm, with a namespace for each run."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import psutil
import pytest
from notebooks import CellText
from processes import call

from nbnodes.engines.engine import CancelToken
from nbnodes.engines.kernel import KernelEngine
from nbnodes.engines.registry import open_engine
from nbnodes.errors import EngineError, KernelDiedError, RunCancelledError
from nbnodes.result import Failure

PID: CellText = ("import os\nos.getpid()", "return")
NAMES: CellText = ("sorted(n for n in globals() if not n.startswith('_'))", "return")


@pytest.fixture(scope="module")
def engine() -> Iterator[KernelEngine]:
    with closing(KernelEngine(reuse=True)) as made:
        yield made


def test_it_has_a_name() -> None:
    with closing(open_engine("warm-kernel")) as engine:
        assert isinstance(engine, KernelEngine)
        assert engine.name == "warm-kernel"


def test_one_process_serves_all_runs(engine: KernelEngine, tmp_path: Path) -> None:
    assert len({call(engine, tmp_path, PID).unwrap() for _ in range(3)}) == 1


def test_each_run_has_a_namespace_of_its_own(engine: KernelEngine, tmp_path: Path) -> None:
    before = call(engine, tmp_path, NAMES).unwrap()
    call(
        engine, tmp_path, ("n = 1", "parameters"), "import json\ntext = 'mine'\nn", values={"n": 2}
    )
    assert call(engine, tmp_path, NAMES).unwrap() == before


@pytest.mark.parametrize("last", ["1 / 0", "exit()", "import sys\nsys.exit(3)"])
def test_however_a_run_ends_the_next_one_is_in_the_same_process(
    engine: KernelEngine, tmp_path: Path, last: str
) -> None:
    pid = call(engine, tmp_path, PID).unwrap()
    call(engine, tmp_path, "kept = 1", last, "never = 1")
    assert "kept" not in call(engine, tmp_path, NAMES).unwrap()
    assert call(engine, tmp_path, PID).unwrap() == pid


def test_what_a_notebook_changes_elsewhere_in_its_process_stays(
    engine: KernelEngine, tmp_path: Path
) -> None:
    """This is what a namespace of one's own does not give."""
    call(engine, tmp_path, "import json\njson.left_behind = 1")
    assert call(engine, tmp_path, ("import json\njson.left_behind", "return")).unwrap() == 1


def test_a_kernel_that_died_while_it_waited_is_replaced(
    engine: KernelEngine, tmp_path: Path
) -> None:
    pid = call(engine, tmp_path, PID).unwrap()
    process = psutil.Process(pid)
    process.kill()
    assert call(engine, tmp_path, PID).unwrap() != pid
    assert psutil.wait_procs([process], timeout=10)[1] == []


def test_a_kernel_that_dies_of_a_run_is_replaced(engine: KernelEngine, tmp_path: Path) -> None:
    with pytest.raises(KernelDiedError, match="cell 2"):
        call(engine, tmp_path, "1", "import os\nos._exit(7)")
    assert isinstance(call(engine, tmp_path, "1 / 0"), Failure)
    assert call(engine, tmp_path, ("1", "return")).unwrap() == 1


def test_a_run_after_a_cancelled_one_is_right(engine: KernelEngine, tmp_path: Path) -> None:
    token, begun = CancelToken(), threading.Event()

    def cancel(*_: Any) -> None:
        begun.set()
        token.cancel()

    loop = "print('begun', flush=True)\nwhile True: pass"
    with pytest.raises(RunCancelledError):
        call(engine, tmp_path, loop, ("'of the first'", "return"), cancel=token, on_output=cancel)
    assert begun.is_set()
    result = call(engine, tmp_path, "print('second')", ("2", "return"))
    assert (result.unwrap(), result.stdout) == (2, "second\n")


def test_a_run_after_one_that_ran_out_of_time_is_right(
    engine: KernelEngine, tmp_path: Path
) -> None:
    with pytest.raises(EngineError):
        call(engine, tmp_path, "while True: pass", timeout_s=2.0)
    assert call(engine, tmp_path, ("2", "return")).unwrap() == 2
