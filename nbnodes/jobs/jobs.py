"""Runs that outlive their callers go in; their states, events and Results come out, even later."""

from __future__ import annotations

import os
import shutil
import tempfile
import threading
import time
import uuid
from collections import OrderedDict
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from functools import partial
from typing import Any, Literal, TypeAlias

from nbnodes.cache.forks import follow as follow_forks
from nbnodes.engines.threads import at_exit
from nbnodes.errors import (
    CacheError,
    CacheWarning,
    JobNotFoundError,
    TooManyJobsError,
    UsageError,
    warn,
)
from nbnodes.jobs.followers import Followers, Listener
from nbnodes.jobs.job import Job, JobEvent, JobState
from nbnodes.jobs.journal import Journal
from nbnodes.jobs.outcome import lost, outcome, stopped
from nbnodes.jobs.run import JobReport, JobRun
from nbnodes.jobs.servers import Server
from nbnodes.jobs.watch import Watch
from nbnodes.result import Result

Start: TypeAlias = Callable[[JobReport], Future[Result]]
"""Begins a run, which tells of itself by the report. To cancel the future has to stop it."""

FILE_NAME = "jobs.sqlite"
_LOOK_S = 0.5  # how long what other servers do stays unnoticed
_RESULTS = 32  # kept here; of others, those that the cache has
_FORGET_EVERY = 100  # ends between two looks for old jobs


