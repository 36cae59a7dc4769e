"""The ranges that stored runs cover, as rows that prove themselves: noted, and found in one step.

Each function takes a connection to an index that has the table of entries. See `nbnodes.cache.
schema` for how ranges within others are kept out of the way.
"""

from __future__ import annotations

import hashlib
import json
import math
import sqlite3
from typing import Any, TypeAlias

from nbnodes.cache import schema
from nbnodes.cache.database import transaction
from nbnodes.cache.store import Bound, Span
from nbnodes.result import CacheKey

_Row: TypeAlias = tuple[Any, Any, Any, Any, Any]  # key, family, low, high, proof

PUT_ENTRY = f"INSERT OR REPLACE INTO \"{schema.TABLE}\" VALUES (?, x'')"  # noqa: S608
DROP_ENTRY = schema.DELETE[0]
_NO_LOW, _NO_HIGH = -math.inf, b""  # below and above all that SQLite compares with them


def open_index() -> sqlite3.Connection:
    """Make an index in memory, for a store that keeps its entries elsewhere."""
    connection = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
    connection.execute(schema.CREATE[0])
    return connection


def put(db: sqlite3.Connection, span: Span) -> None:
    """Note a span, if its run is stored."""
    row = _packed(span)
    with transaction(db):
        for statement in () if _has_spans(db) else schema.CREATE_SPANS:
            db.execute(statement)
        if db.execute(schema.HAS_ENTRY, (span.key,)).fetchone() is None:
            return
        if db.execute(schema.SAME_SPAN, (span.key,)).fetchone() == row:
            return
        _drop(db, span.key)
        db.execute(schema.PUT_SPAN, _named(row))
        _settle(db, span.family)


def find(db: sqlite3.Connection, family: str, low: Bound, high: Bound) -> list[Span]:
    """Return the spans that a range can be made up of. See `CacheStore.spans`."""
    if not _has_spans(db):
        return []
    if db.execute(schema.UNSETTLED_SPANS, (family,)).fetchone() is not None:
        with transaction(db):
            _settle(db, family)
    rows = _rows(db, family, low, high)
    found = [_unpacked(row) for row in rows]
    unsound = [row[0] for row, span in zip(rows, found, strict=True) if span is None]
    if not unsound:
        return [span for span in found if span is not None]
    with transaction(db):
        for key in unsound:
            _drop(db, key)
        db.execute(schema.UNHIDE_SPANS)
    return find(db, family, low, high)


def drop_unsound(db: sqlite3.Connection) -> None:
    """Forget every row that does not prove itself, or whose entry is gone."""
    if not _has_spans(db):
        return
    with transaction(db):
        for row in db.execute(schema.ALL_SPANS).fetchall():
            is_stored = db.execute(schema.HAS_ENTRY, row[:1]).fetchone() is not None
            if not is_stored or _unpacked(row) is None:
                _drop(db, row[0])
        db.execute(schema.UNHIDE_SPANS)


def _rows(db: sqlite3.Connection, family: str, low: Bound, high: Bound) -> list[_Row]:
    wanted = {
        "family": family,
        "low": _NO_LOW if low is None else low,
        "high": _NO_HIGH if high is None else high,
    }
    first = db.execute(schema.FARTHEST_SPAN, wanted).fetchall()
    if first and _reaches(first[0][3], wanted["high"]):
        return first
    reaching = [row for row in first if _reaches(row[3], wanted["low"])]
    return reaching + db.execute(schema.LATER_SPANS, wanted).fetchall()


def _settle(db: sqlite3.Connection, family: str) -> None:
    """Hide each unsettled span that lies within another, and those that lie within it."""
    for row in db.execute(schema.UNSETTLED_SPANS, (family,)).fetchall():
        named = _named(row)
        farthest = db.execute(schema.FARTHEST_SPAN, named).fetchone()
        if farthest is not None and _reaches(farthest[3], row[3]):
            db.execute(schema.HIDE_SPAN, (farthest[0], row[0]))
        else:
            db.execute(schema.SHOW_SPAN, named)
            db.execute(schema.HIDE_SPANS_WITHIN, named)


def _drop(db: sqlite3.Connection, key: object) -> None:
    for statement in schema.DROP_SPAN:
        db.execute(statement, (key,))


def _reaches(high: Any, other: Any) -> bool:
    return _order(high) >= _order(other)


def _order(bound: Any) -> tuple[int, Any]:
    """Compare as SQLite does: all text is above all numbers, and bytes are above all text."""
    kind = 2 if isinstance(bound, bytes) else int(isinstance(bound, str))
    return kind, bound


def _has_spans(db: sqlite3.Connection) -> bool:
    return db.execute(schema.HAS_SPANS).fetchone() is not None


def _named(row: _Row) -> dict[str, Any]:
    return dict(zip(("key", "family", "low", "high", "proof"), row, strict=True))


def _packed(span: Span) -> _Row:
    low = _NO_LOW if span.low is None else span.low
    high = _NO_HIGH if span.high is None else span.high
    return (span.key, span.family, low, high, _proof(span.key, span.family, low, high))


def _unpacked(row: _Row) -> Span | None:
    """Read a row; None if it is not exactly what was written."""
    key, family, low, high, proof = row
    if not all(isinstance(text, str) for text in (key, family)):
        return None
    if proof != _proof(key, family, low, high):
        return None
    return Span(
        family=family,
        low=None if low == _NO_LOW else low,
        high=None if high == _NO_HIGH else high,
        key=CacheKey(key),
    )


def _proof(*fields: object) -> bytes:
    return hashlib.sha256(json.dumps([repr(field) for field in fields]).encode()).digest()
