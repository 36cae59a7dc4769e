"""The cache's store beside raw sqlite3 and sqlitedict as it ships."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator

from benchmarks.contest import Group, Timed, at_most_times

_PAYLOAD = b"x" * 1000
_KEY = "0" * 64


def cache_groups(folder: str) -> Iterator[Group]:
    """Yield what a read and a write cost."""
    ours, raw = _Ours(os.path.join(folder, "store")), _Raw(os.path.join(folder, "raw.sqlite"))
    shipped = _Shipped(os.path.join(folder, "dict.sqlite"))
    yield Group(
        name="store, get 1 kB",
        goals=(at_most_times("nbnodes store", "raw sqlite3", 3),),
        contenders=(
            Timed(name="nbnodes store", run=ours.get, repeat=500),
            Timed(name="raw sqlite3", run=raw.get, repeat=500),
            Timed(name="sqlitedict as shipped", run=shipped.get, repeat=500),
        ),
    )
    yield Group(
        name="store, put 1 kB",
        goals=(at_most_times("nbnodes store", "sqlitedict as shipped (no fsync)", 3),),
        contenders=(
            Timed(name="nbnodes store", run=ours.put, repeat=100),
            Timed(name="sqlitedict as shipped (no fsync)", run=shipped.put, repeat=100),
        ),
    )


class _Ours:
    def __init__(self, folder: str) -> None:
        from nbnodes.cache.location import open_store
        from nbnodes.result import CacheKey

        store = open_store(folder, limit_bytes=10**9, durability="normal")
        if store is None:
            raise AssertionError("a folder always gives a store")
        self._store = store
        self._key = CacheKey(_KEY)
        self._count = 0
        self.put()

    def get(self) -> object:
        return self._store.get(self._key)

    def put(self) -> None:
        from nbnodes.cache.store import Entry
        from nbnodes.result import CacheKey

        facts = {"notebook": "n", "family": "n", "cost_s": 1.0, "parts": "{}"}
        self._store.put(Entry(key=CacheKey(f"{self._count:064x}"), payload=_PAYLOAD, **facts))
        self._count += 1


class _Raw:
    def __init__(self, path: str) -> None:
        self._database = sqlite3.connect(path, isolation_level=None)
        self._database.execute("PRAGMA journal_mode = WAL")
        self._database.execute("CREATE TABLE t (key TEXT PRIMARY KEY, value BLOB)")
        self._database.execute("INSERT INTO t VALUES (?, ?)", (_KEY, _PAYLOAD))

    def get(self) -> object:
        return self._database.execute("SELECT value FROM t WHERE key = ?", (_KEY,)).fetchone()


class _Shipped:
    def __init__(self, path: str) -> None:
        from sqlitedict import SqliteDict

        self._items = SqliteDict(path, autocommit=True, journal_mode="WAL")
        self._count = 0
        self.put()

    def get(self) -> object:
        return self._items[_KEY]

    def put(self) -> None:
        self._items[f"{self._count:064x}"] = _PAYLOAD
        self._count += 1
