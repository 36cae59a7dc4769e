"""Runs whose every step a test takes itself, and jobs whose server is killed without a process."""

from __future__ import annotations

from typing import Any

from nbnodes.engines.engine import CancelToken
from nbnodes.errors import RunCancelledError
from nbnodes.jobs.jobs import Jobs
from nbnodes.jobs.run import JobReport
from nbnodes.result import CellError, Failure, Success
from nbnodes.scheduler.workers import RunFuture


class ByHand:
    """A run that does what it is told, and stops when it is cancelled, as those of workers do."""

    report: JobReport

    def __init__(self) -> None:
        self.token = CancelToken()
        self.future = RunFuture(self.token)
        self.token.on_cancel(self._stop)

    def start(self, report: JobReport) -> RunFuture:
        self.report = report
        return self.future

    def begin(self) -> None:
        self.future.set_running_or_notify_cancel()
        self.report.begun()

    def succeed(self, value: Any = 42, **fields: Any) -> Success:
        result = Success(name="n", engine="fake", value=value, **fields)
        self.future.set_result(result)
        return result

    def fail(self) -> None:
        error = CellError(ename="ValueError", evalue="no", cell_index=2, traceback=("line",))
        self.future.set_result(Failure(name="n", engine="fake", error=error))

    def _stop(self) -> None:
        if self.future.running():
            self.future.set_exception(RunCancelledError("n: the run was cancelled"))


def unwatched(jobs: Jobs) -> Jobs:
    """Return jobs that look about only when they are told to: nothing moves between two steps."""
    jobs._watch.close()
    return jobs


def look(jobs: Jobs) -> None:
    """Have jobs look about, as their watch does from time to time."""
    jobs._looked_at = 0.0
    jobs._look()


def kill(jobs: Jobs) -> None:
    """Leave jobs as a killed process does: nothing is written, and its locks are gone."""
    jobs._watch.close()
    jobs._forget_exit()
    jobs._journal.close()
    if jobs._server._descriptor is not None:
        import os

        os.close(jobs._server._descriptor)
        jobs._server._descriptor = None
