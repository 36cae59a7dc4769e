"""Children that wait for another run of what they have run, by what that is."""

from __future__ import annotations

from collections.abc import Hashable
from typing import NamedTuple

from nbnodes.engines.children.child import Child


class _Regular(NamedTuple):
    child: Child
    key: Hashable
    what: str


class Regulars:
    """Children whose runs left no trace. They end by themselves when they have waited for long.

    Args:
        most: How many may wait at once.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._waiting: dict[int, _Regular] = {}  # by pid; the last came last

    @property
    def has_room(self) -> bool:
        """Whether another may wait."""
        return len(self._waiting) < self._most

    def add(self, child: Child, key: Hashable, what: str) -> None:
        """Have a child wait.

        Args:
            child: The child.
            key: All that it has run, and where; the values aside.
            what: See `Nursery.lease`.
        """
        self._waiting[child.pid] = _Regular(child, key, what)

    def take(self, key: Hashable) -> Child | None:
        """Return the one that came last of those that have run that; None if there is none."""
        for one in reversed(self._waiting.values()):
            if one.key == key:
                del self._waiting[one.child.pid]
                return one.child
        return None

    def note_end(self, pid: int) -> str | None:
        """Forget a child that has ended; return what ran there, None if it did not wait here."""
        one = self._waiting.pop(pid, None)
        if one is None:
            return None
        one.child.close()
        return one.what

    def close(self) -> None:
        """Close the connections to all of them, so that they end."""
        for one in self._waiting.values():
            one.child.close()
        self._waiting.clear()