class Jobs:
    """All jobs of a server, and of those who share its file.

    Safe from any thread. A server that ends takes its jobs with it: they are "lost" then, to it as
    to the next one that opens the file. Results live in the cache, not here.

    Args:
        path: The file, e.g. `<cache folder>/jobs.sqlite`; None for one that goes with this object.
        keep_s: How long a Job is remembered after its end.
        keep_jobs: How many that have ended are remembered.
        waiting: How many may wait to begin.
        recall: Returns the Result that the cache has under a key, if any.
        durability: "full": what is acknowledged also survives a power cut.
    """

    def __init__(
        self,
        path: str | None,
        *,
        keep_s: float = 7 * 86400.0,
        keep_jobs: int = 10_000,
        waiting: int = 1000,
        recall: Callable[[str], Result | None] = lambda _: None,
        durability: Literal["normal", "full"] = "normal",
    ) -> None:
        self._temporary = tempfile.mkdtemp(prefix="nbnodes-jobs-") if path is None else None
        self.path = os.path.abspath(path or os.path.join(self._temporary or "", FILE_NAME))
        self._keep_s, self._keep_jobs, self._most_waiting = keep_s, keep_jobs, waiting
        self._recall = recall
        self._journal = Journal(self.path, durability=durability)
        self._server = Server(f"{self.path}.servers")
        self._lock = threading.Lock()
        self._runs: dict[str, JobRun] = {}
        self._unwritten: dict[str, JobRun] = {}
        self._results: OrderedDict[str, Result] = OrderedDict()
        self._followers = Followers()
        self._watch = Watch(self._look)
        self._looked_at = 0.0
        self._ends = 0
        self._is_closed = False
        self._server.sweep()
        self._lose_orphans()
        self._forget()
        self._forget_exit = at_exit(self.close)
        follow_forks(self)

    def submit(
        self,
        endpoint: str,
        values: Mapping[str, Any],
        start: Start,
        *,
        idempotency_key: str | None = None,
    ) -> Job:
        """Begin a run; once this returns, the Job is on disk.

        What `start` raises is raised here, and there is no Job then.

        Args:
            endpoint: What runs.
            values: Its parameters as JSON has them.
            start: Begins it; not called if the idempotency key has a Job.
            idempotency_key: The same key and the same call give the same Job again, however that
                has ended.

        Raises:
            TooManyJobsError: If as many wait as may.
            IdempotencyError: If the key stands for another call.
            CacheError: If the file cannot be written.
        """
        job = Job(
            id=uuid.uuid4().hex, endpoint=endpoint, values=dict(values), submitted_at=time.time()
        )
        known = self._journal.known(job, idempotency_key)
        if known is not None:
            return self.get(known.id)
        run = JobRun(job, write=self._write, wake=self._wake)
        self._admit(run)
        try:
            owner = self._owner()
            kept = self._journal.add(job, owner=owner, idempotency_key=idempotency_key)
            if kept.id != job.id:  # another caller came first
                self._drop(run)
                return self.get(kept.id)
            self._begin(run, start)
        except BaseException:
            self._drop(run)
            raise
        return run.seen

    def get(self, id_: str) -> Job:
        """Return a Job as it is now.

        Raises:
            JobNotFoundError: If there is none of that id.
        """
        run = self._runs.get(id_)
        if run is not None:
            return run.seen
        job, owner = self._found(id_)
        if not job.is_ended and not self._server.is_alive(owner):
            self._journal.lose(owner)
            job, _ = self._found(id_)
        return job

    def all(self, state: JobState | None = None, limit: int = 100) -> list[Job]:
        """Return the jobs submitted last, the latest first; only those in a state, if given."""
        self._lose_orphans()
        return self._journal.all(state, limit)

    def counts(self) -> dict[JobState, int]:
        """Return how many jobs of this server wait, and how many run."""
        with self._lock:
            states = [run.job.state for run in self._runs.values()]
        return {"queued": states.count("queued"), "running": states.count("running")}

    def cancel(self, id_: str) -> Job:
        """Stop a Job's run, whichever server has it; the Job ends when its run has.

        Raises:
            JobNotFoundError: If there is none of that id.
        """
        run = self._runs.get(id_)
        if run is not None:
            run.cancel()
            return self.get(id_)
        job = self.get(id_)
        if not job.is_ended:
            self._journal.ask_cancel(id_)
        return job

    def result(self, id_: str) -> Result | None:
        """Return the Result of a Job, a Failure too; None if it has none, or none is kept.

        Raises:
            JobNotFoundError: If there is none of that id.
        """
        job = self.get(id_)
        result = self._results.get(id_)
        if result is None and job.state == "done" and job.key is not None:
            return self._recall(job.key)
        return result

    def events(self, id_: str, after: int = 0) -> list[JobEvent]:
        """Return what happened to a Job after the event of a number, in order.

        Raises:
            JobNotFoundError: If there is none of that id.
        """
        self.get(id_)
        return self._journal.events(id_, after)

    def follow(self, id_: str, after: int, listener: Listener) -> Callable[[], None]:
        """Have a listener told of what happened after the event of a number, and happens.

        It is told each event once, in order, on a thread of ours, which it must not keep: the last
        is the "end". A listener that raises is told no more.

        Returns:
            What ends it; one call may be under way then.

        Raises:
            JobNotFoundError: If there is none of that id.
        """
        self.get(id_)
        stop = self._followers.add(id_, after, listener)
        self._watch.wake()
        return stop

    def close(self) -> None:
        """Have all that has not ended end as lost, and stop it. May be called twice."""
        with self._lock:
            if self._is_closed:
                return
            self._is_closed = True
        for run in list(self._runs.values()):
            run.end(lost(was_running=run.job.state == "running"))
            self._write(run)
            run.stop()
        self._watch.close()
        self._look()  # the last that followers are told
        self._forget_exit()
        self._journal.close()
        self._server.close()
        if self._temporary is not None:
            shutil.rmtree(self._temporary, ignore_errors=True)

    def hold(self) -> None:
        """See `Forkable.hold`."""

    def release(self, *, is_child: bool) -> None:
        """See `Forkable.release`. The runs are the parent's."""
        if is_child:
            self._lock = threading.Lock()
            self._runs, self._unwritten = {}, {}
            self._followers, self._watch = Followers(), Watch(self._look)

    def _admit(self, run: JobRun) -> None:
        with self._lock:
            if self._is_closed:
                raise UsageError("no job can be submitted any more: the server is closing")
            waiting = sum(other.job.state == "queued" for other in self._runs.values())
            if waiting >= self._most_waiting:
                text = f"{waiting} jobs wait, and no more may; submit it again when some have begun"
                raise TooManyJobsError(text)
            self._runs[run.job.id] = run

    def _begin(self, run: JobRun, start: Start) -> None:
        try:
            future = start(run)
        except BaseException:
            run.end(stopped())
            run.take()  # it says no more
            self._journal.remove(run.job.id)
            raise
        run.give(future)
        future.add_done_callback(partial(self._end, run))
        self._watch.wake()  # for what other servers want of it

    def _end(self, run: JobRun, future: Future[Result]) -> None:
        fields, result = outcome(future, is_cancelled=run.is_cancel_asked)
        if result is not None and not run.job.is_ended:
            with self._lock:
                self._results[run.job.id] = result
                while len(self._results) > _RESULTS:
                    self._results.popitem(last=False)
        if run.end(fields):
            self._write(run)

    def _write(self, run: JobRun) -> None:
        """Write down what a run has told; what cannot be written now is tried again."""
        with run.writing:
            job, taken = run.take()
            try:
                is_ours = not taken or self._journal.write(
                    job, taken.values(), owner=self._owner(), number=run.number
                )
            except BaseException as error:  # also an interrupt of the run, whose thread this may be
                run.put_back(taken, time.monotonic())
                if not isinstance(error, CacheError):
                    raise
                warn(f"job {job.id}: its state is not on disk yet: {error}", CacheWarning)
                return
            run.written(job, taken, time.monotonic())
        if job.is_ended or not is_ours:
            self._let_go(run)
        self._followers.mark([job.id])
        self._watch.wake()

    def _let_go(self, run: JobRun) -> None:
        if not self._drop(run):
            return
        if run.end(stopped()):  # another server took this one for dead, and told so
            run.take()
            run.stop()
        self._ends += 1
        if self._ends % _FORGET_EVERY == 0:
            try:
                self._forget()
            except CacheError as error:
                warn(f"old jobs are not forgotten yet: {error}", CacheWarning)

    def _drop(self, run: JobRun) -> bool:
        with self._lock:
            return self._runs.pop(run.job.id, None) is not None

    def _wake(self, run: JobRun) -> None:
        with self._lock:
            self._unwritten[run.job.id] = run
        self._watch.wake()

    def _look(self) -> float | None:
        """Write what is due, obey other servers, tell followers; see `Watch`."""
        now = time.monotonic()
        wait_s = self._write_due(now)
        try:
            if now - self._looked_at >= _LOOK_S:
                self._looked_at = now
                self._heed_others()
            self._followers.tell(self._read)
        except CacheError as error:
            warn(f"jobs: what other servers do cannot be seen: {error}", CacheWarning)
        return wait_s if self._runs or self._followers else None

    def _write_due(self, now: float) -> float:
        """Write down what is due; return how long the rest may wait."""
        with self._lock:
            unwritten, self._unwritten = self._unwritten, {}
        wait_s = _LOOK_S
        for id_, run in unwritten.items():
            due_in_s = run.due_in_s(now)
            if due_in_s:
                wait_s = min(wait_s, due_in_s)
                with self._lock:
                    self._unwritten[id_] = run
            elif due_in_s is not None:
                self._write(run)
        return wait_s

    def _heed_others(self) -> None:
        """Cancel what other servers were asked to, and see what happened to their jobs."""
        if self._runs:
            for id_ in self._journal.cancels_asked(self._owner()):
                run = self._runs.get(id_)
                if run is not None and not run.is_cancel_asked:
                    run.cancel()
        others = self._followers.jobs() - self._runs.keys()
        if others:
            self._lose_orphans()
            self._followers.mark(others)

    def _read(self, id_: str, after: int) -> tuple[list[JobEvent], bool]:
        found = self._journal.get(id_)  # first: all events of one that has ended are there then
        return self._journal.events(id_, after), found is None or found[0].is_ended

    def _found(self, id_: str) -> tuple[Job, str]:
        found = self._journal.get(id_)
        if found is None:
            text = "it was never submitted, or it ended long ago and is forgotten"
            raise JobNotFoundError(f"there is no job {id_}: {text}; GET the list of jobs")
        return found

    def _owner(self) -> str:
        try:
            return self._server.name
        except OSError as error:
            raise CacheError(f"jobs cannot be kept in {self.path}: {error}") from error

    def _lose_orphans(self) -> None:
        """Have the jobs of servers that are dead end as lost."""
        for owner in self._journal.owners():
            if not self._server.is_alive(owner):
                self._journal.lose(owner)

    def _forget(self) -> None:
        before = time.time() - self._keep_s
        self._journal.forget(before=before, most=self._keep_jobs)
