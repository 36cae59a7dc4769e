"""The CacheStore on disk: an SQLite index, large payloads in files, the last used in memory."""

from __future__ import annotations

import os
import sqlite3
import threading
import time
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager, suppress
from typing import Any, Literal, TypeVar

from nbnodes.cache import schema
from nbnodes.cache.blobs import Blobs
from nbnodes.cache.eviction import victims
from nbnodes.cache.flight import exclusive
from nbnodes.cache.recent import RecentPayloads
from nbnodes.cache.record import INLINE_BYTES, Record, pack, unpack
from nbnodes.cache.store import Entry, EntryFacts, Interruption
from nbnodes.errors import CacheError
from nbnodes.result import CacheKey

_T = TypeVar("_T")
_BUSY_MS = 60_000
_OPEN_ATTEMPTS = 8  # switching to WAL does not wait for the lock, so racing openers try again
_MEMORY_BYTES = 64_000_000
_TOUCH_S = 3600.0
_MEASURE_EVERY = 32  # puts between two looks at the total size


class SqliteStore:
    """Keeps Results in a folder that several processes share. See `CacheStore`."""

    def __init__(
        self,
        folder: str,
        *,
        limit_bytes: int = 2_000_000_000,
        durability: Literal["normal", "full"] = "normal",
    ) -> None:
        self.location = folder
        self._limit_bytes = limit_bytes
        self._synchronous = durability.upper()
        self._path = os.path.join(folder, schema.FILE_NAME)
        self._blobs = Blobs(os.path.join(folder, "blobs"))
        self._lock = threading.RLock()
        self._connection: sqlite3.Connection | None = None
        self._index: Any = None
        self._pid = os.getpid()
        self._memory = RecentPayloads(_MEMORY_BYTES)
        self._used: set[CacheKey] = set()
        self._puts = 0

    def get(self, key: CacheKey) -> bytes | None:
        """See `CacheStore.get`. Reads go past sqlitedict, whose thread a busy program starves."""
        if self._pid != os.getpid():
            self._after_fork()
        if not os.path.exists(self._path):
            return None
        return self._guarded(lambda db: self._read(db, key))

    def put(self, entry: Entry) -> None:
        """See `CacheStore.put`."""
        record = Record(payload=entry.payload)
        try:
            if len(entry.payload) >= INLINE_BYTES:
                record = Record(blob=self._blobs.write(entry.payload))
        except OSError as error:
            raise self._failed(error) from error
        self._guarded(lambda db: self._write(db, entry, pack(entry.key, record)))
        self._puts += 1
        if self._puts % _MEASURE_EVERY == 1:
            self.collect_garbage()

    def delete(self, keys: Iterable[CacheKey]) -> int:
        """See `CacheStore.delete`."""
        return self._guarded(lambda db: sum(self._delete(db, key) for key in keys))

    def facts(self, family: str | None = None) -> list[EntryFacts]:
        """See `CacheStore.facts`."""
        if not os.path.exists(self._path):
            return []
        statement, values = (
            (schema.FACTS, ()) if family is None else (schema.FAMILY_FACTS, (family,))
        )
        rows = self._guarded(lambda db: db.execute(statement, values).fetchall())
        names = EntryFacts.__dataclass_fields__
        return [EntryFacts(**dict(zip(names, row, strict=True))) for row in rows]

    def collect_garbage(self, limit_bytes: int | None = None) -> int:
        """See `CacheStore.collect_garbage`."""
        with self._lock:
            self._note_uses()
        limit = self._limit_bytes if limit_bytes is None else limit_bytes
        now = time.time()
        if self._guarded(lambda db: db.execute(schema.TOTAL).fetchone()[0]) <= limit and (
            limit_bytes is None
        ):
            return 0
        self._guarded(lambda db: _reconcile(db, now))
        facts = {fact.key: fact for fact in self.facts()}
        chosen = victims(facts.values(), limit, now)
        self.delete(chosen)
        freed_bytes = sum(facts[key].size_bytes for key in chosen)
        wanted = self._guarded(self._wanted_blobs)
        return freed_bytes + self._blobs.sweep(wanted)

    def verify(self) -> list[str]:
        """See `CacheStore.verify`."""
        if not os.path.exists(self._path):
            return []
        problems = self._guarded(_integrity_problems)
        keys = [
            CacheKey(row[0]) for row in self._guarded(lambda db: db.execute(schema.KEYS).fetchall())
        ]
        self._memory.clear()
        damaged = [key for key in keys if self.get(key) is None]
        return problems + [f"{key}: damaged; forgotten" for key in damaged]

    def flight(self, key: CacheKey, interruption: Interruption) -> AbstractContextManager[None]:
        """See `CacheStore.flight`."""
        folder = os.path.join(self.location, "locks")
        with suppress(OSError):  # then the lock cannot be made either, and the run goes unlocked
            os.makedirs(folder, mode=0o700, exist_ok=True)
        return exclusive(os.path.join(folder, key), interruption)

    def close(self) -> None:
        """See `CacheStore.close`."""
        with self._lock:
            if self._pid == os.getpid():
                self._note_uses()
            self._disconnect()

    # ---------------------------------------------------------------- reading and writing

    def _read(self, db: sqlite3.Connection, key: CacheKey) -> bytes | None:
        self._memory.validate(db.execute("PRAGMA data_version").fetchone()[0])
        payload = self._memory.get(key)
        if payload is None:
            row = db.execute(schema.GET, (key,)).fetchone()
            if row is None:
                return None
            record = unpack(key, row[0])
            payload = self._payload(record)
            if payload is None:
                self._delete(db, key)
                return None
            self._memory.put(key, payload)
        self._used.add(key)
        return payload

    def _payload(self, record: Record | None) -> bytes | None:
        if record is None:
            return None
        if record.blob is None:
            return record.payload
        return self._blobs.read(record.blob)

    def _write(self, db: sqlite3.Connection, entry: Entry, row: bytes) -> None:
        if self._index is None:
            from nbnodes.cache.index import Index

            self._index = Index(self._path, synchronous=self._synchronous, busy_ms=_BUSY_MS)
        self._index[entry.key] = row
        now = time.time()
        known = (entry.notebook, entry.family, len(entry.payload), entry.cost_s)
        db.execute(schema.PUT_FACTS, (entry.key, *known, now, now, entry.parts))
        self._memory.put(entry.key, entry.payload)

    def _delete(self, db: sqlite3.Connection, key: CacheKey) -> int:
        """Forget a row; its blob may be another row's too, and is left to the sweep."""
        self._memory.drop(key)
        return sum([db.execute(statement, (key,)).rowcount for statement in schema.DELETE][:1])

    def _wanted_blobs(self, db: sqlite3.Connection) -> set[str]:
        rows = db.execute(schema.VALUES)
        records = (unpack(CacheKey(key), value) for key, value in rows)
        return {record.blob for record in records if record and record.blob}

    def _note_uses(self) -> None:
        """Write down what was used: once an hour for each entry, never on the way to a hit."""
        if not self._used or self._connection is None:
            return
        now = time.time()
        touched = [(now, key, now - _TOUCH_S) for key in self._used]
        self._used.clear()
        try:
            self._connection.execute("PRAGMA busy_timeout = 100")
            self._connection.executemany(schema.TOUCH, touched)
        except sqlite3.Error:
            return  # a use that is not noted makes an entry seem older; no more

    # ---------------------------------------------------------------- the connection

    def _guarded(self, work: Callable[[sqlite3.Connection], _T]) -> _T:
        """Do work on the index, one thread at a time; a damaged index is put aside and begun anew.

        Raises:
            CacheError: If the folder cannot be read or written.
        """
        with self._lock:
            for is_last in (False, True):
                try:
                    return work(self._connected())
                except sqlite3.DatabaseError as error:
                    if is_last or not _is_damage(error):
                        raise self._failed(error) from error
                    self._put_aside()
                except OSError as error:
                    raise self._failed(error) from error
        raise AssertionError  # the loop returns or raises

    def _connected(self) -> sqlite3.Connection:
        if self._pid != os.getpid():
            self._after_fork()
        if self._connection is None:
            os.makedirs(self.location, mode=0o700, exist_ok=True)
            self._connection = self._open()
        return self._connection

    def _open(self) -> sqlite3.Connection:
        for attempt in range(_OPEN_ATTEMPTS):
            connection = sqlite3.connect(
                self._path, timeout=_BUSY_MS / 1000, isolation_level=None, check_same_thread=False
            )
            try:
                _prepare(connection, self._synchronous)
            except sqlite3.OperationalError as error:
                connection.close()
                if "locked" not in str(error) or attempt == _OPEN_ATTEMPTS - 1:
                    raise
                time.sleep(0.02 * 2**attempt)
            except BaseException:
                connection.close()
                raise
            else:
                return connection
        raise AssertionError  # the loop returns or raises

    def _put_aside(self) -> None:
        """Move a damaged index out of the way; what it held is computed again."""
        self._disconnect()
        aside = f"{self._path}.damaged-{time.time_ns()}"
        for suffix in ("-wal", "-shm"):
            if os.path.exists(self._path + suffix):
                os.unlink(self._path + suffix)
        if os.path.exists(self._path):
            os.replace(self._path, aside)

    def _disconnect(self) -> None:
        index, self._index = self._index, None
        connection, self._connection = self._connection, None
        self._memory.clear()
        try:
            if index is not None:
                index.close()
            if connection is not None:
                connection.close()
        except sqlite3.Error:
            return  # nothing acknowledged is lost: each put was committed on its own

    def _after_fork(self) -> None:
        """Begin anew in a child: SQLite's connections, and threads, do not survive a fork."""
        if self._index is not None:
            self._index.forsake()
        self._index, self._connection, self._pid = None, None, os.getpid()
        self._lock = threading.RLock()
        self._memory.clear()

    def _failed(self, error: Exception) -> CacheError:
        return CacheError(f"the cache in {self.location} cannot be used: {error}")


