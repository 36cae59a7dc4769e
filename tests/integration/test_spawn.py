"""Spawned workers: what a fork gives, without one, and nothing is left of them.

The contract of all engines holds for `spawn` too (tests/contract). Here is what is its own: the
processes, and the branches for systems that lack what Linux has, chosen on Linux.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import psutil
import pytest
from notebooks import notebook
from processes import await_end, call, descendants, words

from nbnodes.engines.children.child_run import ChildRun
from nbnodes.engines.children.own_modules import local_names
from nbnodes.engines.children.pumped import start_pumped
from nbnodes.engines.children.spawning import Spawned
from nbnodes.engines.engine import CancelToken, RunRequest
from nbnodes.engines.environment import process_environment
from nbnodes.engines.fork import ForkEngine, SpawnEngine
from nbnodes.engines.registry import open_engine
from nbnodes.errors import NotBegunError, RunCancelledError
from nbnodes.result import Result

FIGURE = ("import matplotlib.pyplot as plt", "plt.plot([1, 2])\nNone")


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


def named(program: str, others: set[psutil.Process]) -> list[psutil.Process]:
    """Return the processes that run a program of ours."""
    return [p for p in descendants() if p not in others and program in words(p)]


def test_it_is_chosen_by_name_and_starts_one_process_where_one_run_is_all(
    others: set[psutil.Process], tmp_path: Path
) -> None:
    engine = open_engine("spawn", lasting=False)
    request = RunRequest(notebook=notebook(("import os\nos.getppid()", "return")), folder=tmp_path)
    result = engine.run(request)
    assert (result.engine, result.unwrap()) == ("spawn", os.getpid())
    assert await_end(named("spawned_side", others)) == []
    engine.close()


def test_a_killed_guard_does_not_end_the_runs(
    engine: ForkEngine, others: set[psutil.Process], tmp_path: Path
) -> None:
    call(engine, tmp_path, "1")
    (guard,) = named("guard_side", others)
    guard.kill()
    assert call(engine, tmp_path, ("1", "return")).unwrap() == 1
    engine.close()
    assert await_end([p for p in descendants() if p not in others]) == []


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
        said = r"^notebook: no cell has run, .*exit code 1; it last said.*; mend what ends"
        with pytest.raises(NotBegunError, match=said):
            call(engine, tmp_path, "1")
    assert call(engine, tmp_path, ("1", "return")).unwrap() == 1


def test_figures_are_shown_by_workers_that_imported_pyplot_while_they_waited(
    engine: ForkEngine, tmp_path: Path
) -> None:
    results = [call(engine, tmp_path, *FIGURE) for _ in range(4)]
    assert [sum("image/png" in str(o) for o in r.outputs) for r in results] == [1, 1, 1, 1]


def test_setup_cells_run_in_each_call(engine: ForkEngine, tmp_path: Path) -> None:
    cells = (("import os\nwho = os.getpid()", "setup"), ("who == os.getpid()", "return"))
    assert [call(engine, tmp_path, *cells).unwrap() for _ in range(2)] == [True, True]


@pytest.fixture
def pumped(tcp_pairs: None) -> Iterator[Callable[[RunRequest], Result | None]]:
    """Make a run in a worker that is spoken to as on Windows."""
    del tcp_pairs
    started: list[Spawned] = []

    def run(request: RunRequest) -> Result | None:
        started.append(start_pumped(process_environment(is_python=True)))
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
