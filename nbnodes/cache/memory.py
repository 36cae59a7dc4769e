"""A CacheStore in this process's memory: for tests, and for sessions that leave nothing behind."""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Hashable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace

from nbnodes.cache import spans
from nbnodes.cache.eviction import victims
from nbnodes.cache.store import Bound, Entry, EntryFacts, Link, Span
from nbnodes.errors import Interruption
from nbnodes.result import CacheKey

_TICK_S = 0.05


class MemoryStore:
    """Keeps Results while it lives. See `nbnodes.cache.store.CacheStore`."""

    location = "memory"

    def __init__(self, *, limit_bytes: int = 2_000_000_000) -> None:
        self._limit_bytes = limit_bytes
        self._changed = threading.Condition()
        self._payloads: dict[CacheKey, bytes] = {}
        self._facts: dict[CacheKey, EntryFacts] = {}
        self._size_bytes = 0
        self._flying: set[CacheKey] = set()
        self._index: sqlite3.Connection | None = None  # of spans, and of the entries that have one
        self._links: dict[str, Link] = {}
        self._switched_off: dict[str, str] = {}
        self._gone_count = 0

    @property
    def edition(self) -> Hashable:
        """See `CacheStore.edition`."""
        return self._gone_count

    def get(self, key: CacheKey) -> bytes | None:
        """See `CacheStore.get`."""
        with self._changed:
            if key in self._facts:
                self._facts[key] = replace(self._facts[key], last_used_at=time.time())
            return self._payloads.get(key)

    def lacks(self, key: CacheKey) -> bool:
        """See `CacheStore.lacks`."""
        return key not in self._payloads

    def put(self, entry: Entry) -> None:
        """See `CacheStore.put`."""
        now = time.time()
        with self._changed:
            self._gone_count += entry.key in self._payloads
            self._size_bytes += len(entry.payload) - len(self._payloads.get(entry.key, b""))
            self._payloads[entry.key] = entry.payload
            self._facts[entry.key] = EntryFacts(
                key=entry.key,
                notebook=entry.notebook,
                family=entry.family,
                size_bytes=len(entry.payload),
                cost_s=entry.cost_s,
                created_at=now,
                last_used_at=now,
                parts=entry.parts,
            )
            is_full = self._size_bytes > self._limit_bytes
        if is_full:
            self.collect_garbage()

    def delete(self, keys: Iterable[CacheKey]) -> int:
        """See `CacheStore.delete`."""
        with self._changed:
            found = [key for key in dict.fromkeys(keys) if key in self._payloads]
            self._gone_count += len(found)
            for key in found:
                self._size_bytes -= len(self._payloads.pop(key))
                del self._facts[key]
                if self._index is not None:
                    self._index.execute(spans.DROP_ENTRY, (key,))
            return len(found)

    def facts(self, family: str | None = None) -> list[EntryFacts]:
        """See `CacheStore.facts`."""
        with self._changed:
            chosen = [f for f in self._facts.values() if family in (None, f.family)]
        return sorted(chosen, key=lambda f: f.last_used_at, reverse=True)

    def collect_garbage(self, limit_bytes: int | None = None) -> int:
        """See `CacheStore.collect_garbage`."""
        limit_bytes = self._limit_bytes if limit_bytes is None else limit_bytes
        facts = self.facts()
        chosen = set(victims(facts, limit_bytes, time.time()))
        self.delete(chosen)
        return sum(f.size_bytes for f in facts if f.key in chosen)

    def verify(self) -> list[str]:
        """See `CacheStore.verify`: memory is taken at its word."""
        return []

    @contextmanager
    def flight(self, key: CacheKey, interruption: Interruption) -> Iterator[None]:
        """See `CacheStore.flight`."""
        with self._changed:
            while key in self._flying:
                error = interruption()
                if error:
                    raise error
                self._changed.wait(_TICK_S)
            self._flying.add(key)
        try:
            yield
        finally:
            with self._changed:
                self._flying.discard(key)
                self._changed.notify_all()

    def put_link(self, link: Link, *names: str) -> None:
        """See `CacheStore.put_link`."""
        with self._changed:
            if link.key in self._payloads:
                self._links |= dict.fromkeys(names, link)

    def link(self, name: str) -> Link | None:
        """See `CacheStore.link`."""
        with self._changed:
            link = self._links.get(name)
            if link is None or link.key in self._payloads:
                return link
            del self._links[name]
            return None

    def put_span(self, span: Span) -> None:
        """See `CacheStore.put_span`."""
        with self._changed:
            if span.key not in self._payloads:
                return
            if self._index is None:
                self._index = spans.open_index()
            self._index.execute(spans.PUT_ENTRY, (span.key,))
            spans.put(self._index, span)

    def spans(self, family: str, low: Bound, high: Bound) -> list[Span]:
        """See `CacheStore.spans`."""
        with self._changed:
            return [] if self._index is None else spans.find(self._index, family, low, high)

    def switch_off(self, family: str, reason: str) -> None:
        """See `CacheStore.switch_off`."""
        with self._changed:
            self._switched_off[family] = reason

    def switch_on(self, family: str) -> bool:
        """See `CacheStore.switch_on`."""
        with self._changed:
            return self._switched_off.pop(family, None) is not None

    def switched_off(self) -> dict[str, str]:
        """See `CacheStore.switched_off`."""
        with self._changed:
            return dict(sorted(self._switched_off.items()))

    def close(self) -> None:
        """See `CacheStore.close`."""
