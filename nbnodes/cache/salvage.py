"""What a damaged index still holds: every row that proves itself is copied into a new one."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, suppress
from typing import Any

from nbnodes.cache import schema
from nbnodes.cache.record import unpack


def salvage(damaged: str, into: sqlite3.Connection) -> int:
    """Copy what can be read of a damaged index; return the number of its entries.

    Raises:
        sqlite3.Error: If the new index cannot be written.
    """
    into.execute("BEGIN IMMEDIATE")
    kept_count = 0
    with closing(sqlite3.connect(damaged, isolation_level=None)) as source:
        source.text_factory = bytes  # text that is no text must not end the reading
        for raw_key, value in readable_rows(source, schema.VALUES, "rowid"):
            key = _text(raw_key)
            if unpack(key, value):
                kept_count += into.execute(schema.SALVAGE, (key, value)).rowcount
        for row in readable_rows(source, schema.ALL_FACTS, "key"):
            facts = [_text(field) for field in row]
            if schema.are_sound(facts):
                into.execute(schema.PUT_FACTS, facts)
    into.execute("COMMIT")
    return kept_count


def readable_rows(source: sqlite3.Connection, select: str, order: str) -> Iterator[tuple[Any, ...]]:
    """Read rows from the first on and from the last back, each time until the damage."""
    for direction in ("ASC", "DESC"):
        with suppress(sqlite3.Error):
            yield from source.execute(f"{select} ORDER BY {order} {direction}")
            return


def _text(field: Any) -> Any:
    return field.decode(errors="replace") if isinstance(field, bytes) else field
