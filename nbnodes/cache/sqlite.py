"""The CacheStore on disk: an SQLite index, large payloads in files, the last used in memory."""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Hashable, Iterable, Sequence
from contextlib import AbstractContextManager, suppress
from typing import Literal

from nbnodes.cache import links, schema, spans
from nbnodes.cache.blobs import GRACE_S, Blobs
from nbnodes.cache.database import Database
from nbnodes.cache.eviction import victims
from nbnodes.cache.flight import exclusive
from nbnodes.cache.recent import RecentPayloads
from nbnodes.cache.record import INLINE_BYTES, Record, pack, unpack
from nbnodes.cache.store import Bound, Entry, EntryFacts, Link, Span
from nbnodes.cache.switches import Switches
from nbnodes.errors import CacheError, Interruption
from nbnodes.notebook.stamp import stamp
from nbnodes.result import CacheKey

_MEMORY_BYTES = 64_000_000
_TOUCH_S = 3600.0
_MEASURE_EVERY = 32  # puts between two looks at the total size


class SqliteStore:
    """Keeps Results in a folder that several processes share. See `CacheStore`.

    Args:
        folder: Where; made when first written to.
        limit_bytes: It is kept below this size.
        durability: "full" also survives a power cut.
    """

    def __init__(
        self,
        folder: str,
        *,
        limit_bytes: int = 2_000_000_000,
        durability: Literal["normal", "full"] = "normal",
    ) -> None:
        self.location = folder
        self._limit_bytes = limit_bytes
        self._database = Database(
            os.path.join(folder, schema.FILE_NAME), synchronous=durability.upper()
        )
        self._blobs = Blobs(os.path.join(folder, "blobs"))
        self._switches = Switches(os.path.join(folder, "switched-off"))
        self._gone = os.path.join(folder, "gone")
        self._memory = RecentPayloads(_MEMORY_BYTES)
        self._used: set[CacheKey] = set()
        self._puts = 0

    @property
    def edition(self) -> Hashable:
        """See `CacheStore.edition`. Files tell of it: a look costs next to nothing."""
        return tuple(tuple(stamp(path) or ()) for path in (self._gone, self.location))

    def get(self, key: CacheKey) -> bytes | None:
        """See `CacheStore.get`. Reads go past sqlitedict, whose thread a busy program starves."""
        if not self._database.exists:
            return None
        payload = self._database.do(lambda db: self._read(db, key))
        if payload is not None:
            self._used.add(key)
        return payload

    def lacks(self, key: CacheKey) -> bool:
        """See `CacheStore.lacks`."""
        if not self._database.exists:
            return True
        return bool(self._database.do_now(lambda db: not _has(db, key)))

    def put(self, entry: Entry) -> None:
        """See `CacheStore.put`."""
        record = Record(payload=entry.payload)
        try:
            if len(entry.payload) >= INLINE_BYTES:
                record = Record(blob=self._blobs.write(entry.payload))
        except OSError as error:
            raise self._failed(error) from error
        if self._database.write(lambda db: self._write(db, entry, pack(entry.key, record))):
            self._tell()
        self._puts += 1
        if self._puts % _MEASURE_EVERY == 1:
            self.collect_garbage()

    def delete(self, keys: Iterable[CacheKey]) -> int:
        """See `CacheStore.delete`."""
        doomed = list(keys)
        deleted_count = self._forget(doomed)
        if deleted_count:
            self._tell()
        return deleted_count

    def facts(self, family: str | None = None) -> list[EntryFacts]:
        """See `CacheStore.facts`."""
        if not self._database.exists:
            return []
        select: tuple[str, tuple[str, ...]] = (schema.FACTS, ())
        if family is not None:
            select = (schema.FAMILY_FACTS, (_encodable(family),))
        rows = self._database.do(lambda db: db.execute(*select).fetchall())
        names = EntryFacts.__dataclass_fields__
        sound = filter(schema.are_sound, rows)
        return [EntryFacts(**dict(zip(names, row, strict=True))) for row in sound]

    def collect_garbage(self, limit_bytes: int | None = None) -> int:
        """See `CacheStore.collect_garbage`."""
        if not self._database.exists:
            return 0
        now = time.time()
        total_bytes = self._database.do(lambda db: self._settled(db, now))
        if limit_bytes is None and total_bytes <= self._limit_bytes:
            return 0
        self._database.do(lambda db: _reconcile(db, now))
        facts = {fact.key: fact for fact in self.facts()}
        limit = self._limit_bytes if limit_bytes is None else limit_bytes
        chosen = victims(facts.values(), limit, now)
        self._forget(chosen)
        sizes = (facts[key].size_bytes for key in chosen)
        freed_bytes = sum(size for size in sizes if size < INLINE_BYTES)
        wanted = self._database.do(_wanted_blobs)
        grace_s = GRACE_S if limit else 0.0  # to keep nothing is to keep no file either
        return freed_bytes + self._blobs.sweep(wanted, grace_s)

    def verify(self) -> list[str]:
        """See `CacheStore.verify`."""
        if not self._database.exists:
            return []
        wrong = self._database.do(_integrity_problems)
        if wrong:
            self._database.rebuild("; ".join(wrong))
        damaged = self._database.do(self._forget_damaged)
        self._database.do(spans.drop_unsound)
        self._database.do(lambda db: _reconcile(db, time.time()))
        repairs, self._database.repairs = self._database.repairs, []
        return repairs + [f"{key}: damaged; forgotten" for key in damaged]

    def flight(self, key: CacheKey, interruption: Interruption) -> AbstractContextManager[None]:
        """See `CacheStore.flight`."""
        folder = os.path.join(self.location, "locks")
        if not os.path.isdir(folder):
            with suppress(OSError):  # then the lock cannot be made either, and the run is unlocked
                os.makedirs(folder, mode=0o700, exist_ok=True)
        return exclusive(os.path.join(folder, key), interruption)

    def put_link(self, link: Link, *names: str) -> None:
        """See `CacheStore.put_link`."""
        if self._database.exists:
            self._database.write(lambda db: links.put(db, link, names))

    def link(self, name: str) -> Link | None:
        """See `CacheStore.link`."""
        if not self._database.exists:
            return None
        return self._database.do(lambda db: links.find(db, name))

    def put_span(self, span: Span) -> None:
        """See `CacheStore.put_span`."""
        if self._database.exists:
            self._database.write(lambda db: spans.put(db, span))

    def spans(self, family: str, low: Bound, high: Bound) -> list[Span]:
        """See `CacheStore.spans`."""
        if not self._database.exists:
            return []
        return self._database.do(lambda db: spans.find(db, family, low, high))

    def switch_off(self, family: str, reason: str) -> None:
        """See `CacheStore.switch_off`. In files: an index that is rebuilt loses its spans."""
        self._switches.put(family, reason)

    def switch_on(self, family: str) -> bool:
        """See `CacheStore.switch_on`."""
        return self._switches.drop(family)

    def switched_off(self) -> dict[str, str]:
        """See `CacheStore.switched_off`."""
        return self._switches.all()

    def close(self) -> None:
        """See `CacheStore.close`."""
        if self._used and self._database.exists:
            with suppress(CacheError):  # a use that is not noted makes an entry seem older; no more
                self._database.do(self._note_uses)
        self._memory.clear()
        self._database.close()

    def _forget(self, doomed: Sequence[CacheKey]) -> int:
        if not self._database.exists:
            return 0
        return self._database.do(lambda db: sum(self._delete(db, key) for key in doomed))

    def _tell(self) -> None:
        """Let all processes see that what they remember may be gone."""
        try:
            with open(self._gone, "ab") as file:
                file.write(b".")  # that it grows says more than its time, which clocks give
        except OSError as error:
            raise self._failed(error) from error

    def _failed(self, error: OSError) -> CacheError:
        return CacheError(f"the cache in {self.location} cannot be used: {error}")

    def _read(self, db: sqlite3.Connection, key: CacheKey) -> bytes | None:
        version = db.execute("PRAGMA data_version").fetchone()[0]
        self._memory.validate((self._database.generation, version))
        payload = self._memory.get(key)
        if payload is None:
            row = db.execute(schema.GET, (key,)).fetchone()
            if row is None:
                return None
            payload = self._payload(key, row[0])
            if payload is None:
                self._delete(db, key)
                return None
            self._memory.put(key, payload)
        return payload

    def _payload(self, key: object, row: object) -> bytes | None:
        record = unpack(key, row)
        if record is None:
            return None
        return record.payload if record.blob is None else self._blobs.read(record.blob)

    def _write(self, db: sqlite3.Connection, entry: Entry, row: bytes) -> bool:
        """Write an entry; return whether there had been one of its key."""
        is_replaced = _has(db, entry.key)
        self._database.writer[entry.key] = row
        now = time.time()
        names = (_encodable(entry.notebook), _encodable(entry.family))
        known = (*names, len(entry.payload), float(entry.cost_s))
        db.execute(schema.PUT_FACTS, (entry.key, *known, now, now, entry.parts))
        self._memory.put(entry.key, entry.payload)
        return is_replaced

    def _delete(self, db: sqlite3.Connection, key: CacheKey) -> int:
        """Forget a row; its blob may be another row's too, and is left to the sweep."""
        self._memory.drop(key)
        return sum([db.execute(statement, (key,)).rowcount for statement in schema.DELETE][:1])

    def _forget_damaged(self, db: sqlite3.Connection) -> list[CacheKey]:
        self._memory.clear()
        rows = db.execute(schema.VALUES)
        damaged = [key for key, row in rows if self._payload(key, row) is None]
        for key in damaged:
            self._delete(db, key)
        return damaged

    def _settled(self, db: sqlite3.Connection, now: float) -> int:
        """Note what was used since, and return the size of all entries together."""
        self._note_uses(db, now)
        total_bytes: int = db.execute(schema.TOTAL).fetchone()[0]
        return total_bytes

    def _note_uses(self, db: sqlite3.Connection, now: float | None = None) -> None:
        """Write down what was used: once an hour for each entry, never on the way to a hit."""
        now = time.time() if now is None else now
        used, self._used = self._used, set()
        db.executemany(schema.TOUCH, [(now, key, now - _TOUCH_S) for key in list(used)])


def _has(db: sqlite3.Connection, key: CacheKey) -> bool:
    return db.execute(schema.HAS_ENTRY, (key,)).fetchone() is not None


def _encodable(path: str) -> str:
    """Spell out what is not Unicode in a file's name; SQLite's text must be."""
    return path.encode(errors="backslashreplace").decode()


def _wanted_blobs(db: sqlite3.Connection) -> set[str]:
    records = (unpack(key, value) for key, value in db.execute(schema.VALUES))
    return {record.blob for record in records if record and record.blob}


def _reconcile(db: sqlite3.Connection, now: float) -> None:
    """Have each entry listed once: what a killed process or damage left behind is put right."""
    for statement in (schema.DROP_NAMELESS, schema.DROP_UNSOUND):
        db.execute(statement)
    db.execute(schema.ADOPT, (now, now))
    db.execute(schema.DROP_FACTS)


def _integrity_problems(db: sqlite3.Connection) -> list[str]:
    rows = [str(row[0]) for row in db.execute("PRAGMA integrity_check(20)")]
    return [] if rows == ["ok"] else rows
