"""Where children come from without a fork: new interpreters, started ahead of time, for one run.

They cost a start and the imports each, which passes while nobody waits; what they run, and how the
caller sees it, is what a forked child runs.
"""

from __future__ import annotations

import sys
import threading
from collections import deque
from collections.abc import Iterable
from contextlib import suppress

from nbnodes.engines.children.child import Child
from nbnodes.engines.children.nursery import END_S
from nbnodes.engines.children.origin import Origin
from nbnodes.engines.children.pumped import start_pumped
from nbnodes.engines.children.spawning import Spawned, start
from nbnodes.engines.families import MARK
from nbnodes.engines.guard import Guard
from nbnodes.errors import Interruption, NotBegunError

_start = start_pumped if sys.platform == "win32" else start
_ORDERLY = (0, -9)  # exit codes of who came to its end, or was killed as all are


class Workers:
    """Spawned workers, some of them ready. Safe from several threads.

    Offers what `children.nursery.Nursery` offers. A thread awaits the end of each worker:
    its connection alone does not tell, as a process that the notebook started may keep it open.

    Args:
        spares: How many workers wait for jobs.
        refused: Names of modules that are not to be imported ahead; those that may have ended a
            worker are added.

    Attributes:
        origin: What they are started with.
    """

    def __init__(self, spares: int, refused: set[str]) -> None:
        self.origin = Origin.of_now()
        self._spares = spares
        self._guard = Guard()
        self._changed = threading.Condition()
        self._ready: deque[Spawned] = deque()
        self._leased: dict[Child, Spawned] = {}
        self._watchers: dict[Spawned, threading.Thread] = {}
        self._refused = refused
        self._preloaded: dict[str, None] = {}  # a set that keeps order
        self._is_dead = self._is_retired = False
        with self._changed:
            self._fill()

    @property
    def is_dead(self) -> bool:
        """Whether it is closed: a worker that dies is replaced."""
        return self._is_dead

    def preload(self, names: Iterable[str]) -> None:
        """Have modules imported in workers while they wait."""
        with self._changed:
            new = [n for n in names if n not in self._preloaded and n not in self._refused]
            if not new or self._is_dead:
                return
            self._preloaded.update(dict.fromkeys(new))
            for child in self._ready:
                child.prepare(new)

    def expected_bytes(self, what: str) -> int:
        """Return 0: nothing is known of the memory that a run takes.

        What the system tells of a spawned process counts the memory of who spawned it
        (getrusage(2), vfork(2)).
        """
        del what
        return 0

    def lease(self, interruption: Interruption, what: str) -> Child:
        """Return a worker, for one job; it may still be starting.

        Raises:
            EngineError: What `interruption` returned, or that there is no worker.
        """
        del what
        error = interruption()
        if error:
            raise error
        with self._changed:
            if self._is_dead:
                raise NotBegunError("the engine has been closed")
            child = self._ready.popleft() if self._ready else self._started()
            self._leased[child] = child
            return child

    def give_back(self, child: Child, *, await_end: bool) -> int | None:
        """Kill what is left of a worker's run; another takes its place.

        Returns:
            Its exit code; None if it is not awaited.
        """
        child.close()
        with self._changed:
            spawned = self._leased.pop(child)
            spawned.kill()
            if await_end:
                self._changed.wait_for(lambda: spawned.exit_code is not None, END_S)
            is_over = self._is_retired and not self._leased
        if is_over:
            self.close()
        return spawned.exit_code if await_end else None

    def abandon(self) -> None:
        """In a process forked from the one that has them: let go of them."""
        self._is_dead = True
        for child in self._ready:
            child.close()
        self._guard.abandon()

    def retire(self) -> None:
        """Close as soon as no run goes on."""
        with self._changed:
            self._is_retired = True
            is_idle = not self._leased
        if is_idle:
            self.close()

    def close(self) -> None:
        """End every worker."""
        with self._changed:
            self._is_dead = True
            for child in self._ready:
                child.close()
            self._ready.clear()
            for child in self._watchers:
                child.kill()
            watchers = list(self._watchers.values())
        for watcher in watchers:
            watcher.join()
        self._guard.close()

    def _fill(self) -> None:
        """Start as many workers as are to wait."""
        with suppress(NotBegunError):  # whoever needs one will be told
            while len(self._ready) < self._spares and not self._is_dead:
                self._ready.append(self._started())

    def _started(self) -> Spawned:
        try:
            child = _start({**self.origin.environment, MARK: self._guard.new_mark()})
        except OSError as error:
            raise NotBegunError(f"no process can be started: {error}") from error
        self._guard.watch(child.pid)
        watcher = threading.Thread(
            target=self._watch, args=[child], name="nbnodes-worker", daemon=True
        )
        self._watchers[child] = watcher
        watcher.start()
        if self._preloaded:
            child.prepare(self._preloaded)
        return child

    def _watch(self, child: Spawned) -> None:
        """Await a worker's end; start another, off the thread that waits for a Result."""
        child.await_end()
        child.kill_left()
        with self._changed:
            self._guard.forget(child.pid)
            child.reap()
            del self._watchers[child]
            was_spare = child in self._ready
            if was_spare:  # not replaced before somebody needs one: it might die in the same way
                self._ready.remove(child)
                child.close()
            if was_spare or child.exit_code not in _ORDERLY:
                self._refused.update(self._preloaded)  # one of these imports may have ended it
                self._preloaded.clear()
            self._changed.notify_all()
            if not was_spare:
                self._fill()
