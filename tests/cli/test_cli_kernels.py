"""`nbnodes kernels`: what is running is listed, and stops when asked to."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import psutil
import pytest
from commandline import nbnodes
from notebooks import CellText, notebook

from nbnodes.engines.engine import RunRequest
from nbnodes.engines.kernel import KernelEngine
from nbnodes.errors import KernelDiedError

ENOUGH_S = 60.0
PID: CellText = ("import os\nos.getpid()", "return")
CALLER = """\
import sys
from nbnodes.engines.engine import RunRequest
from nbnodes.engines.kernel import KernelEngine
from nbnodes.notebook.reader import read
document = {"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": [
    {"cell_type": "code", "metadata": {}, "source": "while True: pass", "outputs": []}]}
KernelEngine().run(RunRequest(notebook=read(document), folder=sys.argv[1]))
"""


@pytest.fixture(autouse=True)
def folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Have kernels of these tests be all that is found."""
    made = tmp_path / "folders"
    made.mkdir()
    monkeypatch.setenv("TMPDIR", str(made))
    monkeypatch.setattr("tempfile.tempdir", str(made))
    return made


@pytest.fixture
def engine() -> Iterator[KernelEngine]:
    with closing(KernelEngine()) as made:
        yield made


def call(engine: KernelEngine, folder: Path, *cells: CellText) -> Any:
    return engine.run(RunRequest(notebook=notebook(*cells), folder=str(folder))).unwrap()


def listed() -> list[dict[str, Any]]:
    """Return what `nbnodes kernels --json` says."""
    ended = nbnodes("kernels", "--json")
    assert ended.code == 0, ended.err
    return [json.loads(line) for line in ended.out.splitlines()]


def spare_of(engine: KernelEngine) -> int:
    assert engine.pool.await_waiting(1, ENOUGH_S)
    (pid,) = engine.pool.waiting_pids
    return pid


def test_where_nothing_runs_nothing_is_listed() -> None:
    assert nbnodes("kernels").outcome == (0, "")


def test_a_kernel_that_waits_is_ready(engine: KernelEngine, tmp_path: Path) -> None:
    call(engine, tmp_path, "1")
    pid = spare_of(engine)
    (kernel,) = listed()
    assert kernel["started_at"] <= kernel["since"]
    known = {name: kernel[name] for name in ("pid", "kernel", "state", "notebook", "caller")}
    assert known == {
        "pid": pid,
        "kernel": "python3",
        "state": "ready",
        "notebook": None,
        "caller": os.getpid(),
    }
    line = nbnodes("kernels").out
    assert line.split()[:3] == [str(pid), "python3", "ready"]
    assert line.split()[-2:] == ["for", str(os.getpid())]


def test_a_kernel_that_runs_names_its_notebook(tmp_path: Path) -> None:
    words = [sys.executable, "-m", "nbnodes", "kernels", "--json"]
    look = f"import subprocess\nsubprocess.check_output({words!r}, text=True)"
    with closing(KernelEngine(spares=0)) as engine:
        (kernel,) = map(json.loads, call(engine, tmp_path, (look, "return")).splitlines())
    assert (kernel["state"], kernel["notebook"]) == ("running", "notebook")


def test_a_kernel_that_is_used_again_is_warm_between_two_runs(tmp_path: Path) -> None:
    with closing(KernelEngine(reuse=True)) as engine:
        pid = call(engine, tmp_path, PID)
        assert [(kernel["pid"], kernel["state"]) for kernel in listed()] == [(pid, "warm")]


def test_a_kernel_is_stopped_by_its_pid_and_the_next_run_has_another(
    engine: KernelEngine, tmp_path: Path
) -> None:
    call(engine, tmp_path, "1")
    pid = spare_of(engine)
    assert nbnodes("kernels", "stop", str(pid)).outcome == (0, "kernels stopped: 1\n")
    assert call(engine, tmp_path, PID) != pid


