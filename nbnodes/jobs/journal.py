"""Jobs and their events go into a file that several servers share, and come out of it again."""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Iterable, Iterator
from contextlib import closing, suppress
from itertools import count
from typing import Literal

from nbnodes.cache.database import Database, transaction
from nbnodes.errors import IdempotencyError
from nbnodes.jobs import schema
from nbnodes.jobs.job import Job, JobEvent, JobState, ended, state_event
from nbnodes.jobs.outcome import lost
from nbnodes.jobs.rows import Row, are_same, as_text, event_of, job_of, row_of


class Journal:
    """The jobs on disk. What a method has written, a killed process does not take back.

    Safe from several threads and processes. All methods raise `CacheError` where the file cannot be
    read or written.

    Args:
        path: The file.
        durability: "full" also survives a power cut.
    """

    def __init__(self, path: str, *, durability: Literal["normal", "full"] = "normal") -> None:
        self._database = _File(path, synchronous=durability.upper())

    def add(self, job: Job, *, owner: str, idempotency_key: str | None = None) -> Job:
        """Write a new Job down, unless its idempotency key has one already; return the one it has.

        Raises:
            IdempotencyError: If the key stands for another call.
        """

        def work(db: sqlite3.Connection) -> Job:
            with transaction(db):
                known = _find(db, idempotency_key)
                if known is None:
                    _put(db, job, owner, idempotency_key)
                    _put_events(db, job, 1, [state_event(job, job.submitted_at)])
            return known or job

        return _same_call(self._database.write(work), job, idempotency_key)

    def known(self, job: Job, idempotency_key: str | None) -> Job | None:
        """Return the Job that an idempotency key has, if any.

        Raises:
            IdempotencyError: If the key stands for another call than this `job`.
        """
        known = self._database.do(lambda db: _find(db, idempotency_key))
        return known and _same_call(known, job, idempotency_key)

    def write(self, job: Job, events: Iterable[Row], *, owner: str, number: int) -> bool:
        """Write down how a Job is, and what happened to it: kinds and data, from a number on.

        Returns:
            Whether it was written: nothing happens to a Job that has ended.
        """
        happened = list(events)

        def work(db: sqlite3.Connection) -> bool:
            with transaction(db):
                is_open = _put(db, job, owner)
                if is_open:
                    _put_events(db, job, number, happened)
            return is_open

        return self._database.write(work)

    def get(self, id_: str) -> tuple[Job, str] | None:
        """Return a Job and who owns it; None if there is none of that id."""
        row = self._database.do(lambda db: db.execute(schema.GET, (id_,)).fetchone())
        job = row and job_of(row)
        return (job, row[-1]) if job else None

    def all(self, state: JobState | None, limit: int) -> list[Job]:
        """Return the jobs submitted last, the latest first."""
        words: tuple[object, ...] = (limit,) if state is None else (state, limit)
        select = schema.LATEST if state is None else schema.LATEST_IN_STATE
        rows = self._database.do(lambda db: db.execute(select, words).fetchall())
        return [job for job in map(job_of, rows) if job]

    def events(self, id_: str, after: int) -> list[JobEvent]:
        """Return what happened to a Job after the event of a number, in order."""
        rows = self._database.do(lambda db: db.execute(schema.EVENTS, (id_, after)).fetchall())
        return [event for event in map(event_of, rows) if event]

    def owners(self) -> set[str]:
        """Return who has jobs that have not ended."""
        rows = self._database.do(lambda db: db.execute(schema.OWNERS).fetchall())
        return {row[0] for row in rows}

    def lose(self, owner: str) -> None:
        """Have the jobs of a dead owner end as lost."""

        def work(db: sqlite3.Connection) -> None:
            with transaction(db):
                rows = db.execute(schema.OPEN_OF, (owner,)).fetchall()
                for row in rows:
                    job = job_of(row)
                    if job is None:  # damaged: nobody can have it
                        db.execute(schema.DELETE, row[:1])
                    else:
                        _lose(db, job, owner)

        self._database.write(work)

    def ask_cancel(self, id_: str) -> None:
        """Ask whoever owns a Job to cancel it."""
        self._database.write(lambda db: db.execute(schema.ASK_CANCEL, (id_,)))

    def cancels_asked(self, owner: str) -> list[str]:
        """Return which of an owner's jobs somebody else wants cancelled."""
        rows = self._database.do(lambda db: db.execute(schema.CANCELS_ASKED, (owner,)).fetchall())
        return [row[0] for row in rows]

    def remove(self, id_: str) -> None:
        """Forget a Job."""
        self._database.write(lambda db: db.execute(schema.DELETE, (id_,)))

    def forget(self, *, before: float, most: int) -> None:
        """Forget jobs that have ended: those before a moment, and the oldest of too many."""

        def work(db: sqlite3.Connection) -> None:
            with transaction(db):
                db.execute(schema.DROP_OLD, (before,))
                db.execute(schema.DROP_MANY, (most,))

        self._database.do(work)

    def close(self) -> None:
        """Close the file; it is opened again when needed."""
        self._database.close()


