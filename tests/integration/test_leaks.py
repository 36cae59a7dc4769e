"""Many calls leave no process, thread or file descriptor behind."""

from __future__ import annotations

import gc
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import psutil
import pytest
from notebooks import notebook

from nbnodes.engines.engine import CancelToken, Engine, RunRequest
from nbnodes.engines.registry import open_engine
from nbnodes.errors import EngineError, RunCancelledError

TOTAL = (
    ("n = 1", "parameters"),
    "import asyncio\nawait asyncio.sleep(0)\nprint(n)",
    ("n * 2", "return"),
)
BUSY = (
    "while True:\n    pass",
    "import subprocess\nsubprocess.run(['sleep', '600'])",
)
CALLS = {"fork": 100, "inprocess": 200, "kernel": 25, "papermill": 8, "spawn": 10}
SPARE_FDS = 2


@dataclass(frozen=True, kw_only=True)
class Held:
    """What this process holds."""

    children: frozenset[int]
    threads: frozenset[str]
    fd_count: int
    folders: frozenset[str]


@pytest.mark.parametrize(("name", "calls"), CALLS.items())
def test_nothing_is_left_behind_by_calls_that_succeed(
    name: str, calls: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    before = held_after_a_call(name, tmp_path)
    engine = open_engine(name)
    for n in range(calls):
        call(engine, tmp_path, n)
    engine.close()
    assert_same(before, held(tmp_path))


@pytest.mark.parametrize("name", CALLS)
def test_nothing_is_left_behind_by_runs_that_end_badly(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    before = held_after_a_call(name, tmp_path)
    engine = open_engine(name)
    fail(engine, tmp_path, "1 / 0")
    fail(engine, tmp_path, "while True:\n    pass", timeout_s=1.0)
    if name != "inprocess":
        fail(engine, tmp_path, "import os\nos._exit(7)")
    engine.close()
    assert_same(before, held(tmp_path))


@pytest.mark.parametrize("name", CALLS)
def test_nothing_is_left_behind_by_runs_that_are_cancelled(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    before = held_after_a_call(name, tmp_path)
    engine = open_engine(name)
    for cell in BUSY if name != "inprocess" else BUSY[:1]:
        token = CancelToken()
        request = RunRequest(
            notebook=notebook(f"print('begun', flush=True)\n{cell}"),
            folder=str(tmp_path),
            cancel=token,
            on_output=lambda *_, token=token: token.cancel(),
        )
        with pytest.raises(RunCancelledError):
            engine.run(request)
    engine.close()
    assert_same(before, held(tmp_path))


@pytest.mark.parametrize("name", [name for name in CALLS if name != "inprocess"])
def test_a_program_that_a_notebook_started_ends_with_its_kernel(name: str, tmp_path: Path) -> None:
    start = "import subprocess\nstarted = subprocess.Popen(['sleep', '600'])"
    cells = notebook(start, ("started.pid", "return"))
    pid = open_engine(name).run(RunRequest(notebook=cells, folder=str(tmp_path))).unwrap()
    with suppress(psutil.NoSuchProcess):
        gone_or_waiting = psutil.Process(pid)
        psutil.wait_procs([gone_or_waiting], timeout=10)
        assert gone_or_waiting.status() == psutil.STATUS_ZOMBIE


@pytest.mark.parametrize("name", ["kernel", "warm-kernel"])
def test_a_thread_that_ends_leaves_no_descriptor(name: str, tmp_path: Path) -> None:
    """Nor does it leave any to a collection of garbage, which may come too late."""
    engine = open_engine(name)
    held_after_a_call(name, tmp_path)
    gc.collect()
    before = psutil.Process().num_fds()
    gc.disable()
    try:
        for n in range(4):
            with ThreadPoolExecutor(4) as pool:
                list(pool.map(partial(call, engine, tmp_path), [n] * 4))
        engine.close()
        assert psutil.Process().num_fds() <= before + SPARE_FDS
    finally:
        gc.enable()


def held_after_a_call(name: str, folder: Path) -> Held:
    """Return what is held once a first run has imported what it needs."""
    engine = open_engine(name)
    call(engine, folder, 0)
    engine.close()
    return held(folder)


def call(engine: Engine, folder: Path, n: int) -> None:
    request = RunRequest(notebook=notebook(*TOTAL), values={"n": n}, folder=str(folder))
    result = engine.run(request)
    assert (result.unwrap(), result.stdout) == (n * 2, f"{n}\n")


def fail(engine: Engine, folder: Path, source: str, timeout_s: float = 60.0) -> None:
    """Run what ends in a Failure or an EngineError."""
    request = RunRequest(notebook=notebook(source), folder=str(folder), timeout_s=timeout_s)
    try:
        engine.run(request)
    except EngineError:
        return


def held(folder: Path) -> Held:
    process = psutil.Process()
    return Held(
        children=frozenset(child.pid for child in process.children(recursive=True)),
        threads=frozenset(thread.name for thread in threading.enumerate()),
        fd_count=process.num_fds(),
        folders=frozenset(path.name for path in folder.iterdir()),
    )


def assert_same(before: Held, after: Held) -> None:
    assert after.children == before.children
    assert after.threads == before.threads
    assert after.folders == before.folders
    assert after.fd_count <= before.fd_count + SPARE_FDS
