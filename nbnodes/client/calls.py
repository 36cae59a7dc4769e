"""Calls of a server's models: the threads on which they wait, and the jobs that they follow."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable
from functools import partial
from typing import Any

from nbnodes.client.server import Server
from nbnodes.engines.engine import CancelToken, Progress
from nbnodes.engines.threads import at_exit
from nbnodes.errors import NbnodesError
from nbnodes.result import Result
from nbnodes.scheduler.workers import RunFuture, Workers

_AT_ONCE = 64  # calls that wait on threads of ours, and jobs that are followed


class JobFuture(RunFuture):
    """The Result of a job; `cancel` stops the job on the server.

    Attributes:
        job: The job's id; `Client.job` follows it from anywhere.
    """

    def __init__(self, job: str, cancel: CancelToken) -> None:
        super().__init__(cancel)
        self.job = job


class Calls:
    """What the models of one server share. Safe from several threads.

    Args:
        server: Where they run.
    """

    def __init__(self, server: Server) -> None:
        self.server = server
        self._lock = threading.Lock()
        self._workers: dict[str, Workers] = {}
        self._forget_exit: Callable[[], None] = _nothing

    def submit(self, call: Callable[[], Result], cancel: CancelToken) -> RunFuture:
        """Wait for a call on another thread."""
        return self._of("calls").submit(call, cancel)

    def followed(
        self, job: str, name: str, on_progress: Callable[[Progress], None] | None
    ) -> JobFuture:
        """Follow a job on another thread.

        Args:
            job: Its id.
            name: What it runs.
            on_progress: Hears how far it is.
        """
        cancel = CancelToken()
        cancel.on_cancel(partial(self.stop_job, job))
        future = JobFuture(job, cancel)
        follow = partial(self.server.outcome, job, name, cancel, on_progress or unheard)
        self._of("jobs").submit(follow, cancel, future)
        return future

    def awaited(
        self, job: str, name: str, cancel: CancelToken, on_progress: Callable[[Progress], None]
    ) -> Result:
        """Follow a job that nobody else waits for: it ends with the waiting."""
        cancel.on_cancel(partial(self.stop_job, job))
        try:
            return self.server.outcome(job, name, cancel, on_progress)
        except BaseException:
            cancel.cancel()
            raise

    def stop_job(self, job: str) -> None:
        """Stop a job, if the server is there; once this is closed, jobs go on."""
        if not self.server.connections.is_closed:
            with contextlib.suppress(NbnodesError):
                self.server.delete_job(job)

    def close(self) -> None:
        """End all connections. Jobs go on; calls under way end in an error."""
        self.server.connections.close()
        self._forget_exit()
        with self._lock:
            all_workers = tuple(self._workers.values())
        for workers in all_workers:
            workers.close()

    def _of(self, kind: str) -> Workers:
        with self._lock:
            if kind not in self._workers:
                self._workers[kind] = Workers(_AT_ONCE)
                self._forget_exit()
                self._forget_exit = at_exit(self.close)  # before theirs: jobs must go on
            return self._workers[kind]


def unheard(_: Any) -> None:
    """Hear nothing."""


def _nothing() -> None:
    """Do nothing."""
