"""Runs on worker threads: a call goes in, a RunFuture comes out that can still be stopped."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from contextvars import copy_context
from functools import partial

from nbnodes.engines.engine import CancelToken
from nbnodes.engines.threads import at_exit, fulfil
from nbnodes.result import Result

_IDLE_S = 1.0


class RunFuture(Future[Result]):
    """A run under way. `cancel` stops it even once begun; it then ends in RunCancelledError."""

    def __init__(self, cancel: CancelToken) -> None:
        super().__init__()
        self._cancel = cancel

    def cancel(self) -> bool:
        """Stop the run, unless others want it; False if it has ended already."""
        if self.done():  # what stopped it may serve others by now
            return super().cancel()
        super().cancel()  # it has not begun
        self._cancel.cancel()
        return True


class Workers:
    """At most so many threads, which make runs in the order they were submitted.

    A thread begins with a run and ends when there has been none to make for a while: to start one
    takes as long as to make many a run. At the end of the program, all are closed.
    """

    def __init__(self, count: int) -> None:
        self._count = count
        self._changed = threading.Condition()
        self._idle = 0
        self._waiting: deque[tuple[RunFuture, Callable[[], None]]] = deque()
        self._threads: dict[threading.Thread, RunFuture | None] = {}  # and what each one runs
        self._is_closed = False
        self._forget_exit = at_exit(self.close)

    def submit(
        self, run: Callable[[], Result], cancel: CancelToken, future: RunFuture | None = None
    ) -> RunFuture:
        """Make a run on a worker; once they are closed, it is cancelled.

        Args:
            run: Makes it.
            cancel: Stops it.
            future: What is given its Result; None for a new one.
        """
        future = future or RunFuture(cancel)
        with self._changed:
            if self._is_closed:
                future.cancel()
                return future
            self._waiting.append((future, partial(copy_context().run, fulfil, future, run)))
            if len(self._waiting) <= self._idle:
                self._changed.notify()
            elif len(self._threads) < self._count:
                thread = threading.Thread(target=self._work, name="nbnodes-worker", daemon=True)
                self._threads[thread] = None
                thread.start()
        return future

    def close(self) -> None:
        """Stop what runs, and wait for its end; what has not begun never will."""
        with self._changed:
            self._is_closed = True
            self._changed.notify_all()
            futures = [future for future, _ in self._waiting]
            futures += [future for future in self._threads.values() if future]
            threads = set(self._threads) - {threading.current_thread()}
        for future in futures:
            future.cancel()
        for thread in threads:
            thread.join()
        self._forget_exit()

    def _work(self) -> None:
        while make := self._next():
            make()
            del make  # what it holds must not live as long as the thread

    def _next(self) -> Callable[[], None] | None:
        """Return the next run to make; None, and no longer a worker, if none comes."""
        thread = threading.current_thread()
        with self._changed:
            self._threads[thread] = None
            self._idle += 1
            self._changed.wait_for(lambda: self._waiting or self._is_closed, _IDLE_S)
            self._idle -= 1
            if not self._waiting:
                del self._threads[thread]
                return None
            self._threads[thread], make = self._waiting.popleft()
            return make
