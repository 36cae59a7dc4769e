"""Processes share a store: each run is made once, and what one kept outlives whoever is killed."""

from __future__ import annotations

import os
import random
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from subprocess import PIPE, Popen
from typing import TypeAlias

import pytest
from notebooks import write_notebook

from nbnodes.cache.sqlite import SqliteStore
from nbnodes.result import CacheKey

Process: TypeAlias = "Popen[str]"
Start: TypeAlias = Callable[..., Process]
CELLS = ("place = ''", "parameters"), ("6 * 7", "return")

CALL = """
import sys
from nbnodes.session import Session
folder, notebook, place = sys.argv[1:]
with Session(engine="inprocess", cache=folder) as session:
    model = session.model(notebook)
    print("ready", flush=True)
    sys.stdin.readline()
    print(model(place=place), flush=True)
"""
APPEND = """
import os
with open(place, "a") as file:
    print(os.getpid(), file=file)
"""
WAIT_IF_FIRST = """
import threading
if not os.path.exists(place + ".first"):
    open(place + ".first", "x").close()
    with open(place + ".fifo", "w") as fifo:
        fifo.write(str(os.getpid()))
    threading.Event().wait()
"""
STORE = """
import os, signal, sqlite3, sys, threading
from nbnodes.cache.sqlite import SqliteStore
from nbnodes.cache.store import Entry
folder, name = sys.argv[1:]

def put(store, n):
    payload = f"{name} {n} ".encode() * (10_000 if n % 5 == 0 else 10)
    known = dict(notebook="n", family="/n", cost_s=1.0, parts="{}")
    store.put(Entry(key=f"{name}-{n}", payload=payload, **known))
    assert store.get(f"{name}-{n}") == payload
"""
WRITE = """
store, n = SqliteStore(folder), 0
while True:
    put(store, n)
    os.write(1, f"{n}\\n".encode())
    n += 1
"""
OPEN = """
print("ready", flush=True)
for n, _ in enumerate(sys.stdin):
    store = SqliteStore(f"{folder}/{n}")
    put(store, 0)
    print(n, flush=True)
    store.close()
"""
FORK = """
def fork(work):
    global name
    if pid := os.fork():
        return pid
    name, status = "child", 1
    try:
        signal.alarm(5)  # a child that hangs is a child that fails
        work()
        status = 0
    finally:
        os._exit(status)

def put_two():
    put(store, 1)
    put(store, 2)

store = SqliteStore(folder)
put(store, 0)
"""
FORK_AFTER_USE = """
pid = fork(put_two)
put_two()
"""
FORK_AND_CLOSE = """
closed, close = os.pipe()
used, use = os.pipe()

def put_around_close():
    put(store, 1)
    os.write(use, b".")
    os.read(closed, 1)
    put(store, 2)

pid = fork(put_around_close)
os.read(used, 1)
store.close()
os.write(close, b".")
put_two()
"""
FORK_DURING_USE = """
other = sqlite3.connect(store._database.path, isolation_level=None, check_same_thread=False)
other.execute("BEGIN IMMEDIATE")
thread = threading.Thread(target=put, args=(store, 1))
thread.start()
while store._database._lock.acquire(blocking=False):  # until the thread has begun, and waits
    store._database._lock.release()
threading.Timer(1.0, other.execute, ["COMMIT"]).start()  # whether or not the fork waits for it
pid = fork(put_two)
thread.join()
put(store, 2)
"""
FORKS = [FORK_AFTER_USE, FORK_AND_CLOSE, FORK_DURING_USE]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Start Python programs; they end with the test."""
    homes = {name: str(tmp_path / name) for name in ("XDG_CACHE_HOME", "XDG_DATA_HOME")}
    started: list[Process] = []

    def begin(script: str, *arguments: str | Path) -> Process:
        command = [sys.executable, "-c", script, *map(str, arguments)]
        environment = os.environ | homes
        process = Popen(command, stdin=PIPE, stdout=PIPE, text=True, cwd=tmp_path, env=environment)
        started.append(process)
        return process

    yield begin
    for process in started:
        with process:
            process.kill()


def line(process: Process) -> str:
    assert process.stdout
    return process.stdout.readline().strip()


def tell(process: Process) -> None:
    assert process.stdin
    process.stdin.write("\n")
    process.stdin.flush()


def runs(place: Path) -> list[int]:
    """Name the processes in which the notebook ran."""
    return [int(pid) for pid in place.read_text().splitlines()]


def test_many_processes_that_ask_the_same_make_one_run(start: Start, tmp_path: Path) -> None:
    path = write_notebook(tmp_path / "once.ipynb", CELLS[0], APPEND, CELLS[1])
    place = tmp_path / "runs"
    callers = [start(CALL, tmp_path / "store", path, place) for _ in range(8)]
    assert [line(caller) for caller in callers] == ["ready"] * 8
    for caller in callers:
        tell(caller)
    assert [line(caller) for caller in callers] == ["42"] * 8
    assert len(runs(place)) == 1


@pytest.mark.skipif(os.name != "posix", reason="named pipes")
def test_a_killed_holder_hands_over(start: Start, tmp_path: Path) -> None:
    path = write_notebook(tmp_path / "wait.ipynb", CELLS[0], APPEND + WAIT_IF_FIRST, CELLS[1])
    place = tmp_path / "runs"
    os.mkfifo(f"{place}.fifo")
    callers = [start(CALL, tmp_path / "store", path, place) for _ in range(4)]
    assert [line(caller) for caller in callers] == ["ready"] * 4
    holder, *others = callers
    tell(holder)
    assert Path(f"{place}.fifo").read_text() == str(holder.pid)  # it holds the flight now
    for other in others:
        tell(other)
    holder.kill()
    assert [line(other) for other in others] == ["42"] * 3
    assert [pid == holder.pid for pid in runs(place)] == [True, False]


def acknowledged(writer: Process, count: int) -> list[int]:
    """Read that many acknowledgements, kill the writer, and read those that it gave meanwhile."""
    first = [int(line(writer)) for _ in range(count)]
    writer.kill()
    assert writer.stdout
    return first + [int(text) for text in writer.stdout.read().split("\n") if text]


def test_what_was_acknowledged_outlives_a_killed_writer(start: Start, tmp_path: Path) -> None:
    chance, kept = random.Random(8), {}
    for round_name in ("first", "second"):
        counts = [chance.randrange(60) for _ in range(8)]
        names = [f"{round_name}-{n}" for n in range(8)]
        writers = [start(STORE + WRITE, tmp_path / "store", name) for name in names]
        with ThreadPoolExecutor(8) as pool:
            kept |= dict(zip(names, pool.map(acknowledged, writers, counts), strict=True))
    store = SqliteStore(str(tmp_path / "store"))
    assert sum(map(len, kept.values())) > 100
    for name, numbers in kept.items():
        assert numbers == list(range(len(numbers)))
        for n in numbers:
            payload = f"{name} {n} ".encode() * (10_000 if n % 5 == 0 else 10)
            assert store.get(CacheKey(f"{name}-{n}")) == payload
    assert store.verify() == []
    store.close()


def test_many_processes_open_a_new_store_at_once(start: Start, tmp_path: Path) -> None:
    openers = [start(STORE + OPEN, tmp_path / "store", f"opener-{n}") for n in range(16)]
    assert [line(opener) for opener in openers] == ["ready"] * 16
    for n in range(4):
        for opener in openers:
            tell(opener)
        assert [line(opener) for opener in openers] == [str(n)] * 16
        store = SqliteStore(str(tmp_path / "store" / str(n)))
        assert len(store.facts()) == 16
        assert store.verify() == []
        store.close()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="POSIX only")
@pytest.mark.parametrize("script", FORKS, ids=["after use", "and close", "during use"])
def test_both_sides_of_a_fork_keep_what_they_put(start: Start, tmp_path: Path, script: str) -> None:
    ended = "\nprint(os.waitpid(pid, 0)[1], flush=True)"
    process = start(STORE + FORK + script + ended, tmp_path / "store", "parent")
    assert line(process) == "0"
    assert process.wait() == 0
    store = SqliteStore(str(tmp_path / "store"))
    kept = {facts.key for facts in store.facts()}
    assert kept == {"parent-0", "parent-1", "parent-2", "child-1", "child-2"}
    assert store.verify() == []
    store.close()
