"""A Job is acknowledged, followed, cancelled, remembered and in the end forgotten."""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest
from by_hand import ByHand, kill

from nbnodes.engines.engine import Progress
from nbnodes.engines.said import Said
from nbnodes.errors import (
    CacheError,
    IdempotencyError,
    JobNotFoundError,
    NbnodesWarning,
    TooManyJobsError,
    UsageError,
)
from nbnodes.jobs.job import Job, JobEvent
from nbnodes.jobs.jobs import Jobs
from nbnodes.jobs.run import pause_s
from nbnodes.result import CacheKey, Success


@pytest.fixture
def path(tmp_path: Path) -> str:
    return str(tmp_path / "cache" / "jobs.sqlite")


@pytest.fixture
def jobs(path: str) -> Iterator[Jobs]:
    made = Jobs(path)
    yield made
    made.close()


def submit(jobs: Jobs, endpoint: str = "fib", **values: object) -> tuple[Job, ByHand]:
    run = ByHand()
    return jobs.submit(endpoint, values, run.start), run


def follow(jobs: Jobs, job: Job, after: int = 0) -> Iterator[JobEvent]:
    """Yield a job's events as they come, until its end."""
    heard: queue.Queue[JobEvent] = queue.Queue()
    jobs.follow(job.id, after, heard.put)
    while True:
        event = heard.get(timeout=30)
        yield event
        if event.kind == "end":
            return


def story(events: list[JobEvent]) -> list[tuple[str, object]]:
    return [(event.kind, event.data.get("state")) for event in events]


def test_a_job_goes_from_queued_through_running_to_done(jobs: Jobs) -> None:
    job, run = submit(jobs, n=15)
    assert (job.state, job.endpoint, job.values) == ("queued", "fib", {"n": 15})
    run.begin()
    assert jobs.get(job.id).state == "running"
    result = run.succeed(610, key=CacheKey("k"), cached=False)
    done = jobs.get(job.id)
    assert (done.state, done.key, done.cached, done.has_value) == ("done", "k", False, True)
    assert done.submitted_at <= (done.started_at or 0) <= (done.ended_at or 0)
    assert jobs.result(job.id) is result
    assert story(jobs.events(job.id)) == [
        ("state", "queued"),
        ("state", "running"),
        ("end", "done"),
    ]


def test_a_notebook_that_fails_ends_its_job_with_what_went_wrong(jobs: Jobs) -> None:
    job, run = submit(jobs)
    run.begin()
    run.fail()
    failed = jobs.get(job.id)
    error = failed.error or {}
    assert (failed.state, failed.has_value, error["kind"]) == ("failed", False, "notebook")
    assert (error["ename"], error["evalue"], error["cell_index"]) == ("ValueError", "no", 2)
    assert error["traceback"] == ["line"]


def test_a_traceback_is_told_only_to_who_may_debug(jobs: Jobs) -> None:
    job, run = submit(jobs)
    run.begin()
    run.fail()
    assert "traceback" not in jobs.get(job.id).as_json()["error"]
    assert "traceback" in jobs.get(job.id).as_json(is_debug=True)["error"]
    assert "traceback" not in jobs.events(job.id)[-1].data["error"]


def test_a_machine_that_fails_ends_its_job_with_what_went_wrong(jobs: Jobs) -> None:
    job, run = submit(jobs)
    run.begin()
    run.future.set_exception(OSError("no disk"))
    told = {"kind": "machine", "reason": "no disk", "ename": "OSError", "evalue": "no disk"}
    assert jobs.get(job.id).error == told


def test_a_job_that_is_cancelled_stops_its_run(jobs: Jobs) -> None:
    job, run = submit(jobs)
    run.begin()
    jobs.cancel(job.id)
    assert run.token.cancelled
    assert jobs.get(job.id).state == "cancelled"


def test_a_job_that_is_cancelled_before_it_begins_never_does(jobs: Jobs) -> None:
    job, run = submit(jobs)
    assert jobs.cancel(job.id).state == "cancelled"
    assert run.future.cancelled()


def test_a_job_that_is_cancelled_while_it_is_being_started_is_cancelled(jobs: Jobs) -> None:
    run = ByHand()

    def start(report: object) -> object:
        future = run.start(report)  # type: ignore[arg-type]
        (job,) = jobs.all()
        jobs.cancel(job.id)
        return future

    assert jobs.submit("fib", {}, start).state == "cancelled"  # type: ignore[arg-type]


