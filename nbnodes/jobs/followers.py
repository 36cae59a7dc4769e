"""Who follows jobs is told each event once, in order, from the one that they ask for."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TypeAlias

from nbnodes.errors import NbnodesWarning, warn
from nbnodes.jobs.job import JobEvent

Listener: TypeAlias = Callable[[JobEvent], None]
Read: TypeAlias = Callable[[str, int], tuple[list[JobEvent], bool]]
"""Returns a Job's events after a number, and whether none will follow them."""


@dataclass(eq=False, slots=True)
class _Follower:
    job: str
    number: int  # of the last event that it was told
    listener: Listener


class Followers:
    """Those who follow jobs. Each has a place of its own in what is written; nothing is queued."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._all: set[_Follower] = set()
        self._due: set[_Follower] = set()

    def __bool__(self) -> bool:
        return bool(self._all)

    def add(self, job: str, after: int, listener: Listener) -> Callable[[], None]:
        """Have a listener told of a Job's events after a number; return what ends that."""
        follower = _Follower(job, after, listener)
        with self._lock:
            self._all.add(follower)
            self._due.add(follower)
        return lambda: self._drop(follower)

    def mark(self, jobs: Iterable[str]) -> None:
        """Note that there may be more to tell of some jobs."""
        chosen = set(jobs)
        with self._lock:
            self._due |= {follower for follower in self._all if follower.job in chosen}

    def jobs(self) -> set[str]:
        """Return which jobs are followed."""
        with self._lock:
            return {follower.job for follower in self._all}

    def tell(self, read: Read) -> None:
        """Tell those for whom there may be more; from one thread at a time."""
        with self._lock:
            due, self._due = self._due, set()
        while due:
            follower = due.pop()
            try:
                events, is_over = read(follower.job, follower.number)
            except BaseException:
                with self._lock:
                    self._due |= {follower, *due} & self._all
                raise
            self._tell(follower, events)
            if is_over:
                self._drop(follower)

    def _tell(self, follower: _Follower, events: Iterable[JobEvent]) -> None:
        for event in events:
            if follower not in self._all:
                return
            follower.number = event.number
            try:
                follower.listener(event)
            except Exception as error:  # noqa: BLE001  # a listener's mistake is its own
                self._drop(follower)
                text = f"{type(error).__name__}: {error}; it is told no more"
                warn(f"who followed job {follower.job} raised {text}", NbnodesWarning)

    def _drop(self, follower: _Follower) -> None:
        with self._lock:
            self._all.discard(follower)
            self._due.discard(follower)
