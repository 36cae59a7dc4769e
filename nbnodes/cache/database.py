"""The index file: opened when first needed, anew after a fork, and rebuilt where it is damaged."""

from __future__ import annotations

import os
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from functools import partial
from typing import Any, TypeAlias, TypeVar

from nbnodes.cache import schema
from nbnodes.cache.flight import exclusive
from nbnodes.cache.forks import follow
from nbnodes.errors import CacheError, CacheWarning, warn

_T = TypeVar("_T")
_Identity: TypeAlias = tuple[int, int]
_BUSY_MS = 60_000
_OPEN_ATTEMPTS = 8  # switching to WAL does not wait for the lock, so racing openers try again
_PASSING = (
    *("READONLY", "BUSY", "LOCKED", "CANTOPEN", "FULL", "PERM", "AUTH", "NOMEM"),
    *("INTERRUPT", "PROTOCOL", "CONSTRAINT", "MISUSE"),
)  # SQLite's result codes that say nothing against the file itself
_lenient_text = partial(str, encoding="utf-8", errors="replace")  # a flipped bit is not an error


class Database:
    """The index as connections to it: one that reads, and sqlitedict's, which writes.

    Safe from several threads; one works at a time. A fork closes the connections, in the parent
    too: SQLite keeps its locks' state per process, and a copy of it would be wrong.

    Args:
        path: The index file.
        synchronous: SQLite's `PRAGMA synchronous`.

    Attributes:
        generation: Grows whenever the file is opened again.
        repairs: What was found damaged and rebuilt, in words.
    """

    def __init__(self, path: str, *, synchronous: str) -> None:
        self.path = path
        self.generation = 0
        self.repairs: list[str] = []
        self._aside = f"{path}.damaged"  # there only while it is rebuilt
        self._synchronous = synchronous
        self._lock = threading.RLock()
        self._connection: sqlite3.Connection | None = None
        self._writer: Any = None
        self._identity: _Identity | None = None
        follow(self)

    @property
    def exists(self) -> bool:
        """Whether there is a file; reading makes none."""
        return os.path.exists(self.path)

    @property
    def writer(self) -> Any:
        """The connection of sqlitedict to the file; for use within `do`."""
        if self._writer is None:
            from nbnodes.cache.index import Index

            self._writer = Index(self.path, synchronous=self._synchronous, busy_ms=_BUSY_MS)
        return self._writer

    def do(self, work: Callable[[sqlite3.Connection], _T]) -> _T:
        """Do work on a connection; where the file turns out damaged, rebuild it and do it again.

        Raises:
            CacheError: If the file cannot be opened, read or written.
        """
        with self._lock:
            try:
                return work(self._connected())
            except sqlite3.DatabaseError as error:
                if not _is_damage(error):
                    raise self._failed(error) from error
                self.rebuild(str(error))
            except OSError as error:
                raise self._failed(error) from error
            try:
                return work(self._connected())
            except (sqlite3.Error, OSError) as error:
                raise self._failed(error) from error

    def do_now(self, work: Callable[[sqlite3.Connection], _T]) -> _T | None:
        """Do work if that takes no waiting; else, or if it fails, return None: `do` mends files."""
        if not self._lock.acquire(blocking=False):
            return None
        try:
            connection = self._connection
            return None if connection is None or not self._is_current() else work(connection)
        except sqlite3.Error:
            return None
        finally:
            self._lock.release()

    def write(self, work: Callable[[sqlite3.Connection], _T]) -> _T:
        """Do work that must last: again, if another process has rebuilt the file meanwhile."""
        with self._lock:
            result = self.do(work)
            while not self._is_current():
                result = self.do(work)
            return result

    def rebuild(self, reason: str) -> None:
        """Begin a new file with every row of the damaged one that still proves itself.

        Of several processes that find the damage one rebuilds; the others go on with its file.

        Raises:
            CacheError: If that cannot be done.
        """
        with self._lock:
            found = self._identity
            self._disconnect()
            try:
                with self._rebuilding():
                    if _identity(self.path) == found:
                        self._move_aside()
                    self._open_and_salvage(reason)
            except (sqlite3.Error, OSError) as error:
                raise self._failed(error) from error

    def close(self) -> None:
        """Close the connections; the next work opens them again."""
        with self._lock:
            self._disconnect()

    def hold(self) -> None:
        """See `Forkable.hold`."""
        self._lock.acquire()
        self._disconnect()

    def release(self, *, is_child: bool) -> None:
        """See `Forkable.release`."""
        if is_child:
            self._lock = threading.RLock()
        else:
            self._lock.release()

    def _connected(self) -> sqlite3.Connection:
        if self._connection is not None and self._is_current():
            return self._connection
        self._disconnect()  # deleted, or rebuilt by another process
        os.makedirs(os.path.dirname(self.path), mode=0o700, exist_ok=True)
        if not os.path.exists(self._aside):
            self._connection = self._open()
            return self._connection
        with self._rebuilding():
            return self._open_and_salvage("it was being rebuilt")

    def _rebuilding(self) -> AbstractContextManager[None]:
        return exclusive(f"{self.path}.lock", lambda: None)

    def _move_aside(self) -> None:
        for suffix in ("", "-wal"):  # the log too: it may hold the latest rows
            with suppress(FileNotFoundError):
                os.replace(self.path + suffix, self._aside + suffix)
        with suppress(FileNotFoundError):
            os.unlink(f"{self.path}-shm")

    def _open_and_salvage(self, reason: str) -> sqlite3.Connection:
        """Open the file and take over what was moved aside, perhaps by a process since killed."""
        self._connection = connection = self._open()
        if os.path.exists(self._aside):
            text = f"{self.path}: damaged ({reason}); {self._take_over(self._aside, connection)}"
            self.repairs.append(text)
            warn(text, CacheWarning)
        return connection

    def _take_over(self, aside: str, connection: sqlite3.Connection) -> str:
        """Copy what proves itself of the file moved aside, and have it gone; say what was done."""
        from nbnodes.cache.salvage import salvage

        kept_count = salvage(aside, connection)
        for suffix in ("", "-wal", "-shm"):
            with suppress(FileNotFoundError):
                os.unlink(aside + suffix)
        return f"rebuilt, {kept_count} entries kept"

    def _make_tables(self, connection: sqlite3.Connection) -> None:
        known = {row[0] for row in connection.execute("SELECT name FROM sqlite_master")}
        if not {schema.TABLE, "facts"} <= known:
            for statement in schema.CREATE:
                connection.execute(statement)

    def _open(self) -> sqlite3.Connection:
        for attempt in range(_OPEN_ATTEMPTS):
            before = _identity(self.path)
            connection = sqlite3.connect(
                self.path, timeout=_BUSY_MS / 1000, isolation_level=None, check_same_thread=False
            )
            connection.text_factory = _lenient_text
            self._identity = _identity(self.path)
            try:
                if before is None or before == self._identity:  # else: is it the one we opened?
                    _prepare(connection, self._synchronous)
                    self._make_tables(connection)
                    self.generation += 1
                    return connection
            except sqlite3.OperationalError as error:
                connection.close()
                if "locked" not in str(error) or attempt == _OPEN_ATTEMPTS - 1:
                    raise
                time.sleep(0.02 * 2**attempt)
            except BaseException:
                connection.close()
                raise
            else:
                connection.close()
        raise sqlite3.OperationalError("the file is replaced again and again")

    def _is_current(self) -> bool:
        """Whether the file opened is still the one at the path, and not emptied."""
        try:
            status = os.stat(self.path)
        except OSError:
            return False
        return status.st_size > 0 and (status.st_dev, status.st_ino) == self._identity

    def _disconnect(self) -> None:
        writer, self._writer = self._writer, None
        connection, self._connection = self._connection, None
        for open_one in (writer, connection):
            with suppress(sqlite3.Error):  # nothing acknowledged is lost: each put was committed
                if open_one is not None:
                    open_one.close()

    def _failed(self, error: Exception) -> CacheError:
        return CacheError(f"the cache in {os.path.dirname(self.path)} cannot be used: {error}")


@contextmanager
def transaction(db: sqlite3.Connection) -> Iterator[None]:
    """Have several writes be one: all of them last, or none."""
    db.execute("BEGIN IMMEDIATE")
    try:
        yield
    except BaseException:
        db.execute("ROLLBACK")
        raise
    db.execute("COMMIT")


def _identity(path: str) -> _Identity | None:
    """Name the file at a path, as long as somebody has it open; None if there is none."""
    try:
        status = os.stat(path)
    except OSError:
        return None
    return status.st_dev, status.st_ino


def _prepare(connection: sqlite3.Connection, synchronous: str) -> None:
    """Give a connection a log that readers and writers share."""
    if connection.execute("PRAGMA journal_mode").fetchone()[0] != "wal":
        connection.execute("PRAGMA journal_mode = WAL")
    connection.execute(f"PRAGMA synchronous = {synchronous}")


def _is_damage(error: sqlite3.DatabaseError) -> bool:
    """Whether the file itself is wrong, rather than its folder, its disk or a lock on it."""
    code = (getattr(error, "sqlite_errorname", "") or "").removeprefix("SQLITE_")
    if code.startswith("IOERR"):
        return "CORRUPTFS" in code or "SHORT_READ" in code
    return not code.startswith(_PASSING)
