"""What every CacheStore promises: in memory, and in a folder."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from nbnodes.cache.fingerprint import fingerprint
from nbnodes.cache.location import open_store
from nbnodes.cache.record import INLINE_BYTES
from nbnodes.cache.store import CacheStore, Entry
from nbnodes.errors import RunCancelledError
from nbnodes.result import CacheKey

KEY, OTHER, THIRD = CacheKey("a" * 64), CacheKey("b" * 64), CacheKey("c" * 64)
SIZES = {"small": 10, "below": INLINE_BYTES - 1, "at": INLINE_BYTES, "above": INLINE_BYTES + 1}
MONTH_S = 30 * 86_400.0
THREADS = 8


@dataclass
class Clock:
    """What `time.time` says."""

    now: float = 2_000_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr("time.time", made)
    return made


def opened(location: Path | str, limit_bytes: int = 10**9) -> CacheStore:
    store = open_store(str(location), limit_bytes=limit_bytes, durability="normal")
    assert store is not None
    return store


def entry(key: CacheKey, payload: bytes, cost_s: float = 1.0) -> Entry:
    return Entry(key=key, payload=payload, notebook="n", family="/n", cost_s=cost_s, parts="{}")


@pytest.fixture(params=["memory", "sqlite"])
def opener(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[..., CacheStore]:
    place = ":memory:" if request.param == "memory" else tmp_path / "store"
    return lambda **options: opened(place, **options)


@pytest.fixture
def store(opener: Callable[..., CacheStore]) -> Iterator[CacheStore]:
    made = opener()
    yield made
    made.close()


def never() -> None:
    """Let a waiter wait."""


def cancelled() -> RunCancelledError:
    return RunCancelledError("enough")


def kept(store: CacheStore) -> set[CacheKey]:
    return {facts.key for facts in store.facts()}


@pytest.mark.parametrize("size", [0, *SIZES.values()], ids=["empty", *SIZES])
def test_what_is_put_is_there(store: CacheStore, size: int) -> None:
    assert store.get(KEY) is None
    store.put(entry(KEY, b"x" * size))
    assert store.get(KEY) == b"x" * size
    assert [facts.size_bytes for facts in store.facts("/n")] == [size]


@pytest.mark.parametrize("size", SIZES.values(), ids=SIZES)
def test_the_same_put_twice_is_one_entry(store: CacheStore, size: int) -> None:
    for _ in range(2):
        store.put(entry(KEY, b"x" * size))
    assert store.get(KEY) == b"x" * size
    assert [facts.size_bytes for facts in store.facts()] == [size]
    assert store.delete([KEY]) == 1


@pytest.mark.parametrize("sizes", [(10, 100_000), (100_000, 10), (10, 11), (100_000, 100_001)])
def test_a_refreshed_run_takes_the_place_of_the_earlier(
    store: CacheStore, sizes: tuple[int, int]
) -> None:
    for size in sizes:
        store.put(entry(KEY, b"x" * size, cost_s=float(size)))
    assert store.get(KEY) == b"x" * sizes[1]
    assert [(facts.size_bytes, facts.cost_s) for facts in store.facts()] == [(sizes[1], sizes[1])]


def test_facts_are_what_was_put_the_last_used_first(store: CacheStore, clock: Clock) -> None:
    puts = [replace(entry(KEY, b"x", 1.5), notebook="a", family="/a", parts='{"cells": "é"}')]
    puts += [replace(entry(OTHER, b"yy"), family="/b"), replace(entry(THIRD, b""), family="/a")]
    for put in puts:
        store.put(put)
        clock.now += 10
    assert [facts.key for facts in store.facts()] == [THIRD, OTHER, KEY]
    assert [facts.key for facts in store.facts("/a")] == [THIRD, KEY]
    assert store.facts("/") == store.facts("") == []
    first = store.facts()[-1]
    assert (first.notebook, first.family, first.parts) == ("a", "/a", '{"cells": "é"}')
    assert (first.size_bytes, first.cost_s) == (1, 1.5)
    assert first.created_at == first.last_used_at == clock.now - 30


def test_what_is_deleted_is_gone_and_the_same_content_stays_for_others(store: CacheStore) -> None:
    store.put(entry(KEY, b"x" * 100_000))
    store.put(entry(OTHER, b"x" * 100_000))
    assert store.delete([KEY]) == 1
    assert store.get(KEY) is None
    assert store.get(OTHER) == b"x" * 100_000


def test_only_what_was_there_counts_as_deleted(store: CacheStore) -> None:
    assert store.delete([KEY]) == store.delete([]) == 0
    store.put(entry(KEY, b"x"))
    assert store.delete(key for key in (OTHER, KEY, KEY)) == 1
    assert store.delete([KEY]) == 0


@pytest.mark.parametrize("size", [0, *SIZES.values()], ids=["empty", *SIZES])
def test_a_limit_of_nothing_empties_it(store: CacheStore, size: int) -> None:
    payloads = {KEY: b"x" * size, OTHER: b"y" * size}
    for key, payload in payloads.items():
        store.put(entry(key, payload))
    assert [store.collect_garbage(limit) for limit in (None, 2 * size, 0, 0)] == [0, 0, 2 * size, 0]
    assert store.facts() == []
    assert [store.get(key) for key in payloads] == [None, None]


def test_it_shrinks_below_its_own_limit(opener: Callable[..., CacheStore]) -> None:
    store = opener(limit_bytes=10_000)
    for n in range(40):
        store.put(entry(CacheKey(f"{n:064}"), b"x" * 1000))
    store.collect_garbage()
    assert 0 < sum(facts.size_bytes for facts in store.facts()) <= 10_000
    assert all(store.get(key) == b"x" * 1000 for key in kept(store))
    store.close()


@pytest.mark.parametrize(
    ("first", "second"), [((1000, 600.0), (100_000, 0.1)), ((1000, 5.0), (1000, 1.0))]
)
def test_the_cheap_and_large_goes_first(
    store: CacheStore, first: tuple[int, float], second: tuple[int, float]
) -> None:
    for key, (size, cost_s) in ((KEY, first), (OTHER, second)):
        store.put(entry(key, b"x" * size, cost_s))
    store.collect_garbage(1500)
    assert kept(store) == {KEY}


def test_of_like_entries_the_one_used_last_stays(store: CacheStore, clock: Clock) -> None:
    store.put(entry(KEY, b"x" * 1000))
    store.put(entry(OTHER, b"y" * 1000))
    clock.now += MONTH_S
    assert store.get(KEY) == b"x" * 1000
    store.collect_garbage(1500)
    assert kept(store) == {KEY}


def test_nothing_is_wrong_with_what_was_put(store: CacheStore) -> None:
    assert store.verify() == []
    for n, size in enumerate(SIZES.values()):
        store.put(entry(CacheKey(f"{n:064}"), b"x" * size))
    assert store.verify() == []
    assert len(store.facts()) == len(SIZES)


def test_one_flight_of_a_key_at_a_time(store: CacheStore) -> None:
    flying: list[int] = []
    start = threading.Barrier(THREADS, timeout=60)

    def fly(n: int) -> list[int]:
        start.wait()
        with store.flight(KEY, never):
            flying.append(n)
            store.put(entry(KEY, b"x"))  # gives the others every chance
            seen = list(flying)
            flying.remove(n)
            return seen

    with ThreadPoolExecutor(THREADS) as pool:
        assert list(pool.map(fly, range(THREADS))) == [[n] for n in range(THREADS)]


def test_a_waiter_can_be_interrupted_and_other_keys_need_not_wait(store: CacheStore) -> None:
    held = store.flight(KEY, never)
    with held, store.flight(OTHER, cancelled), pytest.raises(RunCancelledError, match="enough"):
        store.flight(KEY, cancelled).__enter__()
    with store.flight(KEY, cancelled):
        pass


def test_an_error_in_flight_lets_go(store: CacheStore) -> None:
    with pytest.raises(ZeroDivisionError), store.flight(KEY, never):
        raise ZeroDivisionError
    with store.flight(KEY, cancelled):
        pass


def test_it_may_be_closed_twice(store: CacheStore) -> None:
    assert isinstance(store, CacheStore)
    assert store.location
    store.put(entry(KEY, b"x"))
    store.close()
    store.close()


def test_threads_at_once_never_see_a_wrong_value(store: CacheStore) -> None:
    payloads = {CacheKey(f"{n:064}"): bytes([n]) * size for n, size in enumerate(SIZES.values())}

    def hammer(seed: int) -> None:
        chance = random.Random(seed)
        for _ in range(50):
            key = chance.choice(list(payloads))
            act = chance.choice([store.get, store.get, store.put, store.delete])
            given: Any = {store.put: entry(key, payloads[key]), store.delete: [key]}.get(act, key)
            got = act(given)
            assert act != store.get or got in (None, payloads[key])

    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(hammer, range(THREADS)))
    assert store.verify() == []


def test_fingerprints_tell_types_apart() -> None:
    values: list[Any] = [1, 1.0, True, "1", b"1", None, [1], (1,), {1}, {1: 1}, {"1": 1}, 1j]
    assert len({fingerprint(value) for value in values}) == len(values)
    assert fingerprint(float("nan")) == fingerprint(-float("nan"))
    assert fingerprint({"a": 1, "b": 2}) == fingerprint({"b": 2, "a": 1})
