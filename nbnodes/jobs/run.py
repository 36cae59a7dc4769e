"""What a run tells of itself becomes a Job's states and events, with a pace at which they last."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import replace
from typing import Any, Protocol, TypeAlias

from nbnodes.engines.engine import Progress
from nbnodes.jobs.job import EventKind, Job, begun, ended, state_event
from nbnodes.result import Result

Happening: TypeAlias = tuple[EventKind, dict[str, Any]]
Pending: TypeAlias = dict[tuple[str, str], Happening]
_SHORTEST_S = 0.1  # between two writes of how far it is
_SHARE = 1 / 1000  # and of the time it has run: a day's job has some thousand events, not a million
_RETRY_S = 1.0


class JobReport(Protocol):
    """What `start` is given: by it a run tells of itself, on any thread. No method raises."""

    def begun(self) -> None:
        """The run has begun; also told by its first progress."""

    def on_progress(self, progress: Progress) -> None:
        """Tell how far it is; see `nbnodes.engines.engine.RunRequest`."""

    def on_node(self, name: str, state: str) -> None:
        """Tell that a node of its graph is in a state now."""


class JobRun:
    """A Job that this process runs: how it is, and what of that is not written down yet.

    It is a JobReport. Of several things told between two writes the last one stands, by node.

    Args:
        job: The Job, queued.
        write: Writes down what is pending, now; called when the Job's state changed.
        wake: Has it written when it is due; called when something became pending.
    """

    def __init__(
        self, job: Job, *, write: Callable[[JobRun], None], wake: Callable[[JobRun], None]
    ) -> None:
        self.job = job
        self.writing = threading.Lock()
        self.number = 2  # of the next event; that it is queued was the first
        self.is_cancel_asked = False
        self._write, self._wake = write, wake
        self._lock = threading.Lock()
        self._pending: Pending = {}
        self._future: Future[Result] | None = None
        self._kept = job
        self._begun_at = self._due_at = time.monotonic()

    @property
    def seen(self) -> Job:
        """The Job as anybody may know it: in no state that is not on disk."""
        job, kept = self.job, self._kept
        return job if job.state == kept.state else kept

    def begun(self) -> None:
        """See `JobReport.begun`."""
        if self._move(begun):
            self._begun_at = time.monotonic()
            self._write(self)

    def on_progress(self, progress: Progress) -> None:
        """See `JobReport.on_progress`."""
        self.begun()
        told: dict[str, Any] = {"done": progress.done, "total": progress.total}
        told |= {"part": progress.part, "cell": str(progress.said) if progress.said else ""}
        self._tell(("progress", ""), ("progress", told), **told)

    def on_node(self, name: str, state: str) -> None:
        """See `JobReport.on_node`."""
        nodes = {**self.job.progress.nodes, name: state}
        self._tell(("node", name), ("node", {"name": name, "state": state}), nodes=nodes)

    def end(self, outcome: dict[str, Any]) -> bool:
        """Have the Job end; False if it has. To be written then."""
        return self._move(lambda job, at: ended(job, outcome, at))

    def give(self, future: Future[Result]) -> None:
        """Say what makes it; it is cancelled, if it was to be before it had begun."""
        with self._lock:
            self._future = future
            is_unwanted = self.is_cancel_asked or self.job.is_ended
        if is_unwanted:
            future.cancel()

    def cancel(self) -> None:
        """Stop the run; the Job ends when that does."""
        with self._lock:
            self.is_cancel_asked = True
        self.stop()

    def stop(self) -> None:
        """Stop the run, whatever becomes of the Job."""
        with self._lock:
            future = self._future
        if future is not None:
            future.cancel()

    def due_in_s(self, now: float) -> float | None:
        """Return how long what is pending may wait, at a monotonic time; None: nothing is."""
        return max(0.0, self._due_at - now) if self._pending else None

    def take(self) -> tuple[Job, Pending]:
        """Return how the Job is and what is pending, to be written; within `writing`."""
        with self._lock:
            taken, self._pending = self._pending, {}
            return self.job, taken

    def written(self, job: Job, taken: Pending, now: float) -> None:
        """Note that the Job, and what was taken, is on disk."""
        self._kept = job
        self.number += len(taken)
        self._due_at = now + pause_s(now - self._begun_at)

    def put_back(self, taken: Pending, now: float) -> None:
        """Note that what was taken could not be written."""
        with self._lock:
            self._pending = {**taken, **self._pending}
            self._due_at = now + _RETRY_S
        self._wake(self)

    def _move(self, step: Callable[[Job, float], Job]) -> bool:
        at = time.time()
        with self._lock:
            before, self.job = self.job, step(self.job, at)
            if self.job is before:
                return False
            self._pending["state", self.job.state] = state_event(self.job, at)
            return True

    def _tell(self, place: tuple[str, str], happening: Happening, **fields: Any) -> None:
        with self._lock:
            if self.job.is_ended:
                return
            self.job = replace(self.job, progress=replace(self.job.progress, **fields))
            was_empty = not self._pending
            self._pending.pop(place, None)
            self._pending[place] = happening
        if was_empty:
            self._wake(self)


def pause_s(run_s: float) -> float:
    """Return how long what a run says of itself waits for the next write, by how long it ran."""
    return max(_SHORTEST_S, run_s * _SHARE)
