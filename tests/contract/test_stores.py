"""What every CacheStore promises."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from nbnodes.cache.fingerprint import fingerprint
from nbnodes.cache.location import open_store
from nbnodes.cache.schema import FILE_NAME
from nbnodes.cache.store import CacheStore, Entry
from nbnodes.result import CacheKey

KEY, OTHER = CacheKey("a" * 64), CacheKey("b" * 64)
SIZES = {"small": 10, "blob": 100_000}


def opened(location: Path | str) -> CacheStore:
    store = open_store(str(location), limit_bytes=10**9, durability="normal")
    assert store is not None
    return store


def entry(key: CacheKey, payload: bytes, cost_s: float = 1.0) -> Entry:
    return Entry(key=key, payload=payload, notebook="n", family="/n", cost_s=cost_s, parts="{}")


@pytest.fixture(params=["memory", "sqlite"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Any:
    made = opened(":memory:" if request.param == "memory" else tmp_path / "store")
    yield made
    made.close()


@pytest.mark.parametrize("size", SIZES.values(), ids=SIZES)
def test_what_is_put_is_there(store: CacheStore, size: int) -> None:
    assert store.get(KEY) is None
    store.put(entry(KEY, b"x" * size))
    assert store.get(KEY) == b"x" * size
    assert [facts.size_bytes for facts in store.facts("/n")] == [size]


def test_what_is_deleted_is_gone_and_the_same_content_stays_for_others(store: CacheStore) -> None:
    store.put(entry(KEY, b"x" * 100_000))
    store.put(entry(OTHER, b"x" * 100_000))
    assert store.delete([KEY]) == 1
    assert store.get(KEY) is None
    assert store.get(OTHER) == b"x" * 100_000


def test_the_cheap_and_large_goes_first(store: CacheStore) -> None:
    store.put(entry(KEY, b"x" * 1000, cost_s=600.0))
    store.put(entry(OTHER, b"x" * 100_000, cost_s=0.1))
    store.collect_garbage(50_000)
    assert [facts.key for facts in store.facts()] == [KEY]


def test_another_handle_sees_it(tmp_path: Path) -> None:
    one, other = opened(tmp_path), opened(tmp_path)
    one.put(entry(KEY, b"x"))
    assert other.get(KEY) == b"x"
    one.close()
    other.close()


@pytest.mark.parametrize("size", SIZES.values(), ids=SIZES)
def test_a_flipped_byte_is_a_miss_or_harmless(tmp_path: Path, size: int) -> None:
    made = opened(tmp_path)
    made.put(entry(KEY, b"x" * size))
    made.close()
    blobs = [path for path in (tmp_path / "blobs").rglob("*") if path.is_file()]
    for path in [tmp_path / FILE_NAME, *blobs]:
        whole = path.read_bytes()
        for place in range(0, len(whole), max(1, len(whole) // 60)):
            path.write_bytes(whole[:place] + bytes([whole[place] ^ 0xFF]) + whole[place + 1 :])
            damaged = opened(tmp_path)
            assert damaged.get(KEY) in (None, b"x" * size)
            damaged.close()
            for left in tmp_path.glob(f"{FILE_NAME}*"):
                left.unlink()
            if path.name != FILE_NAME:
                break
            path.write_bytes(whole)


def test_fingerprints_tell_types_apart() -> None:
    values: list[Any] = [1, 1.0, True, "1", b"1", None, [1], (1,), {1}, {1: 1}, {"1": 1}, 1j]
    assert len({fingerprint(value) for value in values}) == len(values)
    assert fingerprint(float("nan")) == fingerprint(-float("nan"))
    assert fingerprint({"a": 1, "b": 2}) == fingerprint({"b": 2, "a": 1})
