"""Spawned workers: what a fork gives, without one, and nothing is left of them.

The contract of all engines holds for `spawn` too (tests/contract). Here is what is its own: the
processes, and the branches for systems that lack what Linux has, chosen on Linux.
"""

from __future__ import annotations

import os
import random
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import psutil
import pytest
from notebooks import CellText, notebook

from nbnodes.engines.children.child_run import ChildRun
from nbnodes.engines.children.own_modules import local_names
from nbnodes.engines.children.pumped import start_pumped
from nbnodes.engines.children.spawning import Spawned
from nbnodes.engines.engine import CancelToken, RunRequest
from nbnodes.engines.fork import ForkEngine, SpawnEngine
from nbnodes.engines.kernels.process import kernel_environment
from nbnodes.engines.registry import open_engine
from nbnodes.errors import EngineError, KernelDiedError, RunCancelledError, RunTimeoutError
from nbnodes.result import Result

CALLER = """\
import sys
from nbnodes.engines.engine import RunRequest
from nbnodes.engines.fork import SpawnEngine
from nbnodes.notebook.reader import read
cell = "import subprocess\\nsubprocess.Popen(['sleep', '600'])\\nwhile True: pass"
document = {"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": [
    {"cell_type": "code", "metadata": {}, "source": cell, "outputs": []}]}
SpawnEngine().run(RunRequest(notebook=read(document), folder=sys.argv[1]))
"""

USER = """\
import os, sys, threading
import psutil
from nbnodes.engines.engine import RunRequest
from nbnodes.engines.fork import SpawnEngine
from nbnodes.notebook.reader import read
document = {"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": [
    {"cell_type": "code", "metadata": {}, "source": "[0] * 1000\\n", "outputs": []}]}
request = RunRequest(notebook=read(document), folder=sys.argv[1])
before = len(os.listdir("/proc/self/fd"))
engine = SpawnEngine()
for _ in range(8):
    engine.run(request).unwrap()
engine.close()
left = psutil.Process().children(recursive=True)
print(left, threading.active_count(), before == len(os.listdir("/proc/self/fd")))
"""

FIGURE = ("import matplotlib.pyplot as plt", "plt.plot([1, 2])\nNone")


@pytest.fixture
def others() -> set[psutil.Process]:
    """Processes that other tests' engines keep."""
    return set(descendants())


@pytest.fixture
def engine(others: set[psutil.Process]) -> Iterator[ForkEngine]:
    del others
    made = ForkEngine(start="spawn")
    yield made
    made.close()


