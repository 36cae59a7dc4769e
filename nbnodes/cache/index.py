"""sqlitedict as the index's write path, hardened: a failed write is its own writer's to hear of.

As it ships, sqlitedict runs without `fsync`, waits five seconds for a lock whatever is asked, hands
one thread's error to the next, hangs after a fork and pickles. See docs/adr/003-store.md.
"""

from __future__ import annotations

import logging
import sqlite3
from typing import Any

from sqlitedict import SqliteDict  # noqa: TID253  # this module is imported at the first write

from nbnodes.cache import schema
from nbnodes.cache.forks import watch_forks

# Its thread logs each error before the caller hears of it; without a handler that goes to stderr.
logging.getLogger("sqlitedict").addHandler(logging.NullHandler())


watch_forks()


class Index(SqliteDict):  # type: ignore[misc]  # sqlitedict ships no types
    """The table of rows. Use from one thread at a time: errors are kept per connection."""

    def __init__(self, path: str, *, synchronous: str, busy_ms: int) -> None:
        self._pragmas = (f"PRAGMA busy_timeout = {busy_ms}", f"PRAGMA synchronous = {synchronous}")
        super().__init__(
            path,
            tablename=schema.TABLE,
            autocommit=True,
            journal_mode="WAL",
            encode=sqlite3.Binary,
            decode=bytes,
            outer_stack=False,
        )

    def _new_conn(self) -> Any:
        connection = super()._new_conn()
        for pragma in self._pragmas:
            connection.execute(pragma)
        return connection
