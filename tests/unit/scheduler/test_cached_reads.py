"""Many threads read what is stored: each gets it, whatever the others read and forget meanwhile."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from nbnodes.cache.codec import Codec
from nbnodes.cache.memory import MemoryStore
from nbnodes.cache.signing import Signer
from nbnodes.cache.store import Entry
from nbnodes.result import CacheKey, Success
from nbnodes.scheduler.cached_run import CachedRunner

KEYS = [CacheKey(f"{number:064}") for number in range(320)]
READERS = 4


@pytest.fixture
def in_turns() -> Iterator[None]:
    """Threads that take turns all the time."""
    before_s = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before_s)


@pytest.mark.usefixtures("in_turns")
def test_threads_that_read_more_than_is_remembered_all_get_it(tmp_path: Path) -> None:
    store, codec = MemoryStore(), Codec(Signer(str(tmp_path / "key")))
    for number, key in enumerate(KEYS):
        payload = codec.encode(key, Success(name="n", engine="e", value=number))
        store.put(Entry(key=key, payload=payload, notebook="n", family="n", cost_s=0.0, parts="{}"))
    runner = CachedRunner(store, codec)

    def values(first: int) -> list[object]:
        order = [*range(first, len(KEYS)), *range(first)]
        found = {number: runner.stored(store, KEYS[number]) for number in order}
        return [result and result.value for _, result in sorted(found.items())]

    with ThreadPoolExecutor(READERS) as pool:
        read = list(pool.map(values, range(0, len(KEYS), len(KEYS) // READERS)))
    assert read == [list(range(len(KEYS)))] * len(read)
