"""Nothing that a notebook starts outlives its run, however it left it and whoever is killed.

Each run starts a process that holds a pipe of ours: it has ended when the pipe has.
"""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeAlias

import psutil
import pytest
from notebooks import CellText, document
from processes import call

from nbnodes.engines.engine import Engine
from nbnodes.engines.registry import open_engine
from nbnodes.errors import KernelDiedError

ENGINES = ["fork", "spawn", "kernel"]
WAYS = [*ENGINES, "nbnodes run"]

# how a notebook starts what waits for ever
STARTS = {
    "group": "subprocess.Popen(['sleep', '600'], stdout=held)",
    "session": "subprocess.Popen(['sleep', '600'], stdout=held, start_new_session=True)",
    "fork": "if not os.fork():\n    os.setsid()\n    while True: signal.pause()",
    "daemon": """\
if not os.fork():
    os.setsid()
    if not os.fork():
        while True: signal.pause()
    os._exit(0)
os.wait()""",
}
CALLER = """\
import json, sys
from nbnodes.engines.engine import RunRequest
from nbnodes.engines.registry import open_engine
from nbnodes.notebook.reader import read
notebook = read(json.loads(sys.argv[2]))
open_engine(sys.argv[1]).run(RunRequest(notebook=notebook, folder=sys.argv[3]))
"""

Cells: TypeAlias = tuple[CellText, ...]


class Held:
    """A pipe that processes of notebooks hold open."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / "held"
        os.mkfifo(self._path)
        self._end = os.open(self._path, os.O_RDONLY | os.O_NONBLOCK)

    def cells(self, start: str, *after: CellText) -> Cells:
        """Return the cells of a notebook that starts a process that holds it."""
        opened = f"import os, signal, subprocess\nheld = os.open({str(self._path)!r}, os.O_WRONLY)"
        return (
            f"{opened}\n{STARTS[start]}\nos.write(held, b'1')\nos.set_inheritable(held, False)"
        ), *after

    def await_held(self) -> None:
        """Wait until a process holds it."""
        select.select([self._end], [], [], 60)
        assert os.read(self._end, 1) == b"1"

    def await_end(self) -> bool:
        """Wait until nobody does; return whether that is so."""
        poll = select.poll()
        poll.register(self._end, 0)
        return bool(poll.poll(10_000))

    def close(self) -> None:
        os.close(self._end)


@pytest.fixture
def held(tmp_path: Path) -> Iterator[Held]:
    made = Held(tmp_path)
    yield made
    made.close()


@pytest.fixture(params=ENGINES)
def engine(request: pytest.FixtureRequest, others: set[psutil.Process]) -> Iterator[Engine]:
    del others
    made = open_engine(request.param)
    yield made
    made.close()


def command(folder: Path, *cells: CellText) -> list[str]:
    """Return the words that run a notebook."""
    path = folder / "notebook.ipynb"
    path.write_text(json.dumps(document(*cells)))
    return [sys.executable, "-m", "nbnodes", "run", str(path), "--no-cache"]


def caller(way: str, folder: Path, *cells: CellText) -> subprocess.Popen[bytes]:
    """Start a program that runs a notebook."""
    words = [sys.executable, "-c", CALLER, way, json.dumps(document(*cells)), str(folder)]
    words = command(folder, *cells) if way == "nbnodes run" else words
    return subprocess.Popen(words, stderr=subprocess.DEVNULL)


@pytest.mark.parametrize("start", STARTS)
def test_nothing_outlives_its_run(engine: Engine, start: str, held: Held, tmp_path: Path) -> None:
    assert call(engine, tmp_path, *held.cells(start, ("1", "return"))).unwrap() == 1
    held.await_held()
    assert held.await_end()


@pytest.mark.parametrize("start", STARTS)
def test_a_death_is_seen_and_ends_what_lives_on(
    engine: Engine, start: str, held: Held, tmp_path: Path
) -> None:
    with pytest.raises(KernelDiedError, match="with exit code 7"):
        call(engine, tmp_path, *held.cells(start, "os._exit(7)"), timeout_s=60.0)
    held.await_held()
    assert held.await_end()


@pytest.mark.parametrize("start", STARTS)
@pytest.mark.parametrize("last", ["1", "os._exit(7)"])
def test_nothing_outlives_a_command(start: str, last: str, held: Held, tmp_path: Path) -> None:
    words = command(tmp_path, *held.cells(start, last))
    ended = subprocess.run(words, capture_output=True, timeout=60, check=False, text=True)
    assert (ended.returncode == 0, "exit code 7" in ended.stderr) == (last == "1", last != "1")
    held.await_held()
    assert held.await_end()


@pytest.mark.parametrize("start", STARTS)
@pytest.mark.parametrize("way", WAYS)
def test_nothing_outlives_a_caller_that_is_killed(
    way: str, start: str, held: Held, tmp_path: Path
) -> None:
    started = caller(way, tmp_path, *held.cells(start, "while True: signal.pause()"))
    held.await_held()
    started.kill()
    started.wait()
    assert held.await_end()


@pytest.mark.parametrize("start", ["group", "daemon"])
def test_nothing_outlives_a_killed_caller_that_shared_setup_cells(
    start: str, held: Held, tmp_path: Path
) -> None:
    cells = ("m = 1", "setup"), *held.cells(start, "while True: signal.pause()")
    started = caller("fork", tmp_path, *cells)
    held.await_held()
    started.kill()
    started.wait()
    assert held.await_end()


def template(process: psutil.Process) -> psutil.Process:
    """Return what the children of a caller are forked from."""
    (keeper,) = [p for p in process.children() if "template_side" in " ".join(p.cmdline())]
    (made,) = keeper.children()
    return made


@pytest.mark.parametrize("start", ["group", "daemon"])
@pytest.mark.parametrize(
    "killed", [template, lambda p: template(p).parent()], ids=["template", "keeper"]
)
def test_nothing_outlives_a_template_that_is_killed(
    start: str,
    killed: Callable[[psutil.Process], psutil.Process],
    held: Held,
    tmp_path: Path,
) -> None:
    started = caller("fork", tmp_path, *held.cells(start, "while True: signal.pause()"))
    held.await_held()
    killed(psutil.Process(started.pid)).kill()
    assert started.wait(60) == 1
    assert held.await_end()


def test_a_notebooks_processes_have_no_part_in_its_connection(
    engine: Engine, tmp_path: Path
) -> None:
    words = "['ls', '-l', '/proc/self/fd'], capture_output=True, close_fds=False"
    listing = f"import subprocess\nlisted = subprocess.run({words})"
    told = call(engine, tmp_path, listing, ("listed.stdout.decode()", "return")).unwrap()
    assert "socket:" not in told or engine.name == "kernel"


@pytest.mark.parametrize("number", [signal.SIGKILL, 40])
def test_a_signal_is_told_and_lack_of_memory_only_where_there_was_one(
    engine: Engine, number: int, tmp_path: Path
) -> None:
    said = "by SIGKILL" if number == signal.SIGKILL else f"by signal {number}"
    with pytest.raises(KernelDiedError, match=said) as caught:
        call(engine, tmp_path, f"import os\nos.kill(os.getpid(), {int(number)})")
    assert "(out of memory)" not in str(caught.value)
