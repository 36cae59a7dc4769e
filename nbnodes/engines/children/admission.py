"""Lets runs begin while there is room for them: so many at once, and as memory allows."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from nbnodes.engines.children.free_memory import available_bytes
from nbnodes.errors import Interruption

_TICK_S = 0.05  # how often memory, deadline and cancellation are looked at while waiting
_SMALL_BYTES = 50_000_000  # runs below this are let in without a look at the memory
_RESERVE = 1.25  # what is asked to be free, to what a run has taken before


class Admission:
    """Counts the runs that go on, and what memory they may take. Safe from several threads.

    What a run is expected to take is kept for it until it ends: it may not have taken it yet.

    Args:
        most: How many may go on at once.
        available: Gives the free memory in bytes.
    """

    def __init__(self, most: int, available: Callable[[], int | None] = available_bytes) -> None:
        self._most = most
        self._available = available
        self._changed = threading.Condition()
        self._running = 0
        self._kept_bytes = 0  # for those that go on
        self._free_bytes = 0  # before they took any, as far as was seen

    @contextmanager
    def admitted(self, interruption: Interruption, expected_bytes: int) -> Iterator[None]:
        """Be one of the runs that go on, in a block; wait for room before. One always may.

        Args:
            interruption: Says why to stop waiting, as the error to raise.
            expected_bytes: The memory that the run is expected to take.

        Raises:
            EngineError: What `interruption` returned.
        """
        with self._changed:
            while not self._has_room(expected_bytes):
                error = interruption()
                if error:
                    raise error
                self._changed.wait(_TICK_S)
            self._running += 1
            self._kept_bytes += expected_bytes
        try:
            yield
        finally:
            with self._changed:
                self._running -= 1
                self._kept_bytes -= expected_bytes
                if not self._running:
                    self._free_bytes = 0
                self._changed.notify()

    def _has_room(self, expected_bytes: int) -> bool:
        if self._running and self._running >= self._most:
            return False
        if expected_bytes < _SMALL_BYTES:
            return True
        available = self._available()
        if available is None:
            return True
        self._free_bytes = max(available, self._free_bytes)
        left = min(available, self._free_bytes - self._kept_bytes)
        return not self._running or left > _RESERVE * expected_bytes