@pytest.fixture
def tcp_pairs(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make pairs of sockets as Windows makes them: their connection carries no descriptors."""

    def tcp_pair() -> tuple[socket.socket, socket.socket]:
        with socket.create_server(("127.0.0.1", 0)) as server:
            near = socket.create_connection(server.getsockname())
            return near, server.accept()[0]

    monkeypatch.setattr(socket, "socketpair", tcp_pair)


def call(engine: ForkEngine, folder: Path, *cells: CellText, **options: object) -> Result:
    request = RunRequest(notebook=notebook(*cells), folder=str(folder), **options)  # type: ignore[arg-type]
    return engine.run(request)


def descendants() -> list[psutil.Process]:
    return psutil.Process().children(recursive=True)


def named(program: str, others: set[psutil.Process]) -> list[psutil.Process]:
    """Return the processes that run a program of ours."""
    ours = [p for p in descendants() if p not in others]
    return [p for p in ours if p.is_running() and program in " ".join(p.cmdline())]


def await_end(processes: list[psutil.Process]) -> list[psutil.Process]:
    """Return those that are still alive after they had their time to end."""
    return psutil.wait_procs(processes, timeout=10)[1]


def test_nothing_is_left_when_it_is_closed(tmp_path: Path) -> None:
    words = [sys.executable, "-c", USER, str(tmp_path)]
    assert subprocess.run(words, check=True, capture_output=True).stdout == b"[] 1 True\n"


def test_it_runs_again_after_it_was_closed(engine: ForkEngine, tmp_path: Path) -> None:
    engine.close()
    assert call(engine, tmp_path, ("1", "return")).unwrap() == 1


def test_it_is_chosen_by_name_and_starts_one_process_where_one_run_is_all(
    others: set[psutil.Process], tmp_path: Path
) -> None:
    engine = open_engine("spawn", lasting=False)
    request = RunRequest(notebook=notebook(("import os\nos.getppid()", "return")), folder=tmp_path)
    result = engine.run(request)
    assert (result.engine, result.unwrap()) == ("spawn", os.getpid())
    assert await_end(named("spawned_side", others)) == []
    engine.close()


def test_no_process_outlives_a_caller_that_is_killed(tmp_path: Path) -> None:
    caller = subprocess.Popen([sys.executable, "-c", CALLER, str(tmp_path)])
    process = psutil.Process(caller.pid)
    family: list[psutil.Process] = []
    while not any(p.name() == "sleep" for p in family) and caller.poll() is None:
        family = process.children(recursive=True)
    caller.kill()
    caller.wait()
    assert len(family) >= 4  # the guard, two workers, and what the notebook has started
    assert await_end(family) == []


def test_a_killed_guard_does_not_end_the_runs(
    engine: ForkEngine, others: set[psutil.Process], tmp_path: Path
) -> None:
    call(engine, tmp_path, "1")
    (guard,) = named("guard_side", others)
    guard.kill()
    assert call(engine, tmp_path, ("1", "return")).unwrap() == 1
    engine.close()
    assert await_end([p for p in descendants() if p not in others]) == []


def test_a_worker_that_is_killed_is_an_error_and_the_next_run_is_not(
    engine: ForkEngine, tmp_path: Path
) -> None:
    suicide = "import os, signal\nos.kill(os.getpid(), signal.SIGKILL)"
    with pytest.raises(KernelDiedError, match=r"cell 2.*SIGKILL"):
        call(engine, tmp_path, "1", suicide)
    assert call(engine, tmp_path, ("1", "return")).unwrap() == 1


def test_death_is_seen_though_a_process_of_the_notebooks_keeps_the_connection(
    engine: ForkEngine, tmp_path: Path
) -> None:
    cell = "import os, time\nif not os.fork(): time.sleep(600)\nos._exit(3)"
    with pytest.raises(KernelDiedError, match="exit code 3"):
        call(engine, tmp_path, cell, timeout_s=60.0)


def test_spares_that_are_killed_are_replaced(
    engine: ForkEngine, others: set[psutil.Process], tmp_path: Path
) -> None:
    call(engine, tmp_path, "1")
    waiting = named("spawned_side", others)
    for spare in waiting:
        spare.kill()
    await_end(waiting)
    assert call(engine, tmp_path, ("1", "return")).unwrap() == 1


def test_an_interpreter_that_cannot_start_is_an_error_with_its_last_words(
    engine: ForkEngine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as broken:
        broken.setenv("PYTHONHOME", "/nowhere")
        with pytest.raises(KernelDiedError, match=r"exit code 1; it last said"):
            call(engine, tmp_path, "1")
    assert call(engine, tmp_path, ("1", "return")).unwrap() == 1


def test_a_changed_environment_reaches_the_next_run(
    engine: ForkEngine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cells = ("import os", ("os.environ.get('GIVEN')", "return"))
    assert call(engine, tmp_path, *cells).unwrap() is None
    monkeypatch.setenv("GIVEN", "yes")
    assert call(engine, tmp_path, *cells).unwrap() == "yes"


def test_a_module_beside_the_notebook_hides_an_installed_one(
    engine: ForkEngine, tmp_path: Path
) -> None:
    (tmp_path / "there").mkdir()
    (tmp_path / "there" / "colorsys.py").write_text("MINE = 1")
    cells = ("import colorsys", ("getattr(colorsys, 'MINE', None)", "return"))
    folders = (tmp_path, tmp_path / "there", tmp_path)
    seen = [call(engine, folder, *cells).unwrap() for folder in folders]
    assert seen == [None, 1, None]


def test_what_a_run_imports_is_imported_while_the_next_worker_waits(
    engine: ForkEngine, tmp_path: Path
) -> None:
    name = "colorsys"  # so that its import cannot be read from the code
    importing = f"import sys\nbefore = {name!r} in sys.modules\n__import__('{name}')"
    seen = [call(engine, tmp_path, importing, ("before", "return")).unwrap() for _ in range(6)]
    assert seen[0] is False
    assert seen[-1] is True


def test_figures_are_shown_by_workers_that_imported_pyplot_while_they_waited(
    engine: ForkEngine, tmp_path: Path
) -> None:
    results = [call(engine, tmp_path, *FIGURE) for _ in range(4)]
    assert [sum("image/png" in str(o) for o in r.outputs) for r in results] == [1, 1, 1, 1]


def test_setup_cells_run_in_each_call(engine: ForkEngine, tmp_path: Path) -> None:
    cells = (("import os\nwho = os.getpid()", "setup"), ("who == os.getpid()", "return"))
    assert [call(engine, tmp_path, *cells).unwrap() for _ in range(2)] == [True, True]


def test_what_is_written_past_python_is_captured(
    engine: ForkEngine, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    source = "import os, sys\nos.write(1, b'out')\nos.write(2, 'ü'.encode())\nos.system('echo sh')"
    result = call(engine, tmp_path, source)
    assert (result.stdout, result.stderr) == ("outsh\n", "ü")
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("lacking", [(), ("memfd_create", "eventfd", "waitid")])
def test_large_values_cross_whole_and_can_be_changed(
    engine: ForkEngine, lacking: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in lacking:
        monkeypatch.delattr(os, name)
    given = np.arange(4e6)
    cells = (("a = None", "parameters"), "a += 1", ("[a, a[:3].copy(), a[::2].copy()]", "return"))
    one, two, three = call(engine, tmp_path, *cells, values={"a": given}).unwrap()
    one += 1
    assert (given[-1], one[-1], list(two), len(three)) == (4e6 - 1, 4e6 + 1, [1, 2, 3], 2e6)


@pytest.mark.parametrize("lacking", [(), ("eventfd", "waitid")])
def test_a_cell_that_does_not_want_to_stop_is_stopped(
    engine: ForkEngine, lacking: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in lacking:
        monkeypatch.delattr(os, name)
    stubborn = "while True:\n    try:\n        while True: pass\n    except BaseException: pass"
    cancel = CancelToken()
    with pytest.raises(RunCancelledError, match="cell 2"):
        call(
            engine,
            tmp_path,
            "print('up')",
            stubborn,
            cancel=cancel,
            on_progress=lambda _: cancel.cancel(),
        )
    with pytest.raises(RunTimeoutError, match="cell 1"):
        call(engine, tmp_path, stubborn, cell_timeout_s=0.2)
    assert call(engine, tmp_path, ("1", "return")).unwrap() == 1


def test_ctrl_c_in_the_terminal_is_not_the_workers(engine: ForkEngine, tmp_path: Path) -> None:
    group, pid = call(
        engine, tmp_path, ("import os\n(os.getpgrp(), os.getpid())", "return")
    ).unwrap()
    assert group == pid != os.getpgrp()


def test_many_calls_with_accidents_all_end_truly(
    engine: ForkEngine, others: set[psutil.Process], tmp_path: Path
) -> None:
    chance = random.Random(7)
    cell = "import os, time\nif n % 5 == 1: os._exit(3)\nif n % 5 in (2, 3): time.sleep(60)"
    cells = notebook(("n = 0", "parameters"), cell, ("n", "return"))

    def one(n: int) -> object:
        cancel = CancelToken()
        if n % 5 == 2:
            threading.Timer(chance.random(), cancel.cancel).start()
        limit = {"timeout_s": 0.5} if n % 5 == 3 else {"timeout_s": 60.0}
        request = RunRequest(
            notebook=cells, values={"n": n}, folder=str(tmp_path), cancel=cancel, **limit
        )
        try:
            return engine.run(request).unwrap()
        except EngineError as error:
            return type(error)

    ends = {1: KernelDiedError, 2: RunCancelledError, 3: RunTimeoutError}
    with ThreadPoolExecutor(4) as pool:
        outcomes = list(pool.map(one, range(40)))
    assert outcomes == [ends.get(n % 5, n) for n in range(40)]
    engine.close()
    assert await_end([p for p in descendants() if p not in others]) == []


def test_closing_it_ends_the_runs_that_go_on(engine: ForkEngine, tmp_path: Path) -> None:
    begun = threading.Event()
    cells = ("print('up')", "while True: pass")

    def one() -> Result:
        return call(engine, tmp_path, *cells, on_progress=lambda _: begun.set())

    with ThreadPoolExecutor(1) as pool:
        run = pool.submit(one)
        assert begun.wait(60)
        engine.close()
        with pytest.raises(KernelDiedError, match="cell 2"):
            run.result(60)


@pytest.fixture
def pumped(tcp_pairs: None) -> Iterator[Callable[[RunRequest], Result | None]]:
    """Make a run in a worker that is spoken to as on Windows."""
    del tcp_pairs
    started: list[Spawned] = []

    def run(request: RunRequest) -> Result | None:
        started.append(start_pumped(kernel_environment(is_python=True)))
        return ChildRun(request, started[-1], local_names(request.folder)).result()

    yield run
    for child in started:
        child.close()
        child.kill()
        child.reap()


def test_without_descriptors_large_values_travel_in_the_messages(
    pumped: Callable[[RunRequest], Result | None], tmp_path: Path
) -> None:
    cells = (("a = None", "parameters"), "a += 1\nprint('up')", ("[a, a[:3].copy()]", "return"))
    values = {"a": np.arange(1e6)}
    request = RunRequest(notebook=notebook(*cells), values=values, folder=str(tmp_path))
    result = pumped(request)
    assert result
    one, two = result.unwrap()
    one += 1
    assert (one[-1], list(two), result.stdout) == (1e6 + 1, [1, 2, 3], "up\n")


def test_without_descriptors_what_is_written_past_python_is_seen_and_a_run_can_be_stopped(
    pumped: Callable[[RunRequest], Result | None], tmp_path: Path
) -> None:
    cancel = CancelToken()
    seen: list[object] = []

    def on_output(_cell: object, _kind: str, content: object) -> None:
        seen.append(content)
        cancel.cancel()

    cells = notebook("import os\nos.write(1, b'past')\nwhile True: pass")
    request = RunRequest(
        notebook=cells, folder=str(tmp_path), cancel=cancel, on_output=on_output, timeout_s=60.0
    )
    with pytest.raises(RunCancelledError):
        pumped(request)
    assert seen[0] == {"name": "stdout", "text": "past"}


def test_the_engine_of_that_name_is_the_fork_engine_that_spawns() -> None:
    assert isinstance(open_engine("spawn"), SpawnEngine)
