"""Askings from any thread become calls at a bearable pace, the last of them always answered."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

_SHARE = 4  # rests for so many times as long as it works


class Pace:
    """Does one thing soon after it is asked to, on a thread of its own that ends by itself.

    It never does it twice at once, and rests in between: what takes long is done less often.
    What was asked before it begins is answered by it. Safe from several threads.

    Args:
        act: What to do.
        rest_s: How long to rest at least.
    """

    def __init__(self, act: Callable[[], None], *, rest_s: float = 0.1) -> None:
        self._act = act
        self._rest_s = rest_s
        self._lock = threading.Lock()
        self._timer: threading.Timer | None = None
        self._is_asked = self._is_acting = self._is_ended = False
        self._next_at = 0.0  # by the monotonic clock

    def ask(self) -> None:
        """Have it done; returns at once."""
        with self._lock:
            self._is_asked = not self._is_ended
            self._plan()

    def end(self) -> None:
        """Do it no more; may be called twice."""
        with self._lock:
            self._is_ended, self._is_asked = True, False
            if self._timer is not None:
                self._timer.cancel()

    def _plan(self) -> None:
        if not self._is_asked or self._is_acting or self._timer is not None:
            return
        delay_s = max(0.0, self._next_at - time.monotonic())
        self._timer = threading.Timer(delay_s, self._run)
        self._timer.name, self._timer.daemon = "nbnodes-pace", True
        self._timer.start()

    def _run(self) -> None:
        with self._lock:
            self._timer, self._is_asked = None, False
            if self._is_ended:
                return
            self._is_acting = True
        began_at = time.monotonic()
        try:
            self._act()
        finally:
            with self._lock:
                ended_at = time.monotonic()
                rest_s = max(self._rest_s, _SHARE * (ended_at - began_at))
                self._next_at = ended_at + rest_s
                self._is_acting = False
                self._plan()
