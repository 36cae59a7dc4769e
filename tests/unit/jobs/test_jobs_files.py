"""A file of jobs that is damaged, removed or of a later nbnodes is no end: it is put aside."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import threading
from contextlib import closing
from pathlib import Path

import pytest
from by_hand import ByHand

from nbnodes.engines.engine import Progress
from nbnodes.errors import CacheError, CacheWarning, JobNotFoundError
from nbnodes.jobs.jobs import Jobs
from nbnodes.jobs.servers import Server


@pytest.fixture
def path(tmp_path: Path) -> str:
    return str(tmp_path / "jobs.sqlite")


def ended_jobs(path: str, count: int) -> list[str]:
    """Make jobs that have ended; return their names."""
    jobs = Jobs(path)
    ids = []
    for n in range(count):
        run = ByHand()
        ids.append(jobs.submit("fib", {"n": n, "text": "x" * 500}, run.start).id)
        run.begin()
        run.succeed()
    jobs.close()
    return ids


def damage(path: str, offset: int, text: bytes = b"\xff" * 100) -> None:
    with open(path, "r+b") as file:
        file.seek(offset)
        file.write(text)


def test_a_file_that_is_none_of_sqlite_is_put_aside(path: str) -> None:
    Path(path).write_bytes(b"these are no jobs" * 1000)
    with pytest.warns(CacheWarning, match="put aside as .*jobs.sqlite.aside; 0 jobs"):
        jobs = Jobs(path)
    assert jobs.submit("fib", {}, ByHand().start) == jobs.all()[0]
    assert Path(f"{path}.aside").read_bytes().startswith(b"these are no jobs")
    jobs.close()


def test_a_database_of_something_else_is_put_aside(path: str) -> None:
    with closing(sqlite3.connect(path)) as db:
        db.execute("CREATE TABLE jobs (something TEXT)")
    with pytest.warns(CacheWarning, match="put aside"):
        jobs = Jobs(path)
    assert jobs.submit("fib", {}, ByHand().start) == jobs.all()[0]
    jobs.close()


def test_a_file_of_a_newer_nbnodes_is_put_aside_and_kept(path: str) -> None:
    for place in ("aside", "aside-2"):
        with closing(sqlite3.connect(path)) as db:
            db.execute("PRAGMA user_version = 9")
        with pytest.warns(CacheWarning, match="newer nbnodes: layout 9"):
            Jobs(path).close()
        with closing(sqlite3.connect(f"{path}.{place}")) as db:
            assert db.execute("PRAGMA user_version").fetchone() == (9,)


def test_what_damage_has_spared_is_taken_over(path: str) -> None:
    ids = ended_jobs(path, 200)
    damage(path, os.path.getsize(path) // 2, b"\xff" * 4096 * 4)

    def read_all() -> list[str]:
        jobs = Jobs(path)
        found = {job.id for job in jobs.all(limit=1000)}
        events = [jobs._journal.events(id_, 0) for id_ in ids]
        jobs.close()
        assert len(events) == 200
        return [id_ for id_ in ids if id_ in found]

    with pytest.warns(CacheWarning, match="jobs taken over"):
        read_all()
    assert 0 < len(read_all()) <= 200


def test_a_job_that_damage_made_unreadable_is_as_if_it_were_not(path: str) -> None:
    first, second = ended_jobs(path, 2)
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        db.execute("UPDATE jobs SET values_json = '{\"n\"' WHERE id = ?", (first,))
        db.execute("UPDATE events SET data_json = '[' WHERE job = ? AND number = 2", (second,))
    jobs = Jobs(path)
    assert [job.id for job in jobs.all()] == [second]
    assert [event.number for event in jobs.events(second)] == [1, 3]
    with pytest.raises(JobNotFoundError):
        jobs.get(first)
    jobs.close()


def test_a_job_that_runs_outlives_the_removal_of_its_file(path: str) -> None:
    jobs, run = Jobs(path), ByHand()
    job = jobs.submit("fib", {"n": 1}, run.start)
    run.begin()
    for suffix in ("", "-wal", "-shm"):
        os.unlink(path + suffix)
    run.succeed()
    assert jobs.get(job.id).state == "done"
    jobs.close()
    reopened = Jobs(path)
    assert reopened.get(job.id).state == "done"
    reopened.close()


@pytest.mark.filterwarnings("ignore:job .* not on disk yet:nbnodes.errors.CacheWarning")
def test_what_could_not_be_written_is_written_later(
    path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("nbnodes.cache.database._BUSY_MS", 1)
    jobs, run = Jobs(path), ByHand()
    job = jobs.submit("fib", {}, run.start)
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        run.begin()
        run.report.on_progress(Progress(done=1, total=2))
        run.succeed()
        assert jobs.get(job.id).state == "queued"  # nobody is told what a crash would take back
        with pytest.raises(CacheError):
            jobs.submit("fib", {}, ByHand().start)
        ended = threading.Event()
        jobs.follow(job.id, 0, lambda event: event.kind == "end" and ended.set())
        other.execute("COMMIT")
        assert ended.wait(30)
    assert jobs.get(job.id).state == "done"
    kinds = [(event.number, event.kind) for event in jobs.events(job.id)]
    assert kinds == [(1, "state"), (2, "state"), (3, "progress"), (4, "end")]
    jobs.close()


def test_a_server_lives_as_long_as_it_holds_its_file(tmp_path: Path) -> None:
    one, other = Server(str(tmp_path)), Server(str(tmp_path))
    name = one.name
    assert (one.is_alive(name), other.is_alive(name)) == (True, True)
    one.close()
    assert (one.is_alive(name), other.is_alive(name)) == (False, False)
    assert not list(tmp_path.iterdir())


def test_what_dead_servers_left_is_swept(tmp_path: Path) -> None:
    (tmp_path / "dead").write_text("")
    server = Server(str(tmp_path))
    name = server.name
    Server(str(tmp_path)).sweep()
    assert [path.name for path in tmp_path.iterdir()] == [name]
    server.close()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="POSIX only")
def test_a_fork_does_not_keep_its_parent_alive(tmp_path: Path) -> None:
    script = """
import os, sys
from nbnodes.jobs.servers import Server
server = Server(sys.argv[1])
print(server.name, flush=True)
if not os.fork():
    sys.stdin.read()  # until the test has looked
"""
    words = [sys.executable, "-c", script, str(tmp_path)]
    with subprocess.Popen(
        words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as parent:
        assert parent.stdout
        name = parent.stdout.readline().strip()
        os.waitid(os.P_PID, parent.pid, os.WEXITED | os.WNOWAIT)
        assert not Server(str(tmp_path)).is_alive(name)
