"""Endings: what takes its time to end does so on threads of its own; a server waits for all."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

_log = logging.getLogger("nbnodes.rest")
_THREADS = 4


class Endings:
    """What ends while all else goes on. Safe from several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._threads: ThreadPoolExecutor | None = None
        self._is_closed = False

    def soon(self, end: Callable[[], object]) -> None:
        """Do it soon on another thread; here and now, once this is closed."""
        with self._lock:
            if not self._is_closed:
                if self._threads is None:
                    self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="nbnodes-end")
                self._threads.submit(_told, end)
                return
        end()

    def close(self) -> None:
        """Wait until all have ended."""
        with self._lock:
            self._is_closed = True
        if self._threads is not None:
            self._threads.shutdown(wait=True)


def _told(end: Callable[[], object]) -> None:
    try:
        end()
    except Exception:  # noqa: BLE001  # nobody waits for it who could be told
        _log.exception("a page's graph could not be ended")
