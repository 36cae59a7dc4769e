"""Jobs of real notebooks, in processes that are killed, that end, and that share a file."""

from __future__ import annotations

import json
import os
import queue
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from subprocess import PIPE, Popen
from typing import Any

import pytest
from notebooks import write_notebook

from nbnodes.jobs.job import JobEvent
from nbnodes.jobs.jobs import Jobs

SERVE = """
import json, sys
from nbnodes.jobs.jobs import Jobs
from nbnodes.session import Session
folder, notebook, engine = sys.argv[1:]
session = Session(engine=engine, cache=folder + "/cache", workers=2)
model = session.model(notebook)
jobs = Jobs(folder + "/jobs.sqlite")

def start(values):
    def begin(report):
        report.begun()
        return model.submit(values, on_progress=report.on_progress)
    return begin

print("ready", flush=True)
for line in sys.stdin:
    values = json.loads(line)
    print(jobs.submit("model", values, start(values)).id, flush=True)
"""
SUBMIT = """
import sys
from nbnodes.engines.engine import CancelToken
from nbnodes.jobs.jobs import Jobs
from nbnodes.scheduler.workers import RunFuture
from nbnodes.engines.engine import Progress
jobs, n = Jobs(sys.argv[1] + "/jobs.sqlite", waiting=10**9), 0

def begin(report):
    future = RunFuture(CancelToken())
    future.set_running_or_notify_cancel()
    report.begun()
    report.on_progress(Progress(done=1, total=2))
    return future

while True:
    print(jobs.submit("model", {"name": sys.argv[2], "n": n}, begin).id, flush=True)
    n += 1
"""
CELLS = (
    ("place = ''\nn = 0", "parameters"),
    "if n < 0: raise ValueError('no such n')",
    "import os, time\nif place: open(place, 'w').write(str(os.getpid()))",
    "while place: time.sleep(0.01)",
    ("n * 2", "return"),
)


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Popen[str]]]:
    """Start Python programs; they end with the test."""
    started: list[Popen[str]] = []

    def begin(script: str, *arguments: str | Path) -> Popen[str]:
        command = [sys.executable, "-c", script, *map(str, arguments)]
        process = Popen(command, stdin=PIPE, stdout=PIPE, text=True, cwd=tmp_path)
        started.append(process)
        return process

    yield begin
    for process in started:
        with process:
            process.kill()


@pytest.fixture
def model(tmp_path: Path) -> Path:
    return write_notebook(tmp_path / "model.ipynb", *CELLS)


def line(process: Popen[str]) -> str:
    assert process.stdout
    return process.stdout.readline().strip()


def submit(process: Popen[str], **values: Any) -> str:
    assert process.stdin
    process.stdin.write(json.dumps(values) + "\n")
    process.stdin.flush()
    return line(process)


def follow(jobs: Jobs, job: str) -> Iterator[JobEvent]:
    heard: queue.Queue[JobEvent] = queue.Queue()
    jobs.follow(job, 0, heard.put)
    while (event := heard.get(timeout=60)).kind != "end":
        yield event
    yield event


def await_cells(jobs: Jobs, job: str, done: int) -> None:
    """Wait until a job has told that so many of its cells have ended."""
    for event in follow(jobs, job):
        if event.kind == "progress" and event.data["done"] >= done:
            return
    raise AssertionError(event)


ENGINES = ["fork", "kernel"] if hasattr(os, "fork") else ["kernel"]


@pytest.mark.parametrize("engine", ENGINES)
def test_what_ran_in_a_killed_server_is_lost_and_the_rest_is_kept(
    start: Callable[..., Popen[str]], tmp_path: Path, model: Path, engine: str
) -> None:
    server = start(SERVE, tmp_path, model, engine)
    assert line(server) == "ready"
    jobs = Jobs(str(tmp_path / "jobs.sqlite"))
    done, failed = submit(server, n=21), submit(server, n=-1)
    running = submit(server, place=str(tmp_path / "begun"))
    assert [list(follow(jobs, job))[-1].data["state"] for job in (done, failed)] == [
        "done",
        "failed",
    ]
    await_cells(jobs, running, 3)
    assert jobs.get(running).state == "running"
    server.kill()
    server.wait()
    assert list(follow(jobs, running))[-1].data["state"] == "lost"
    jobs.close()
    reopened = Jobs(str(tmp_path / "jobs.sqlite"))
    assert [reopened.get(job).state for job in (done, failed, running)] == [
        "done",
        "failed",
        "lost",
    ]
    assert (reopened.get(failed).error or {})["cell_index"] == 1
    assert "submit it again" in (reopened.get(running).error or {})["reason"]
    assert reopened.get(done).key
    reopened.close()


@pytest.mark.parametrize("engine", ENGINES)
def test_a_job_is_really_stopped_from_another_process(
    start: Callable[..., Popen[str]], tmp_path: Path, model: Path, engine: str
) -> None:
    server = start(SERVE, tmp_path, model, engine)
    assert line(server) == "ready"
    jobs = Jobs(str(tmp_path / "jobs.sqlite"))
    job = submit(server, place=str(tmp_path / "begun"))
    await_cells(jobs, job, 3)
    jobs.cancel(job)
    assert list(follow(jobs, job))[-1].data["state"] == "cancelled"
    after = submit(server, n=4)
    assert list(follow(jobs, after))[-1].data["state"] == "done"  # the server is well
    jobs.close()


def test_a_server_that_ends_by_itself_loses_what_runs(
    start: Callable[..., Popen[str]], tmp_path: Path, model: Path
) -> None:
    server = start(SERVE, tmp_path, model, "inprocess")
    assert line(server) == "ready"
    jobs = Jobs(str(tmp_path / "jobs.sqlite"))
    job = submit(server, place=str(tmp_path / "begun"))
    await_cells(jobs, job, 3)
    assert server.stdin
    server.stdin.close()  # its program ends
    assert server.wait(60) == 0
    assert jobs.get(job).state == "lost"
    jobs.close()


def test_nothing_that_many_killed_servers_acknowledged_is_lost(
    start: Callable[..., Popen[str]], tmp_path: Path
) -> None:
    servers = [start(SUBMIT, tmp_path, f"server-{n}") for n in range(4)]
    told: list[list[str]] = [[line(server) for _ in range(20)] for server in servers]
    for server, ids in zip(servers, told, strict=True):
        server.kill()
        assert server.stdout
        ids += [text for text in server.stdout.read().split("\n") if len(text) == 32]
    jobs = Jobs(str(tmp_path / "jobs.sqlite"))
    for place, ids in enumerate(told):
        kept = [jobs.get(id_) for id_ in ids]
        assert {job.state for job in kept} == {"lost"}
        assert [job.values for job in kept] == [
            {"name": f"server-{place}", "n": n} for n in range(len(ids))
        ]
        for id_ in ids:
            events = jobs.events(id_)
            assert [event.number for event in events] == list(range(1, len(events) + 1))
            assert (events[0].kind, events[-1].kind) == ("state", "end")
    assert len(list(Path(f"{jobs.path}.servers").iterdir())) == 0
    jobs.close()
