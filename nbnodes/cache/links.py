"""Links: other names under which a stored run is found, as rows that prove themselves.

A link leads from a name, such as a graph node's deep key, to the run that gave the value, and holds
the digests of the value: who only needs to know whether it changed need not load it.
Each function takes a connection to an index that has the table of entries.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Iterable

from nbnodes.cache import schema
from nbnodes.cache.database import transaction
from nbnodes.cache.store import Link
from nbnodes.result import CacheKey


def put(db: sqlite3.Connection, link: Link, names: Iterable[str]) -> None:
    """Note links, if their run is stored."""
    body = json.dumps([link.key, dict(link.digests)])
    rows = [(name, link.key, body, _proof(name, body), link.key) for name in names]
    with transaction(db):
        for statement in () if _has_links(db) else schema.CREATE_LINKS:
            db.execute(statement)
        db.executemany(schema.PUT_LINK, rows)


def find(db: sqlite3.Connection, name: str) -> Link | None:
    """Return the link of a name; None if there is none or it was damaged."""
    try:
        row = db.execute(schema.GET_LINK, (name,)).fetchone()
    except sqlite3.OperationalError:
        if _has_links(db):
            raise
        return None
    return None if row is None else _unpacked(name, *row)


def _unpacked(name: str, body: object, proof: object) -> Link | None:
    if not isinstance(body, str) or proof != _proof(name, body):
        return None
    key, digests = json.loads(body)
    return Link(key=CacheKey(key), digests=digests)


def _proof(name: str, body: str) -> bytes:
    text = json.dumps([name, body]).encode("utf-8", "surrogatepass")
    return hashlib.sha256(text).digest()


def _has_links(db: sqlite3.Connection) -> bool:
    return db.execute(schema.HAS_LINKS).fetchone() is not None
