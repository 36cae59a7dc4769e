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
from nbnodes.cache.store import Bound, CacheStore, Entry, Link, Span
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


def test_its_edition_stays_until_something_is_replaced_or_deleted(store: CacheStore) -> None:
    store.put(entry(KEY, b"x"))
    before = store.edition
    store.put(entry(OTHER, b"y"))
    store.delete([THIRD])
    assert store.edition == before
    store.put(entry(KEY, b"z"))
    replaced = store.edition
    store.delete([OTHER])
    assert len({before, replaced, store.edition}) == 3


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


# ---------------------------------------------------------------- ranges


def named(letter: str) -> CacheKey:
    return CacheKey(letter * 64)


def put_spans(
    store: CacheStore, family: str = "f", /, **ranges: tuple[Bound, Bound]
) -> dict[str, CacheKey]:
    for letter, (low, high) in ranges.items():
        store.put(entry(named(letter), letter.encode()))
        store.put_span(Span(family=family, low=low, high=high, key=named(letter)))
    return {letter: named(letter) for letter in ranges}


def found(store: CacheStore, low: Bound, high: Bound, family: str = "f") -> str:
    return "".join(span.key[0] for span in store.spans(family, low, high))


RANGES: dict[str, dict[str, tuple[Bound, Bound]]] = {
    "numbers": {"a": (0, 10), "b": (5, 15.5), "c": (2, 3), "d": (20, 30), "e": (15.5, 16)},
    "dates": {
        "a": ("2000-01-01", "2000-12-31"),
        "b": ("2000-06-01", "2001-06-01"),
        "c": ("2000-02-01", "2000-03-01"),
        "d": ("2003-01-01", "2004-01-01"),
        "e": ("2001-06-01", "2001-07-01"),
    },
}


def test_a_store_lacks_what_was_never_put_or_is_gone(store: CacheStore) -> None:
    assert store.lacks(KEY)
    store.put(entry(KEY, b"value"))
    assert not store.lacks(KEY)
    assert store.lacks(OTHER)
    store.delete([KEY])
    assert store.lacks(KEY)


def test_another_name_leads_to_a_stored_run_until_that_is_gone(store: CacheStore) -> None:
    link = Link(key=KEY, digests={"": "d", "price": "p"})
    store.put_link(link, "deep")
    assert store.link("deep") is None
    store.put(entry(KEY, b"value"))
    store.put_link(link, "deep")
    store.put_link(replace(link, digests={"": "e"}), "other")
    assert store.link("deep") == link
    assert store.link("nothing") is None
    store.delete([KEY])
    assert store.link("deep") is None
    assert store.link("other") is None


@pytest.mark.parametrize("kind", RANGES)
def test_a_range_that_covers_is_found_alone_else_all_that_help(
    store: CacheStore, kind: str
) -> None:
    ranges = RANGES[kind]
    put_spans(store, **ranges)
    (low, middle), (late, high) = ranges["a"], ranges["b"]
    assert found(store, *ranges["c"]) == found(store, low, low) == "a"
    assert found(store, low, high) == "abe", "e touches"
    assert found(store, late, high) == found(store, late, middle) == "b"
    assert found(store, low, ranges["d"][0]) == "abed"
    assert found(store, None, None) == "abed", "c lies within a"
    assert found(store, ranges["d"][1], None) == "d"
    assert found(store, low, high, "another family") == ""


def test_ranges_without_ends_are_ranges(store: CacheStore) -> None:
    put_spans(store, a=(None, 10), b=(5, None), c=(3, 4))
    assert found(store, None, 10) == found(store, 3, 4) == found(store, None, -(10**9)) == "a"
    assert found(store, 7, 10**9) == found(store, 11, None) == "b"
    assert found(store, None, None) == "ab"
    put_spans(store, d=(None, None))
    assert found(store, None, None) == found(store, 1, 2) == "d"
    (span,) = store.spans("f", 1, 2)
    assert span == Span(family="f", low=None, high=None, key=named("d"))


def test_a_range_goes_with_its_run_and_those_within_it_come_forth(store: CacheStore) -> None:
    put_spans(store, b=(1, 5), c=(2, 4), a=(0, 10), d=(6, 9), e=(7, 12))
    assert found(store, 0, 12) == "ae"
    store.delete([named("a")])
    assert found(store, 0, 12) == "bde"
    assert found(store, 2, 4) == "b"
    store.delete([named("b"), named("e")])
    assert found(store, 0, 12) == "cd"
    store.collect_garbage(0)
    assert found(store, 0, 12) == ""


def test_a_run_that_is_not_stored_has_no_range(store: CacheStore) -> None:
    store.put_span(Span(family="f", low=0, high=10, key=KEY))
    assert found(store, 0, 10) == ""
    store.put(entry(KEY, b"x"))
    assert found(store, 0, 10) == ""


def test_a_run_has_one_range_whoever_notes_it_again(store: CacheStore) -> None:
    for _ in range(2):
        put_spans(store, a=(0, 10), b=(0, 10), c=(1, 2))
        assert found(store, 0, 10) == "a"
    store.put_span(Span(family="f", low=0, high=1, key=named("a")))
    assert found(store, 0, 10) == "b"
    put_spans(store, "g", a=(0, 10))
    assert (found(store, 0, 10), found(store, 0, 10, "g")) == ("b", "a")


def test_what_is_switched_off_stays_off_until_it_is_switched_on(store: CacheStore) -> None:
    assert store.switched_off() == {}
    assert not store.switch_on("f")
    store.switch_off("g", "é differs")
    store.switch_off("f/../f", "first")
    store.switch_off("f/../f", "second")
    store.collect_garbage(0)
    assert store.switched_off() == {"f/../f": "second", "g": "é differs"}
    assert store.switch_on("g")
    assert store.switched_off() == {"f/../f": "second"}


def test_threads_at_once_find_no_range_whose_run_is_gone(store: CacheStore) -> None:
    letters = "abcdef"

    def hammer(seed: int) -> None:
        chance = random.Random(seed)
        for _ in range(40):
            low = chance.randrange(20)
            if chance.random() < 0.3:
                store.delete([named(chance.choice(letters))])
            else:
                put_spans(store, **{chance.choice(letters): (low, low + chance.randrange(9))})
            store.spans("f", 5, 15)

    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(hammer, range(THREADS)))
    spans = store.spans("f", None, None)
    assert {span.key for span in spans} <= kept(store)
    pairs = [(span.low, span.high) for span in spans]
    assert pairs == sorted(pairs), "none lies within another"
    assert [high for _, high in pairs] == sorted(high for _, high in pairs)  # type: ignore[type-var]


def test_fingerprints_tell_types_apart() -> None:
    values: list[Any] = [1, 1.0, True, "1", b"1", None, [1], (1,), {1}, {1: 1}, {"1": 1}, 1j]
    assert len({fingerprint(value) for value in values}) == len(values)
    assert fingerprint(float("nan")) == fingerprint(-float("nan"))
    assert fingerprint({"a": 1, "b": 2}) == fingerprint({"b": 2, "a": 1})