class _File(Database):
    """The journal's file. One that is damaged, or of a later nbnodes, is put aside and kept."""

    def _make_tables(self, connection: sqlite3.Connection) -> None:
        version = connection.execute("PRAGMA user_version").fetchone()[0]
        if version > schema.VERSION:
            text = f"it is of a newer nbnodes: layout {version}, where {schema.VERSION} is known"
            raise sqlite3.DatabaseError(text)
        if version < schema.VERSION:
            with transaction(connection):
                for statement in schema.CREATE:
                    connection.execute(statement)

    def _take_over(self, aside: str, connection: sqlite3.Connection) -> str:
        kept_count = 0
        with closing(sqlite3.connect(aside, isolation_level=None)) as source:
            if _version(source) == schema.VERSION:
                kept_count = _copy(source, connection)
        kept_as = next(name for name in _names(f"{self.path}.aside") if not os.path.exists(name))
        for suffix in ("-wal", "-shm", ""):
            with suppress(FileNotFoundError):
                os.replace(aside + suffix, kept_as + suffix)
        return f"put aside as {kept_as}; {kept_count} jobs taken over"


def _names(first: str) -> Iterator[str]:
    yield first
    yield from (f"{first}-{n}" for n in count(2))


def _same_call(known: Job, job: Job, idempotency_key: str | None) -> Job:
    if known.endpoint == job.endpoint and are_same(known.values, job.values):
        return known
    text = f"the idempotency key {idempotency_key!r} stands for another call"
    raise IdempotencyError(f"{text}, job {known.id} of {known.endpoint}; take a new key")


def _find(db: sqlite3.Connection, idempotency_key: str | None) -> Job | None:
    if idempotency_key is None:
        return None
    row = db.execute(schema.BY_KEY, (idempotency_key,)).fetchone()
    return row and job_of(row)


def _put(db: sqlite3.Connection, job: Job, owner: str, idempotency_key: str | None = None) -> bool:
    return db.execute(schema.PUT, (*row_of(job), owner, idempotency_key)).rowcount > 0


def _put_events(db: sqlite3.Connection, job: Job, number: int, events: Iterable[Row]) -> None:
    """Number and write events; to do so again, in a file that was rebuilt, changes nothing."""
    numbered = enumerate(events, number)
    rows = [(job.id, place, kind, as_text(data)) for place, (kind, data) in numbered]
    db.executemany(schema.PUT_EVENT, rows)


def _lose(db: sqlite3.Connection, job: Job, owner: str) -> None:
    at = time.time()
    over = ended(job, lost(was_running=job.state == "running"), at)
    number = 1 + db.execute(schema.LAST_NUMBER, (job.id,)).fetchone()[0]
    _put(db, over, owner)
    _put_events(db, over, number, [state_event(over, at)])


def _version(source: sqlite3.Connection) -> int | None:
    with suppress(sqlite3.Error):
        version: int = source.execute("PRAGMA user_version").fetchone()[0]
        return version
    return None


def _copy(source: sqlite3.Connection, into: sqlite3.Connection) -> int:
    """Copy the jobs that can be read and make sense, with their events; return their number."""
    from nbnodes.cache.salvage import readable_rows

    source.text_factory = into.text_factory
    kept: set[str] = set()
    with transaction(into):
        for row in readable_rows(source, schema.SALVAGED_JOBS, "place"):
            job = job_of(row)
            if job is not None and into.execute(schema.TAKE_OVER, row).rowcount:
                kept.add(job.id)
        for job_id, *event in readable_rows(source, schema.SALVAGED_EVENTS, "job"):
            if job_id in kept and event_of(event):
                into.execute(schema.PUT_EVENT, (job_id, *event))
    return len(kept)
