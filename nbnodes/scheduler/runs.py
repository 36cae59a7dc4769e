"""Which keys are wanted, by whom, which run and which wait for a worker. Pure."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field

Rank = tuple[int, int]
"""What goes first: the lower; priority first, then the place in the graph."""


@dataclass(slots=True)
class _Run:
    """A run under way.

    Attributes:
        wanted: Nodes that wait for its key.
        perhaps: Nodes that began it and whose key is not known again since something changed.
        is_stopping: Whether it was interrupted.
    """

    wanted: set[str]
    perhaps: set[str] = field(default_factory=set)
    is_stopping: bool = False


class Runs:
    """The runs under way, at most one for a key, and those that wait for a worker.

    Args:
        workers: How many may be under way at once.
    """

    def __init__(self, workers: int) -> None:
        self._workers = workers
        self._running: dict[str, _Run] = {}
        self._waiting: dict[str, set[str]] = {}
        self._queue: list[tuple[Rank, str]] = []

    @property
    def is_idle(self) -> bool:
        """Whether nothing is under way or waits."""
        return not self._running and not self._waiting

    def wanting(self, key: str) -> set[str]:
        """Return the nodes that wait for a key, under way or not."""
        run = self._running.get(key)
        return (run.wanted if run else set()) | self._waiting.get(key, set())

    def want(self, key: str, name: str, rank: Rank) -> bool:
        """Have a node wait for a key; return whether its run is under way."""
        run = self._running.get(key)
        if run and not run.is_stopping:
            run.wanted.add(name)
            run.perhaps.discard(name)
            return True
        if key not in self._waiting:
            self._waiting[key] = set()
        self._waiting[key].add(name)
        heapq.heappush(self._queue, (rank, key))
        return False

    def leave(self, key: str, name: str, *, perhaps: bool) -> None:
        """Have a node wait for a key no more; `perhaps`: it may turn out to need it again."""
        run = self._running.get(key)
        if run and name in run.wanted:
            run.wanted.discard(name)
            if perhaps:
                run.perhaps.add(name)
        waiting = self._waiting.get(key)
        if waiting is not None:
            waiting.discard(name)
            if not waiting:
                del self._waiting[key]

    def forget(self, name: str, *, but: str = "") -> None:
        """Note that a node needs none of the runs that it began, but perhaps one."""
        for key, run in self._running.items():
            if key != but:
                run.perhaps.discard(name)

    def keep_perhaps(self, is_open: Callable[[str], bool]) -> None:
        """Forget the nodes whose key is known, or that are not needed."""
        for run in self._running.values():
            run.perhaps = {name for name in run.perhaps if is_open(name)}

    def begin(self) -> Iterator[tuple[str, str]]:
        """Begin what there are workers for; yield each key, and the node to run for it."""
        held = []
        while self._queue and len(self._running) < self._workers:
            rank, key = heapq.heappop(self._queue)
            if key in self._running:  # it is being stopped; begun again when it has ended
                held.append((rank, key))
            elif key in self._waiting:
                names = self._waiting.pop(key)
                self._running[key] = _Run(wanted=names)
                yield key, min(names)
        for one in held:
            heapq.heappush(self._queue, one)

    def end(self, key: str, *, is_known: bool) -> set[str]:
        """Note that a run has ended.

        Args:
            key: Its key.
            is_known: Whether its outcome is known, so that nobody needs to wait for it any more.

        Returns:
            The nodes that waited for it.
        """
        names = self._running.pop(key).wanted
        if is_known:
            names |= self._waiting.pop(key, set())
        return names

    def unwanted(self) -> Iterator[str]:
        """Mark as stopping, and yield, the runs that nobody needs.

        One that somebody may need gives way when others wait and there is no worker.
        """
        for key, run in self._running.items():
            if run.is_stopping or run.wanted or (run.perhaps and not self._is_short):
                continue
            run.is_stopping = True
            yield key

    @property
    def _is_short(self) -> bool:
        """Whether others wait and there is no worker, nor one that is about to be free."""
        is_freed = any(run.is_stopping for run in self._running.values())
        is_awaited = any(key not in self._running for key in self._waiting)
        return len(self._running) >= self._workers and is_awaited and not is_freed

    def problems(self, needed: Collection[str]) -> list[str]:
        """Say which of its own rules it breaks, for tests; `needed`: nodes without an answer."""
        found = [
            f"{key} runs, and nobody needs it"
            for key, run in self._running.items()
            if not run.is_stopping and not (run.wanted | run.perhaps) & set(needed)
        ]
        if len(self._running) > self._workers:
            found.append(f"{len(self._running)} runs on {self._workers} workers")
        queued = {key for _, key in self._queue}
        found += [f"{key} waits in no queue" for key in self._waiting if key not in queued]
        return found
