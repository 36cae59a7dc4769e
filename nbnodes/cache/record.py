"""A payload becomes an index row that proves itself, and back. Pure.

    magic (4) | kind (1) | SHA-256 of key, kind and body (32) | body

The body is the payload itself, or the digest of the blob that holds it. The key is part of the
proof, so a row moved to another key is worth nothing.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from nbnodes.result import CacheKey

INLINE_BYTES = 32_768  # larger payloads go to files

_MAGIC = b"nbn1"
_INLINE, _BLOB = b"i", b"b"
_HEAD = len(_MAGIC) + 1 + 32


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """What a row says: a payload, or the digest of the blob that is the payload."""

    payload: bytes = b""
    blob: str | None = None


def pack(key: CacheKey, record: Record) -> bytes:
    """Write a row."""
    kind, body = _INLINE, record.payload
    if record.blob is not None:
        kind, body = _BLOB, bytes.fromhex(record.blob)
    return _MAGIC + kind + _proof(key, kind, body) + body


def unpack(key: object, row: object) -> Record | None:
    """Read a row; None if it is not exactly what `pack` wrote for this key."""
    if not isinstance(key, str) or not isinstance(row, bytes) or row[: len(_MAGIC)] != _MAGIC:
        return None
    kind, proof, body = (
        row[len(_MAGIC) : len(_MAGIC) + 1],
        row[len(_MAGIC) + 1 : _HEAD],
        row[_HEAD:],
    )
    if kind not in (_INLINE, _BLOB) or proof != _proof(CacheKey(key), kind, body):
        return None
    return Record(payload=body) if kind == _INLINE else Record(blob=body.hex())


def _proof(key: CacheKey, kind: bytes, body: bytes) -> bytes:
    name = key.encode()
    return hashlib.sha256(len(name).to_bytes(4, "big") + name + kind + body).digest()
