"""Lets runs begin while there is room for them: so many at once, and as memory allows."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from nbnodes.errors import Interruption

_TICK_S = 0.05  # how often memory, deadline and cancellation are looked at while waiting
_SMALL_BYTES = 50_000_000  # runs below this are let in without a look at the memory
_RESERVE = 1.25  # what is asked to be free, to what a run has taken before


def available_bytes() -> int | None:
    """Return how much memory this process and its children may still take; None if unknown.

    Linux's own estimate (`MemAvailable`, proc(5)), or what the control group leaves (cgroups(7)).
    """
    limits = [_meminfo(), _cgroup()]
    return min((limit for limit in limits if limit is not None), default=None)


class Admission:
    """Counts the runs that go on. Safe from several threads.

    Args:
        most: How many may go on at once.
        available: Gives the free memory in bytes.
    """

    def __init__(self, most: int, available: Callable[[], int | None] = available_bytes) -> None:
        self._most = most
        self._available = available
        self._changed = threading.Condition()
        self._running = 0

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
        try:
            yield
        finally:
            with self._changed:
                self._running -= 1
                self._changed.notify()

    def _has_room(self, expected_bytes: int) -> bool:
        if not self._running:
            return True
        if self._running >= self._most:
            return False
        if expected_bytes < _SMALL_BYTES:
            return True
        available = self._available()
        return available is None or available > _RESERVE * expected_bytes


def _meminfo() -> int | None:
    try:
        with open("/proc/meminfo", encoding="ascii") as file:
            fields = dict(line.split(":", 1) for line in file)
    except OSError:
        return None
    found = fields.get("MemAvailable")
    return int(found.split()[0]) * 1024 if found else None


def _cgroup() -> int | None:
    numbers = []
    for name in ("memory.max", "memory.current"):
        try:
            with open(os.path.join("/sys/fs/cgroup", name), encoding="ascii") as file:
                numbers.append(int(file.read()))
        except (OSError, ValueError):  # no such group, or "max"
            return None
    return numbers[0] - numbers[1]
