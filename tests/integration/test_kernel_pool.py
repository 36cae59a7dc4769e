"""The kernel engine's pool: kernels are ready before they are asked for, and none is left over.

What calls that succeed or fail leave behind is counted in test_leaks.py.
"""

from __future__ import annotations

import json
import logging
import os
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest
from notebooks import CellText, notebook
from processes import await_end, call, family_of_killed_caller

from nbnodes.engines.engine import CancelToken, RunRequest
from nbnodes.engines.kernel import KernelEngine
from nbnodes.errors import NotBegunError, RunCancelledError, RunTimeoutError
from nbnodes.notebook.document import Cell
from nbnodes.result import Result

PID: CellText = ("import os\nos.getpid()", "return")
ENOUGH_S = 60.0


class WatchedToken(CancelToken):
    """Tells when somebody waits for it: a run that waits for room, or one that runs."""

    def __init__(self) -> None:
        super().__init__()
        self.is_awaited = threading.Event()

    def on_cancel(self, callback: Callable[[], None]) -> None:
        super().on_cancel(callback)
        self.is_awaited.set()


@pytest.fixture
def engine() -> Iterator[KernelEngine]:
    with closing(KernelEngine()) as made:
        yield made


@pytest.fixture
def full(tmp_path: Path) -> Iterator[tuple[KernelEngine, Callable[[], Result]]]:
    """Make an engine that may have one kernel, which is taken; and what ends its run."""
    gate = tmp_path / "gate"
    os.mkfifo(gate)
    begun = threading.Event()

    def tell(*_: Any) -> None:
        begun.set()

    with closing(KernelEngine(limit=1)) as engine, ThreadPoolExecutor(1) as pool:
        cells = "print('begun', flush=True)", (f"open({str(gate)!r}).read()", "return")
        running = pool.submit(call, engine, tmp_path, *cells, on_output=tell)

        def end() -> Result:
            if not running.done():
                gate.write_text("through")
            return running.result()

        assert begun.wait(ENOUGH_S)
        try:
            yield engine, end
        finally:
            end()


def spare_of(engine: KernelEngine) -> psutil.Process:
    """Return the kernel that waits for the next run."""
    assert engine.pool.await_waiting(1, ENOUGH_S)
    (pid,) = engine.pool.waiting_pids
    return psutil.Process(pid)


def write_kernelspec(folder: Path, name: str) -> Path:
    """Have this interpreter be a kernel of that name."""
    path = folder / "kernels" / name / "kernel.json"
    path.parent.mkdir(parents=True)
    argv = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    path.write_text(json.dumps({"argv": argv, "display_name": name, "language": "python"}))
    return path


