"""A cache that version 1 wrote (tests/golden/make_cache.py) is still read, every entry of it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from nbnodes.cache.codec import Codec
from nbnodes.cache.key import KeyParts, differences
from nbnodes.cache.location import open_store
from nbnodes.cache.signing import Signer
from nbnodes.cache.store import CacheStore, Entry
from nbnodes.result import CacheKey, CellRun, Success

GOLDEN = Path(__file__).parents[2] / "golden" / "cache-1"
PLAIN, ARRAY, ALL = (CacheKey(digit * 64) for digit in "123")
WRITTEN_AT = 1_700_000_000.0
STREAM = {"output_type": "stream", "name": "stdout", "text": "n = 15\nçà et là 🐍\n"}
SHOWN = {
    "output_type": "execute_result",
    "data": {"text/plain": "b'...'", "text/html": "<b>15</b>", "image/png": "iVBORw0KGgo=\n"},
    "metadata": {"image/png": {"width": 1}},
    "execution_count": 2,
}
RUNS: dict[CacheKey, dict[str, Any]] = {
    PLAIN: {
        "name": "plain.ipynb",
        "engine": "kernel",
        "duration_s": 0.25,
        "value": {"b": [1, 1.5, True, None, "é", 10**20], "a": {}},
    },
    ARRAY: {"name": "array.ipynb", "engine": "inprocess", "duration_s": 2.5},
    ALL: {
        "name": "all.ipynb",
        "engine": "papermill",
        "duration_s": 1.5,
        "cells": (
            CellRun(ordinal=0, duration_s=0.5),
            CellRun(ordinal=1, outputs=(STREAM, SHOWN), duration_s=0.75),
        ),
        "executed": {"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": []},
        "value": b"\x00\xff",
    },
}


@pytest.fixture
def store(tmp_path: Path) -> Iterator[CacheStore]:
    folder = shutil.copytree(GOLDEN, tmp_path / "cache")
    made = open_store(str(folder), limit_bytes=10**9, durability="normal")
    assert made
    yield made
    made.close()


def read(store: CacheStore, key: CacheKey, folder: Path) -> Success:
    """Read a run with a secret that is not the writer's: none of these needs one."""
    payload = store.get(key)
    assert payload
    run = Codec(Signer(str(folder / "key"))).decode(key, payload)
    assert run
    return run


@pytest.mark.parametrize("key", [PLAIN, ALL], ids=["plain", "all"])
def test_a_run_of_version_1_is_still_read(store: CacheStore, tmp_path: Path, key: CacheKey) -> None:
    run = read(store, key, tmp_path)
    assert run == Success(**RUNS[key], key=key, cached=True)
    assert repr(run.value) == repr(RUNS[key]["value"]), "types included"


def test_an_array_in_a_file_of_its_own_is_still_read(store: CacheStore, tmp_path: Path) -> None:
    run = read(store, ARRAY, tmp_path)
    assert {name: getattr(run, name) for name in RUNS[ARRAY]} == RUNS[ARRAY]
    assert (run.value.dtype.str, run.value.shape) == ("<i4", (90, 100))
    assert np.array_equal(run.value.ravel(), np.arange(9000))


def test_what_was_known_about_its_runs_is_still_known(store: CacheStore) -> None:
    assert {facts.key: facts.notebook for facts in store.facts()} == {
        key: run["name"] for key, run in RUNS.items()
    }
    (facts,) = store.facts("/n/array.ipynb")
    assert (facts.key, facts.cost_s, facts.size_bytes) == (ARRAY, 2.5, 36248)
    assert facts.created_at == facts.last_used_at == WRITTEN_AT


def test_its_misses_can_still_be_explained(store: CacheStore) -> None:
    (facts,) = store.facts("/n/plain.ipynb")
    parts = KeyParts.from_json(facts.parts)
    now = KeyParts(
        cells=((1, "c" * 64), (3, "0" * 64)),
        parameters={"n": ("0" * 64, "16")},
        modules={"helper.py": "0" * 64},
        files={"data.csv": "0" * 64},
        packages={"numpy": "3.0"},
        language="python 3.11",
        output_size_bytes=10_000_000,
    )
    assert differences(parts, parts) == []
    assert len(differences(parts, now)) == 5
    assert "n 15 → 16" in differences(parts, now)


def test_it_is_whole_and_goes_on_being_used(store: CacheStore, tmp_path: Path) -> None:
    assert store.verify() == []
    key = CacheKey("4" * 64)
    store.put(Entry(key=key, payload=b"new", notebook="n", family="/n", cost_s=1.0, parts="{}"))
    assert store.get(key) == b"new"
    assert read(store, ALL, tmp_path).value == b"\x00\xff"
    assert len(store.facts()) == 4
    assert store.collect_garbage() == 0
