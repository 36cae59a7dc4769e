"""Whatever is stored and deleted: the ranges found are those that a look at all would find."""

from __future__ import annotations

from contextlib import closing
from tempfile import TemporaryDirectory
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from nbnodes.cache.sqlite import SqliteStore
from nbnodes.cache.store import Bound, Entry, Span
from nbnodes.result import CacheKey

TOTAL = dict(deadline=None, derandomize=True)  # noqa: C408
KEYS = st.sampled_from([CacheKey(letter) for letter in "abcdefgh"])
LOWS = st.one_of(st.none(), st.integers(0, 9), st.sampled_from([2.5, 7.5]))
RANGES = st.tuples(LOWS, LOWS).filter(lambda p: None in p or p[0] <= p[1])
ACTS = st.lists(st.tuples(KEYS, st.one_of(st.just("gone"), RANGES)), max_size=14)


def numbers(pair: tuple[Bound, Bound]) -> tuple[Any, Any]:
    low, high = pair
    return -1000 if low is None else low, 1000 if high is None else high


def is_within(one: tuple[Bound, Bound], other: tuple[Bound, Bound]) -> bool:
    (low, high), (other_low, other_high) = numbers(one), numbers(other)
    return bool(other_low <= low and high <= other_high)


def touches(one: tuple[Bound, Bound], other: tuple[Bound, Bound]) -> bool:
    (low, high), (other_low, other_high) = numbers(one), numbers(other)
    return bool(low <= other_high and other_low <= high)


def assert_found(
    found: list[tuple[Bound, Bound]], stored: set[tuple[Bound, Bound]], wanted: tuple[Bound, Bound]
) -> None:
    outer = {one for one in stored if not any(is_within(one, o) for o in stored - {one})}
    assert set(found) <= outer
    assert len(found) == len(set(found))
    assert found == sorted(found, key=numbers)
    if any(is_within(wanted, one) for one in outer):
        assert len(found) == 1
        assert is_within(wanted, found[0])
        return
    missing = {one for one in outer if touches(one, wanted)} - set(found)
    assert all(
        any(numbers(f)[0] <= numbers(wanted)[0] and numbers(f)[1] >= numbers(m)[1] for f in found)
        for m in missing
    ), "what is left out helps less than what is there"


@settings(max_examples=300, **TOTAL)
@given(acts=ACTS, wanted=RANGES)
def test_what_is_found_is_what_there_is(acts: list[Any], wanted: tuple[Bound, Bound]) -> None:
    stored: dict[CacheKey, tuple[Bound, Bound]] = {}
    with TemporaryDirectory() as folder, closing(SqliteStore(folder)) as store:
        for key, act in acts:
            if act == "gone":
                store.delete([key])
                stored.pop(key, None)
            else:
                known = {"notebook": "n", "family": "/n", "cost_s": 1.0, "parts": "{}"}
                store.put(Entry(key=key, payload=b"x", **known))  # type: ignore[arg-type]
                store.put_span(Span(family="f", low=act[0], high=act[1], key=key))
                stored[key] = act
        spans = store.spans("f", *wanted)
        assert all(numbers(stored[s.key]) == numbers((s.low, s.high)) for s in spans)
        assert_found([(s.low, s.high) for s in spans], set(stored.values()), wanted)
        assert store.verify() == []
        assert store.spans("f", *wanted) == spans