def test_a_run_that_is_stopped_though_nobody_cancelled_its_job_is_lost(jobs: Jobs) -> None:
    job, run = submit(jobs)
    run.begin()
    run.future.cancel()
    lost = jobs.get(job.id)
    assert lost.state == "lost"
    assert "submit it again" in (lost.error or {})["reason"]


def test_to_cancel_a_job_that_has_ended_changes_nothing(jobs: Jobs) -> None:
    job, run = submit(jobs)
    run.begin()
    run.succeed()
    assert jobs.cancel(job.id) == jobs.get(job.id)
    assert jobs.get(job.id).state == "done"


def test_an_unknown_job_is_said_to_be_unknown(jobs: Jobs) -> None:
    for ask in (jobs.get, jobs.cancel, jobs.result, jobs.events):
        with pytest.raises(JobNotFoundError, match="no job nothing"):
            ask("nothing")


def test_progress_is_told_by_cell_and_by_node(jobs: Jobs) -> None:
    job, run = submit(jobs)
    run.begin()
    run.report.on_node("prices", "running")
    run.report.on_progress(Progress(done=1, total=3, said=Said(fraction=0.5, note="loading")))
    progress = jobs.get(job.id).progress
    assert (progress.done, progress.total, progress.part) == (1, 3, 0.5)
    assert (progress.cell, progress.nodes) == ("loading 50%", {"prices": "running"})
    events = follow(jobs, job, after=2)
    assert {next(events).kind, next(events).kind} == {"node", "progress"}
    run.succeed()
    assert next(events).kind == "end"


def test_the_last_progress_is_on_disk_with_the_end(jobs: Jobs) -> None:
    job, run = submit(jobs)
    run.begin()
    for done in range(1000):
        run.report.on_progress(Progress(done=done + 1, total=1000))
    run.succeed()
    events = jobs.events(job.id)
    assert [event.number for event in events] == list(range(1, len(events) + 1))
    assert events[-2].data["done"] == 1000
    assert len(events) < 100  # a thousand were told at once


def test_what_a_run_says_after_its_end_is_not_heard(jobs: Jobs) -> None:
    job, run = submit(jobs)
    run.begin()
    run.succeed()
    before = jobs.events(job.id)
    run.report.begun()
    run.report.on_progress(Progress(done=1, total=1))
    run.report.on_node("a", "fresh")
    assert jobs.events(job.id) == before


@pytest.mark.parametrize(("run_s", "wait_s"), [(0, 0.1), (60, 0.1), (3600, 3.6)])
def test_progress_is_written_ten_times_a_second_and_more_rarely_later(
    run_s: float, wait_s: float
) -> None:
    assert pause_s(run_s) == wait_s


def test_who_follows_is_told_all_from_where_they_ask_once_and_in_order(jobs: Jobs) -> None:
    job, run = submit(jobs)
    heard: list[list[JobEvent]] = [[] for _ in range(20)]
    followers = [
        threading.Thread(target=lambda place=place: heard[place].extend(follow(jobs, job)))
        for place in range(len(heard))
    ]
    for place, follower in enumerate(followers):
        follower.start()
        if place == 10:
            run.begin()
        run.report.on_node(f"node-{place}", "fresh")
    run.succeed()
    for follower in followers:
        follower.join()
    assert heard == [jobs.events(job.id)] * len(heard)


def test_who_follows_after_the_end_is_told_what_they_missed(jobs: Jobs) -> None:
    job, run = submit(jobs)
    run.begin()
    run.succeed()
    assert list(follow(jobs, job, after=1)) == jobs.events(job.id, after=1)


def test_who_stops_following_is_told_no_more(jobs: Jobs) -> None:
    job, run = submit(jobs)
    heard: queue.Queue[JobEvent] = queue.Queue()
    stop = jobs.follow(job.id, 0, heard.put)
    assert heard.get(timeout=30).number == 1
    stop()
    run.begin()
    run.succeed()
    list(follow(jobs, job))
    assert heard.empty()


@pytest.mark.filterwarnings("ignore::nbnodes.errors.NbnodesWarning")
def test_a_listener_that_raises_harms_no_other(jobs: Jobs) -> None:
    job, run = submit(jobs)

    def listen(_: JobEvent) -> None:
        raise ValueError("not my day")

    jobs.follow(job.id, 0, listen)
    run.begin()
    run.succeed()
    assert len(list(follow(jobs, job))) == 3
    assert issubclass(NbnodesWarning, UserWarning)