def _prepare(connection: sqlite3.Connection, synchronous: str) -> None:
    """Make a connection ready: tables, and a log that readers and writers share."""
    if connection.execute("PRAGMA journal_mode").fetchone()[0] != "wal":
        connection.execute("PRAGMA journal_mode = WAL")
    connection.execute(f"PRAGMA synchronous = {synchronous}")
    known = {row[0] for row in connection.execute("SELECT name FROM sqlite_master")}
    if not {schema.TABLE, "facts"} <= known:
        for statement in schema.CREATE:
            connection.execute(statement)


def _reconcile(connection: sqlite3.Connection, now: float) -> None:
    connection.execute(schema.ADOPT, (now, now))
    connection.execute(schema.DROP_FACTS)


def _integrity_problems(connection: sqlite3.Connection) -> list[str]:
    rows = [row[0] for row in connection.execute("PRAGMA integrity_check(20)")]
    return [] if rows == ["ok"] else [f"index: {row}" for row in rows]


def _is_damage(error: sqlite3.DatabaseError) -> bool:
    """Whether the file itself is wrong, rather than its folder, its disk or a lock on it."""
    if isinstance(error, sqlite3.IntegrityError | sqlite3.ProgrammingError):
        return False
    code = getattr(error, "sqlite_errorname", "") or ""
    passing = (
        "READONLY",
        "BUSY",
        "LOCKED",
        "CANTOPEN",
        "FULL",
        "PERM",
        "AUTH",
        "NOMEM",
        "INTERRUPT",
    )
    return not any(code.startswith(f"SQLITE_{name}") for name in passing) and not (
        code.startswith("SQLITE_IOERR") and "CORRUPTFS" not in code
    )
