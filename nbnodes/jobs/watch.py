"""A thread that looks after something while there is something to look after, and else is none."""

from __future__ import annotations

import threading
from collections.abc import Callable


class Watch:
    """Looks when it is woken, and whenever the last look asked for it.

    Args:
        look: Does what is due; returns in how many seconds to look again, None for not at all.
    """

    def __init__(self, look: Callable[[], float | None]) -> None:
        self._look = look
        self._condition = threading.Condition()
        self._thread: threading.Thread | None = None
        self._is_woken = self._is_closed = False

    def wake(self) -> None:
        """Look soon."""
        with self._condition:
            self._is_woken = True
            if self._thread is None and not self._is_closed:
                self._thread = threading.Thread(target=self._run, name="nbnodes-jobs", daemon=True)
                self._thread.start()
            self._condition.notify()

    def close(self) -> None:
        """Look no more; wait for a look that is under way."""
        with self._condition:
            self._is_closed = True
            thread = self._thread
            self._condition.notify()
        if thread is not None and thread is not threading.current_thread():
            thread.join()

    def _run(self) -> None:
        try:
            while self._is_wanted():
                self._wait(self._look())
        except BaseException:
            with self._condition:
                self._thread = None  # the next call begins another
            raise

    def _is_wanted(self) -> bool:
        """Whether to look; once it is not, this is no longer the thread that does."""
        with self._condition:
            if self._is_woken and not self._is_closed:
                self._is_woken = False
                return True
            self._thread = None
            return False

    def _wait(self, wait_s: float | None) -> None:
        with self._condition:
            if wait_s is None or self._is_woken or self._is_closed:
                return
            self._condition.wait(wait_s)
            self._is_woken = True