def test_an_idempotency_key_gives_the_same_job_and_starts_nothing(jobs: Jobs) -> None:
    run, again = ByHand(), ByHand()
    job = jobs.submit("fib", {"n": 1, "m": 2}, run.start, idempotency_key="once")
    same = jobs.submit("fib", {"m": 2, "n": 1}, again.start, idempotency_key="once")
    assert same == job
    assert not hasattr(again, "report")


@pytest.mark.parametrize(("endpoint", "n"), [("fib", 2), ("fib", 1.0), ("fib", True), ("other", 1)])
def test_an_idempotency_key_stands_for_one_call(jobs: Jobs, endpoint: str, n: object) -> None:
    jobs.submit("fib", {"n": 1}, ByHand().start, idempotency_key="once")
    with pytest.raises(IdempotencyError, match="take a new key"):
        jobs.submit(endpoint, {"n": n}, ByHand().start, idempotency_key="once")
    assert len(jobs.all()) == 1


def test_of_many_who_submit_a_key_at_once_one_starts_the_run(jobs: Jobs) -> None:
    runs = [ByHand() for _ in range(16)]
    ids: list[str] = []

    def submit_one(run: ByHand) -> None:
        ids.append(jobs.submit("fib", {}, run.start, idempotency_key="once").id)

    threads = [threading.Thread(target=submit_one, args=(run,)) for run in runs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(ids), len(set(ids))) == (16, 1)
    assert sum(hasattr(run, "report") for run in runs) == 1


def test_no_more_jobs_wait_than_may(path: str) -> None:
    jobs = Jobs(path, waiting=2)
    _, first = submit(jobs)
    submit(jobs)
    with pytest.raises(TooManyJobsError, match="2 jobs wait"):
        submit(jobs)
    first.begin()
    submit(jobs)
    assert len(jobs.all()) == 3
    jobs.close()


def test_what_start_raises_is_raised_and_leaves_no_job(jobs: Jobs) -> None:
    def start(_: object) -> None:
        raise UsageError("n is no int")

    with pytest.raises(UsageError, match="n is no int"):
        jobs.submit("fib", {}, start, idempotency_key="once")  # type: ignore[arg-type]
    assert jobs.all() == []
    run = ByHand()
    assert jobs.submit("fib", {}, run.start, idempotency_key="once").state == "queued"


def test_jobs_are_listed_latest_first_and_by_state(jobs: Jobs) -> None:
    made = [submit(jobs, n=n) for n in range(4)]
    made[1][1].begin()
    assert [job.values["n"] for job in jobs.all()] == [3, 2, 1, 0]
    assert [job.values["n"] for job in jobs.all(limit=2)] == [3, 2]
    assert [job.values["n"] for job in jobs.all("running")] == [1]


def test_jobs_that_ended_long_ago_are_forgotten_with_their_events(path: str) -> None:
    jobs = Jobs(path)
    ended, run = submit(jobs)
    run.begin()
    run.succeed()
    waiting, _ = submit(jobs)
    other = Jobs(path, keep_s=0)
    assert [job.id for job in other.all()] == [waiting.id]
    assert other._journal.events(ended.id, 0) == []
    other.close()
    jobs.close()


def test_the_oldest_of_too_many_jobs_are_forgotten(path: str) -> None:
    jobs = Jobs(path)
    for n in range(5):
        submit(jobs, n=n)[1].succeed()
    submit(jobs, n=5)
    other = Jobs(path, keep_jobs=2)
    assert [job.values["n"] for job in other.all()] == [5, 4, 3]
    other.close()
    jobs.close()


def test_a_server_that_closes_loses_what_runs_and_stops_it(path: str) -> None:
    jobs = Jobs(path)
    (running, run), (queued, other) = submit(jobs), submit(jobs)
    run.begin()
    heard: list[JobEvent] = []
    jobs.follow(running.id, 0, heard.append)
    jobs.close()
    assert story(heard)[-1] == ("end", "lost")
    assert run.token.cancelled
    assert other.future.cancelled()
    with pytest.raises(UsageError, match="closing"):
        submit(jobs)
    reopened = Jobs(path)
    assert "while it ran" in (reopened.get(running.id).error or {})["reason"]
    assert "before it began" in (reopened.get(queued.id).error or {})["reason"]
    reopened.close()


