"""Writes `cache-1/`, a cache as version 1 keeps it. Run once per version: what is there must last.

.venv/bin/python tests/golden/make_cache.py tests/golden/cache-1
"""

from __future__ import annotations

import os
import sqlite3
import sys
from contextlib import closing
from typing import Any

import numpy as np

from nbnodes.cache import schema
from nbnodes.cache.codec import Codec
from nbnodes.cache.key import KeyParts
from nbnodes.cache.signing import Signer
from nbnodes.cache.sqlite import SqliteStore
from nbnodes.cache.store import Entry
from nbnodes.result import CacheKey, CellRun, Success

WRITTEN_AT = 1_700_000_000.0
KEYS = {
    name: CacheKey(digit * 64) for name, digit in {"plain": "1", "array": "2", "all": "3"}.items()
}
PARTS = KeyParts(
    cells=((1, "c" * 64), (3, "d" * 64)),
    parameters={"n": ("e" * 64, "15")},
    modules={"helper.py": "f" * 64},
    files={"data.csv": "missing"},
    packages={"numpy": "2.4.6"},
    language="python 3.11",
    output_size_bytes=10_000_000,
)
STREAM = {"output_type": "stream", "name": "stdout", "text": "n = 15\nçà et là 🐍\n"}
SHOWN = {
    "output_type": "execute_result",
    "data": {"text/plain": "b'...'", "text/html": "<b>15</b>", "image/png": "iVBORw0KGgo=\n"},
    "metadata": {"image/png": {"width": 1}},
    "execution_count": 2,
}
RUNS = {
    "plain": Success(
        name="plain.ipynb",
        engine="kernel",
        duration_s=0.25,
        value={"b": [1, 1.5, True, None, "é", 10**20], "a": {}},
    ),
    "array": Success(
        name="array.ipynb",
        engine="inprocess",
        duration_s=2.5,
        value=np.arange(9000, dtype="<i4").reshape(90, 100),
    ),
    "all": Success(
        name="all.ipynb",
        engine="papermill",
        duration_s=1.5,
        cells=(
            CellRun(ordinal=0, duration_s=0.5),
            CellRun(ordinal=1, outputs=(STREAM, SHOWN), duration_s=0.75),
        ),
        executed={"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": []},
        value=b"\x00\xff",
    ),
}


def main(folder: str) -> None:
    """Write the cache into a folder that does not exist yet."""
    store = SqliteStore(folder)
    codec = Codec(Signer(os.path.join(folder, "no-key")))  # none of these is signed
    for name, run in RUNS.items():
        store.put(_entry(KEYS[name], run, codec))
    store.close()
    with closing(sqlite3.connect(os.path.join(folder, schema.FILE_NAME))) as index:
        times: dict[str, Any] = {"at": WRITTEN_AT}
        index.execute("UPDATE facts SET created_at = :at, last_used_at = :at", times)
        index.commit()
        index.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def _entry(key: CacheKey, run: Success, codec: Codec) -> Entry:
    return Entry(
        key=key,
        payload=codec.encode(key, run),
        notebook=run.name,
        family=f"/n/{run.name}",
        cost_s=run.duration_s,
        parts=PARTS.to_json(),
    )


if __name__ == "__main__":
    main(sys.argv[1])