def test_a_notebook_whose_kernel_is_stopped_fails_with_an_error(tmp_path: Path) -> None:
    stop = [sys.executable, "-m", "nbnodes", "kernels", "stop", "--all"]
    cell = f"import subprocess\nsubprocess.run({stop!r}, start_new_session=True)"
    with (
        closing(KernelEngine(spares=0)) as engine,
        pytest.raises(KernelDiedError, match=r"cell 2.*SIGKILL"),
    ):
        call(engine, tmp_path, "1", cell)


def test_all_are_stopped(engine: KernelEngine, tmp_path: Path) -> None:
    call(engine, tmp_path, "1")
    spare = psutil.Process(spare_of(engine))
    assert nbnodes("kernels", "stop", "--all").outcome == (0, "kernels stopped: 1\n")
    assert psutil.wait_procs([spare], timeout=10)[1] == []
    assert nbnodes("kernels", "stop", "--all").outcome == (0, "kernels stopped: 0\n")


def test_what_is_no_kernel_of_ours_is_refused_and_nothing_is_stopped(
    engine: KernelEngine, tmp_path: Path
) -> None:
    call(engine, tmp_path, "1")
    pid = spare_of(engine)
    ended = nbnodes("kernels", "stop", str(pid), "1", str(os.getpid()))
    assert (ended.code, ended.out) == (2, "")
    assert f"1, {os.getpid()}: no kernel of yours" in ended.err
    assert "nbnodes kernels" in ended.err
    assert [kernel["pid"] for kernel in listed()] == [pid]


@pytest.mark.parametrize("words", [[], ["--all", "1"]])
def test_it_must_be_said_what_to_stop(words: list[str]) -> None:
    ended = nbnodes("kernels", "stop", *words)
    assert (ended.code, "PIDs, or --all" in ended.err) == (2, True)


def test_a_number_that_is_another_processs_by_now_is_no_kernel(
    engine: KernelEngine, tmp_path: Path, folders: Path
) -> None:
    call(engine, tmp_path, "1")
    spare_of(engine)
    (path,) = folders.glob("*/record.json")
    record = json.loads(path.read_text())
    path.write_text(json.dumps(record | {"pid": os.getpid()}))
    assert listed() == []
    assert nbnodes("kernels", "stop", str(os.getpid())).code == 2


def test_a_folder_that_others_may_write_to_tells_nothing(
    engine: KernelEngine, tmp_path: Path, folders: Path
) -> None:
    call(engine, tmp_path, "1")
    spare_of(engine)
    (path,) = folders.glob("*/record.json")
    path.parent.chmod(0o777)
    assert listed() == []


def test_an_orphan_is_told_as_such_and_goes_with_its_folder(tmp_path: Path, folders: Path) -> None:
    """Its caller and its guard are killed, and it is stopped so that it does not see that."""
    caller = subprocess.Popen([sys.executable, "-c", CALLER, str(tmp_path)])
    while not (found := [k for k in listed() if k["state"] == "running"]):
        assert caller.poll() is None
    (kernel,) = found
    process = psutil.Process(kernel["pid"])
    process.suspend()
    guards = [p for p in psutil.Process(caller.pid).children() if p.pid != kernel["pid"]]
    for guard in guards:
        guard.kill()
    psutil.wait_procs(guards, timeout=10)
    os.kill(caller.pid, signal.SIGKILL)
    caller.wait()
    assert [(k["pid"], k["state"]) for k in listed()] == [(kernel["pid"], "orphan")]
    assert nbnodes("kernels", "stop", str(kernel["pid"])).code == 0
    assert psutil.wait_procs([process], timeout=10)[1] == []
    assert list(folders.glob("nbnodes-*")) == []


def test_what_a_kernel_and_its_caller_left_behind_is_removed(
    engine: KernelEngine, tmp_path: Path, folders: Path
) -> None:
    call(engine, tmp_path, "1")
    spare_of(engine)
    (path,) = folders.glob("*/record.json")
    left = folders / "nbnodes-left"
    left.mkdir(mode=0o700)
    record = json.loads(path.read_text())
    (left / "record.json").write_text(json.dumps(record | {"born": "0", "caller_born": "0"}))
    ended = nbnodes("kernels")
    assert (len(ended.out.splitlines()), left.exists(), path.exists()) == (1, False, True)
    assert "folders of ended kernels, removed: 1" in ended.err