def test_jobs_of_a_server_that_was_killed_are_lost(path: str) -> None:
    jobs = Jobs(path)
    (done, one), (running, two), (queued, _) = submit(jobs), submit(jobs), submit(jobs)
    one.begin()
    one.succeed(key=CacheKey("k"))
    two.begin()
    kill(jobs)
    stored = Success(name="n", engine="fake", value=42)
    reopened = Jobs(path, recall={"k": stored}.get)
    states = [reopened.get(job.id).state for job in (done, running, queued)]
    assert states == ["done", "lost", "lost"]
    assert reopened.result(done.id) is stored
    assert reopened.result(running.id) is None
    assert story(reopened.events(running.id))[-1] == ("end", "lost")
    reopened.close()


def test_a_server_does_not_take_another_ones_jobs_for_lost(jobs: Jobs, path: str) -> None:
    job, run = submit(jobs)
    run.begin()
    other = Jobs(path)
    assert other.get(job.id).state == "running"
    assert other.all()[0].state == "running"
    run.succeed()
    assert other.get(job.id).state == "done"
    other.close()


def test_a_server_sees_that_another_one_has_died(path: str) -> None:
    jobs, other = Jobs(path), Jobs(path)
    job, run = submit(jobs)
    run.begin()
    told = follow(other, job)
    assert [next(told).data["state"] for _ in range(2)] == ["queued", "running"]
    kill(jobs)
    assert next(told).data["state"] == "lost"
    assert other.get(job.id).state == "lost"
    other.close()


def test_a_job_is_cancelled_and_followed_through_any_server(jobs: Jobs, path: str) -> None:
    other = Jobs(path)
    job, run = submit(jobs)
    run.begin()
    told = follow(other, job)
    assert next(told).data["state"] == "queued"
    other.cancel(job.id)
    assert [event.data["state"] for event in told] == ["running", "cancelled"]
    assert run.token.cancelled
    other.close()


def test_a_run_whose_job_was_called_lost_is_stopped(jobs: Jobs, path: str) -> None:
    job, run = submit(jobs)
    run.begin()
    (place,) = Path(f"{path}.servers").iterdir()
    place.unlink()  # somebody tidies up: the server is taken for dead
    other = Jobs(path)
    assert other.get(job.id).state == "lost"
    stopped = threading.Event()
    run.token.on_cancel(stopped.set)
    run.report.on_node("a", "fresh")
    assert stopped.wait(30)
    assert jobs.get(job.id).state == "lost"
    assert list(follow(jobs, job)) == other.events(job.id)
    later, _ = submit(jobs)
    assert other.get(later.id).state == "queued"  # it has a file again
    assert story(other.events(job.id))[-1] == ("end", "lost")
    other.close()


def test_how_many_wait_and_run_is_known(jobs: Jobs) -> None:
    submit(jobs)
    _, run = submit(jobs)
    run.begin()
    assert jobs.counts() == {"queued": 1, "running": 1}
    run.succeed()
    assert jobs.counts() == {"queued": 1, "running": 0}


def test_a_thousand_jobs_leave_no_thread_and_no_memory() -> None:
    jobs = Jobs(None)
    for n in range(1000):
        job, run = submit(jobs, n=n)
        run.begin()
        run.report.on_node("a", "fresh")
        run.succeed(n)
    assert len(list(follow(jobs, job))) == 4
    thread = jobs._watch._thread
    if thread is not None:
        thread.join(30)
    assert jobs._watch._thread is None
    assert (jobs._runs, jobs._unwritten, bool(jobs._followers)) == ({}, {}, False)
    assert len(jobs._results) == 32
    jobs.close()


def test_jobs_without_a_file_leave_nothing_behind() -> None:
    jobs = Jobs(None)
    submit(jobs)
    folder = Path(jobs.path).parent
    assert folder.exists()
    jobs.close()
    assert not folder.exists()


def test_jobs_that_cannot_be_written_are_not_acknowledged(tmp_path: Path) -> None:
    place = tmp_path / "file"
    place.write_text("")
    with pytest.raises(CacheError):
        Jobs(str(place / "jobs.sqlite"))


def test_events_have_numbers_without_a_gap(jobs: Jobs) -> None:
    job, run = submit(jobs)
    run.begin()
    told = follow(jobs, job)
    for n in range(5):
        run.report.on_node("a", f"state-{n}")
        while next(told).data.get("state") != f"state-{n}":
            pass
    run.succeed()
    numbers = [event.number for event in jobs.events(job.id)]
    assert numbers[0] == 1
    assert all(later == earlier + 1 for earlier, later in pairwise(numbers))
