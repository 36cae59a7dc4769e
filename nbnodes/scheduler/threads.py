"""Threads that do one thing after another: a run goes in, and a thread that is idle takes it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from queue import Empty, SimpleQueue
from typing import TypeAlias

_IDLE_S = 1.0

_Inbox: TypeAlias = "SimpleQueue[Callable[[], None] | None]"


class RunThreads:
    """As many threads as are needed at once; one that has nothing to do waits a while, then ends.

    To start a thread takes as long as to run many a function.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._idle: list[_Inbox] = []

    def start(self, work: Callable[[], None]) -> None:
        """Have something done on a thread; `work` must not raise."""
        with self._lock:
            inbox = self._idle.pop() if self._idle else None
        if inbox is None:
            inbox = SimpleQueue()
            words = (inbox,)
            threading.Thread(
                target=self._serve, args=words, name="nbnodes-run", daemon=True
            ).start()
        inbox.put(work)

    def close(self) -> None:
        """End the threads that are idle; the others end in their time."""
        with self._lock:
            idle, self._idle = self._idle, []
        for inbox in idle:
            inbox.put(None)

    def _serve(self, inbox: _Inbox) -> None:
        while work := self._next(inbox):
            work()
            del work  # what it holds must not live as long as the thread
            with self._lock:
                self._idle.append(inbox)

    def _next(self, inbox: _Inbox) -> Callable[[], None] | None:
        while True:
            try:
                return inbox.get(timeout=_IDLE_S)
            except Empty:
                with self._lock:
                    if inbox in self._idle:
                        self._idle.remove(inbox)
                        return None