@contextmanager
def logged(name: str) -> Iterator[tuple[list[logging.LogRecord], threading.Event]]:
    """Collect what is logged under a name in a block; the event tells that something was."""
    records: list[logging.LogRecord] = []
    is_logged = threading.Event()

    class Collector(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            records.append(record)
            is_logged.set()

    collector = Collector()
    logging.getLogger(name).addHandler(collector)
    try:
        yield records, is_logged
    finally:
        logging.getLogger(name).removeHandler(collector)


def test_the_next_run_has_the_kernel_that_was_ready(engine: KernelEngine, tmp_path: Path) -> None:
    call(engine, tmp_path, "1")
    spare = spare_of(engine)
    assert call(engine, tmp_path, PID).unwrap() == spare.pid
    assert spare_of(engine) != spare


def test_a_spare_that_is_killed_is_replaced(engine: KernelEngine, tmp_path: Path) -> None:
    call(engine, tmp_path, "1")
    spare = spare_of(engine)
    spare.kill()
    assert call(engine, tmp_path, PID).unwrap() != spare.pid
    assert await_end([spare]) == []


def test_a_spare_that_nobody_asks_for_is_ended(tmp_path: Path) -> None:
    with closing(KernelEngine(idle_s=2.0)) as engine:
        call(engine, tmp_path, "1")
        assert await_end([spare_of(engine)]) == []
        assert engine.pool.waiting_pids == ()


def test_a_changed_environment_gives_a_new_kernel(
    engine: KernelEngine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    call(engine, tmp_path, "1")
    spare = spare_of(engine)
    monkeypatch.setenv("GREETING", "hello")
    cell = ("import os\nos.getpid(), os.environ['GREETING']", "return")
    pid, greeting = call(engine, tmp_path, cell).unwrap()
    assert (pid == spare.pid, greeting) == (False, "hello")
    assert await_end([spare]) == []


def test_a_run_waits_while_there_are_as_many_kernels_as_may_be(
    full: tuple[KernelEngine, Callable[[], Result]], tmp_path: Path
) -> None:
    engine, end = full
    token = WatchedToken()
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(call, engine, tmp_path, ("2", "return"), cancel=token)
        assert token.is_awaited.wait(ENOUGH_S)
        assert not waiting.done()
        assert end().unwrap() == "through"
        assert waiting.result().unwrap() == 2


def test_a_run_that_waits_can_be_cancelled(
    full: tuple[KernelEngine, Callable[[], Result]], tmp_path: Path
) -> None:
    token = WatchedToken()
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(call, full[0], tmp_path, "2", cancel=token)
        assert token.is_awaited.wait(ENOUGH_S)
        token.cancel()
        with pytest.raises(RunCancelledError):
            waiting.result()


def test_a_run_that_waits_can_run_out_of_time(
    full: tuple[KernelEngine, Callable[[], Result]], tmp_path: Path
) -> None:
    with pytest.raises(RunTimeoutError):
        call(full[0], tmp_path, "2", timeout_s=0.05)


@pytest.mark.parametrize("broken", ["os.remove(spec)", "open(spec, 'w').write('{')"])
def test_a_spare_that_cannot_start_is_logged_and_the_others_come_all_the_same(
    broken: str,
    engine: KernelEngine,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    """The notebook breaks its own kernelspec, so that its spare cannot start."""
    spec = write_kernelspec(tmp_path / "jupyter", "fragile")
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path / "jupyter"))
    cells = notebook(f"import os\nspec = {str(spec)!r}\n{broken}", kernel="fragile")
    with logged("nbnodes.engines.kernels.pool") as (records, is_logged):
        engine.run(RunRequest(notebook=cells, folder=str(tmp_path)))
        assert is_logged.wait(ENOUGH_S)
        call(engine, tmp_path, "1")
        spare_of(engine)
    assert [record.getMessage() for record in records] == ["no kernel 'fragile' can be kept ready"]
    assert capfd.readouterr() == ("", "")


def test_a_kernel_that_cannot_start_is_told_with_the_notebook_and_what_to_do(
    engine: KernelEngine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONHOME", "/nowhere")
    said = r"^notebook: the kernel 'python3' ended with exit code 1; .*jupyter console --kernel"
    with pytest.raises(NotBegunError, match=said):
        call(engine, tmp_path, "1")


def test_closing_it_leaves_no_kernel_that_waits_or_is_about_to(tmp_path: Path) -> None:
    others = set(psutil.Process().children())
    engine = KernelEngine(spares=3)
    call(engine, tmp_path, "1")
    spare_of_three = engine.pool.await_waiting(1, ENOUGH_S)
    engine.close()
    left = [process for process in psutil.Process().children() if process not in others]
    assert (spare_of_three, left, engine.pool.waiting_pids) == (True, [], ())


def test_it_runs_again_after_it_was_closed(engine: KernelEngine, tmp_path: Path) -> None:
    engine.close()
    others = set(psutil.Process().children())
    assert call(engine, tmp_path, ("1", "return")).unwrap() == 1
    engine.close()
    assert set(psutil.Process().children()) <= others


def test_nothing_outlives_a_caller_that_is_killed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folders = tmp_path / "folders"
    folders.mkdir()
    monkeypatch.setenv("TMPDIR", str(folders))
    family = family_of_killed_caller(KernelEngine, tmp_path)
    assert len(family) >= 3  # the guard, the kernel, and what the notebook has started
    assert await_end(family) == []
    assert list(folders.glob("nbnodes-*")) == []


def test_all_cells_are_sent_at_once(engine: KernelEngine, tmp_path: Path) -> None:
    """The last cell runs while the caller is still busy with what the first one has shown."""
    gate = tmp_path / "gate"
    os.mkfifo(gate)
    arrived = []

    def await_last(cell: Cell, *_: Any) -> None:
        if cell.index == 0 and not arrived:
            arrived.append(gate.read_text())

    cells = "print('first')", "passed = 2", "passed += 3", f"open({str(gate)!r}, 'w').write('last')"
    call(engine, tmp_path, *cells, on_output=await_last)
    assert arrived == ["last"]


def test_large_arrays_cross_whole_and_can_be_changed(engine: KernelEngine, tmp_path: Path) -> None:
    sent = np.arange(5_000_000, dtype=np.float64)
    cells = ("table = None", "parameters"), "table[0] = 7", ("table", "return")
    returned = call(engine, tmp_path, *cells, values={"table": sent}).unwrap()
    assert (sent[0], returned[0]) == (0, 7)
    assert np.array_equal(returned[1:], sent[1:])
    returned[:] = 1
    assert returned.sum() == returned.size
