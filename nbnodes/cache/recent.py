"""The payloads used last, in memory, in front of the index."""

from __future__ import annotations

from collections import OrderedDict

from nbnodes.result import CacheKey


class RecentPayloads:
    """The last used payloads, as long as no other connection has changed the index.

    Not thread-safe: its owner locks.

    Args:
        limit_bytes: The oldest go when all together are larger.
    """

    def __init__(self, limit_bytes: int) -> None:
        self._limit_bytes = limit_bytes
        self._size_bytes = 0
        self._version: object = None
        self._payloads: OrderedDict[CacheKey, bytes] = OrderedDict()

    def validate(self, version: object) -> None:
        """Forget everything if the index is no longer the version that was seen last."""
        if version != self._version:
            self.clear()
            self._version = version

    def get(self, key: CacheKey) -> bytes | None:
        """Return a payload, which then is the most recent."""
        payload = self._payloads.get(key)
        if payload is not None:
            self._payloads.move_to_end(key)
        return payload

    def put(self, key: CacheKey, payload: bytes) -> None:
        """Remember a payload, unless it alone would push out most others."""
        self.drop(key)
        if len(payload) > self._limit_bytes // 4:
            return
        self._payloads[key] = payload
        self._size_bytes += len(payload)
        while self._size_bytes > self._limit_bytes:
            _, dropped = self._payloads.popitem(last=False)
            self._size_bytes -= len(dropped)

    def drop(self, key: CacheKey) -> None:
        """Forget a payload."""
        self._size_bytes -= len(self._payloads.pop(key, b""))

    def clear(self) -> None:
        """Forget everything."""
        self._payloads.clear()
        self._size_bytes = 0
