"""Ranges in an index on disk: rows prove themselves, are found in one step, and end with runs."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from nbnodes.cache import schema
from nbnodes.cache.sqlite import SqliteStore
from nbnodes.cache.store import Entry, Span
from nbnodes.errors import CacheError, CacheWarning
from nbnodes.result import CacheKey

GOLDEN = Path(__file__).parents[2] / "golden" / "cache-1"
KNOWN: dict[str, Any] = {"notebook": "n", "family": "/n", "cost_s": 1.0, "parts": "{}"}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "store"


@pytest.fixture
def store(folder: Path) -> Iterator[SqliteStore]:
    with closing(SqliteStore(str(folder))) as made:
        yield made


def put(store: SqliteStore, key: str, low: Any, high: Any) -> None:
    store.put(Entry(key=CacheKey(key), payload=b"x", **KNOWN))
    store.put_span(Span(family="f", low=low, high=high, key=CacheKey(key)))


def found(store: SqliteStore, low: Any = None, high: Any = None) -> list[str]:
    return [span.key for span in store.spans("f", low, high)]


def change(folder: Path, statement: str) -> None:
    with closing(sqlite3.connect(folder / schema.FILE_NAME)) as index, index:
        index.execute(statement)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE spans SET low = -5 WHERE key = 'a'",
        "UPDATE spans SET high = 50 WHERE key = 'a'",
        "UPDATE spans SET high = 'text' WHERE key = 'a'",
        "UPDATE spans SET high = x'00' WHERE key = 'a'",
        "UPDATE spans SET key = 'z' WHERE key = 'a'",
        "UPDATE spans SET proof = zeroblob(32) WHERE key = 'a'",
        "UPDATE spans SET low = 0.0 WHERE key = 'a'",
    ],
)
def test_a_row_that_does_not_prove_itself_is_no_range(
    store: SqliteStore, folder: Path, statement: str
) -> None:
    for key, low, high in (("a", 0, 10), ("b", 20, 30), ("c", 40, 50), ("d", 3, 4)):
        put(store, key, low, high)
    change(folder, statement)
    assert set(found(store)) <= {"b", "c", "d"}
    assert "b" in found(store)
    assert found(store, 3, 4) == ["d"], "what it hid comes forth"
    assert store.verify() == []
    assert "a" not in found(store)


def test_a_range_whose_run_was_lost_with_its_row_is_forgotten(
    store: SqliteStore, folder: Path
) -> None:
    put(store, "a", 0, 10)
    put(store, "b", 2, 3)
    change(folder, "DROP TRIGGER span_goes")
    change(folder, f"DELETE FROM \"{schema.TABLE}\" WHERE key = 'a'")
    change(folder, schema.CREATE_SPANS[-1])
    store.verify()
    assert found(store) == ["b"]


def test_an_index_from_before_ranges_learns_of_them(tmp_path: Path) -> None:
    folder = shutil.copytree(GOLDEN, tmp_path / "cache")
    with closing(SqliteStore(str(folder))) as store:
        assert found(store) == []
        key = CacheKey("1" * 64)
        assert store.get(key)
        store.put_span(Span(family="f", low=0, high=1, key=key))
        assert found(store) == [key]
        assert store.delete([key]) == 1
        assert (found(store), store.verify()) == ([], [])


def test_what_one_handle_notes_another_finds(store: SqliteStore, folder: Path) -> None:
    with closing(SqliteStore(str(folder))) as other:
        put(store, "a", 0, 10)
        assert found(other) == ["a"]
        other.switch_off("f", "why")
        assert store.switched_off() == {"f": "why"}
        other.delete([CacheKey("a")])
        assert found(store) == []


@pytest.mark.parametrize(
    "statement", [schema.FARTHEST_SPAN, schema.LATER_SPANS, schema.UNSETTLED_SPANS]
)
def test_ranges_are_found_by_an_index(store: SqliteStore, folder: Path, statement: str) -> None:
    put(store, "a", 0, 10)
    with closing(sqlite3.connect(folder / schema.FILE_NAME)) as index:
        wanted: Any = {"family": "f", "low": 0, "high": 1} if ":" in statement else ("f",)
        (_, _, _, step), *_ = index.execute(f"EXPLAIN QUERY PLAN {statement}", wanted)
    assert "USING INDEX spans_by_low (family=? AND hidden_by=?" in step


@pytest.mark.filterwarnings("ignore::nbnodes.errors.CacheWarning")
def test_a_rebuilt_index_has_lost_its_ranges_but_no_switch(
    store: SqliteStore, folder: Path
) -> None:
    put(store, "a", 0, 10)
    store.switch_off("f", "why")
    store.close()
    path = folder / schema.FILE_NAME
    content = path.read_bytes()
    path.write_bytes(b"damaged " * 8 + content[64:])
    with pytest.warns(CacheWarning, match="rebuilt"):
        store.get(CacheKey("a"))
    assert found(store) == []
    put(store, "b", 0, 10)
    assert (found(store), store.switched_off()) == (["b"], {"f": "why"})


def test_a_switch_that_cannot_be_written_is_told(store: SqliteStore, folder: Path) -> None:
    folder.mkdir()
    (folder / "switched-off").write_text("in the way")
    with pytest.raises(CacheError, match="switched-off cannot be written"):
        store.switch_off("f", "why")
    assert store.switched_off() == {}


def test_a_file_that_is_no_switch_is_none(store: SqliteStore, folder: Path) -> None:
    store.switch_off("f", "why")
    (folder / "switched-off" / "other").write_text("{")
    assert store.switched_off() == {"f": "why"}


def test_looking_makes_nothing(store: SqliteStore, folder: Path) -> None:
    store.put_span(Span(family="f", low=0, high=1, key=CacheKey("a")))
    assert found(store) == []
    assert store.switched_off() == {}
    assert not folder.exists()
