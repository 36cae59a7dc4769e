"""Whatever two handles do to one folder: a key gives what was put last, or nothing once it is gone.

Below it, the same of its pure parts: a row proves itself, and the least worth is given up first.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from nbnodes.cache.eviction import victims
from nbnodes.cache.record import INLINE_BYTES, Record, pack, unpack
from nbnodes.cache.sqlite import SqliteStore
from nbnodes.cache.store import Entry, EntryFacts
from nbnodes.result import CacheKey

HANDLES = st.sampled_from([0, 1])
READERS = st.sampled_from([(), (0,), (1,), (0, 1)])
KEYS = st.sampled_from([CacheKey(letter * 64) for letter in "abcd"])
SIZES = st.sampled_from([0, 1, 500, INLINE_BYTES - 1, INLINE_BYTES, INLINE_BYTES + 7000])
PAYLOADS = st.builds(lambda size, fill: fill * size, SIZES, st.sampled_from([b"x", b"y", b"\0"]))
LIMITS = st.sampled_from([0, 1, 600, INLINE_BYTES, 2 * INLINE_BYTES, 10**9])
FAMILIES = st.sampled_from(["/a", "/b"])
TOTAL = dict(deadline=None, derandomize=True)  # noqa: C408
WORDS = st.text(st.characters(codec="utf-8"))
NAMES = WORDS.filter(len).map(CacheKey)
RECORDS = st.one_of(
    st.builds(lambda body: Record(payload=body), st.binary(max_size=300)),
    st.builds(lambda digest: Record(blob=digest.hex()), st.binary(min_size=32, max_size=32)),
)


class TwoHandles(RuleBasedStateMachine):
    """A dict is the model: what it has, both handles have, and nothing else."""

    @initialize()
    def begin(self) -> None:
        self.temporary = TemporaryDirectory()
        self.folder = Path(self.temporary.name, "store")
        self.handles = [SqliteStore(str(self.folder)) for _ in range(2)]
        self.payloads: dict[CacheKey, bytes] = {}
        self.families: dict[CacheKey, str] = {}

    @rule(handle=HANDLES, key=KEYS, payload=PAYLOADS, family=FAMILIES, readers=READERS)
    def put(
        self,
        handle: int,
        key: CacheKey,
        payload: bytes,
        family: str,
        readers: tuple[int, ...],
    ) -> None:
        put = Entry(key=key, payload=payload, notebook="n", family=family, cost_s=1.0, parts="{}")
        self.handles[handle].put(put)
        self.payloads[key], self.families[key] = payload, family
        self.get(readers, key)

    @rule(readers=READERS, key=KEYS)
    def get(self, readers: tuple[int, ...], key: CacheKey) -> None:
        for handle in readers:
            assert self.handles[handle].get(key) == self.payloads.get(key)

    @rule(handle=HANDLES, keys=st.lists(KEYS, max_size=3), readers=READERS)
    def delete(self, handle: int, keys: list[CacheKey], readers: tuple[int, ...]) -> None:
        known = {key for key in keys if self.payloads.pop(key, None) is not None}
        assert self.handles[handle].delete(keys) == len(known)
        for key in keys:
            self.get(readers, key)

    @rule(handle=HANDLES, family=FAMILIES)
    def facts(self, handle: int, family: str) -> None:
        sizes = {facts.key: facts.size_bytes for facts in self.handles[handle].facts()}
        assert sizes == {key: len(payload) for key, payload in self.payloads.items()}
        found = {facts.key for facts in self.handles[handle].facts(family)}
        assert found == {key for key in self.payloads if self.families[key] == family}

    @rule(handle=HANDLES, limit=LIMITS)
    def collect_garbage(self, handle: int, limit: int) -> None:
        freed_bytes = self.handles[handle].collect_garbage(limit)
        kept = {facts.key: facts.size_bytes for facts in self.handles[handle].facts()}
        total = sum(map(len, self.payloads.values()))
        assert sum(kept.values()) <= limit
        expected = self.payloads.keys() if limit else set()  # a limit of nothing empties it
        assert total > limit > 0 or kept.keys() == expected
        assert freed_bytes >= 0
        self.payloads = {key: payload for key, payload in self.payloads.items() if key in kept}

    @rule(handle=HANDLES)
    def verify(self, handle: int) -> None:
        assert self.handles[handle].verify() == []

    @rule(handle=HANDLES, is_closed=st.booleans())
    def open_anew(self, handle: int, is_closed: bool) -> None:
        """Go on with a new handle; a process that was killed never closed the earlier."""
        if is_closed:
            self.handles[handle].close()
        self.handles[handle] = SqliteStore(str(self.folder))

    @rule(handle=HANDLES)
    def close(self, handle: int) -> None:
        self.handles[handle].close()

    @rule()
    def look_from_elsewhere(self) -> None:
        other = SqliteStore(str(self.folder))
        assert {key: other.get(key) for key in self.payloads} == self.payloads
        other.close()

    def teardown(self) -> None:
        if not hasattr(self, "temporary"):
            return
        self.look_from_elsewhere()
        for handle in self.handles:
            handle.close()
        assert list(self.folder.rglob("*.part")) == []
        self.temporary.cleanup()


TestTwoHandles = TwoHandles.TestCase
TestTwoHandles.settings = settings(max_examples=300, stateful_step_count=15, **TOTAL)


def facts_come_back(words: tuple[str, str, str]) -> None:
    notebook, family, parts = words
    with TemporaryDirectory() as folder, closing(SqliteStore(folder)) as store:
        known = {"notebook": notebook, "family": family, "parts": parts, "cost_s": 1.0}
        store.put(Entry(key=CacheKey("a" * 64), payload=b"x", **known))
        shown = tuple(word.encode(errors="backslashreplace").decode() for word in words)
        assert [(f.notebook, f.family, f.parts) for f in store.facts(family)] == [shown]


@settings(max_examples=50, **TOTAL)
@given(words=st.tuples(WORDS, WORDS, WORDS))
def test_facts_come_back_whatever_the_words(words: tuple[str, str, str]) -> None:
    facts_come_back(words)


@pytest.mark.parametrize("words", [("\udcff", "/n", "{}"), ("n", "/\udcff", "{}")])
def test_facts_come_back_for_a_file_name_that_is_no_text(words: tuple[str, str, str]) -> None:
    facts_come_back(words)


@settings(max_examples=200, **TOTAL)
@given(key=NAMES, record=RECORDS)
def test_a_row_gives_back_its_record(key: CacheKey, record: Record) -> None:
    assert unpack(key, pack(key, record)) == record


def flipped(row: bytes, place: int, mask: int) -> bytes:
    place %= len(row)
    return row[:place] + bytes([row[place] ^ mask]) + row[place + 1 :]


@pytest.mark.parametrize(
    "damage",
    [
        flipped,
        lambda row, place, _: row[: place % len(row)],
        lambda row, place, mask: row + bytes([mask]) * (place % 50 + 1),
        lambda row, place, _: row[place % len(row) + 1 :],
        lambda row, _, __: row.decode("latin-1"),
        lambda _, __, ___: None,
    ],
    ids=["flipped", "cut short", "longer", "beheaded", "text", "null"],
)
@settings(max_examples=200, **TOTAL)
@given(key=NAMES, record=RECORDS, place=st.integers(0, 10_000), mask=st.integers(1, 255))
def test_a_damaged_row_is_no_row(
    damage: Callable[[bytes, int, int], object],
    key: CacheKey,
    record: Record,
    place: int,
    mask: int,
) -> None:
    assert unpack(key, damage(pack(key, record), place, mask)) is None


@settings(max_examples=200, **TOTAL)
@given(keys=st.lists(NAMES, min_size=2, max_size=2, unique=True), record=RECORDS)
def test_a_row_is_worth_nothing_to_another_key(keys: list[CacheKey], record: Record) -> None:
    assert unpack(keys[1], pack(keys[0], record)) is None


def known(n: int, size_bytes: int, cost_s: int, age_h: int) -> EntryFacts:
    used_at = NOW - 3600.0 * age_h
    return EntryFacts(
        key=CacheKey(str(n)),
        notebook="n",
        family="/n",
        size_bytes=size_bytes,
        cost_s=float(cost_s),
        created_at=used_at,
        last_used_at=used_at,
        parts="{}",
    )


NOW = 2_000_000_000.0
KNOWN = st.lists(
    st.tuples(st.integers(1, 10**6), st.integers(0, 10**4), st.integers(0, 2000)), max_size=12
).map(lambda rows: [known(n, *row) for n, row in enumerate(rows)])


def beats(one: EntryFacts, other: EntryFacts) -> bool:
    """Whether one is worth more whichever way the three are weighed."""
    mine, theirs = ((-facts.size_bytes, facts.cost_s, facts.last_used_at) for facts in (one, other))
    return mine != theirs and all(m >= t for m, t in zip(mine, theirs, strict=True))


@settings(max_examples=300, **TOTAL)
@given(entries=KNOWN, percent=st.integers(0, 120))
def test_what_is_worth_least_goes_until_the_rest_fits(
    entries: list[EntryFacts], percent: int
) -> None:
    total = sum(facts.size_bytes for facts in entries)
    limit = total * percent // 100
    chosen = victims(entries, limit, NOW)
    by_key = {facts.key: facts for facts in entries}
    rest = [facts for facts in entries if facts.key not in chosen]
    freed = [by_key[key].size_bytes for key in chosen]
    assert sum(facts.size_bytes for facts in rest) <= limit
    assert len(set(chosen)) == len(chosen)
    if not limit:
        assert not rest
        return
    assert total > limit or not chosen
    assert not chosen or total - sum(freed[:-1]) > 0.9 * limit
    assert not any(beats(by_key[key], facts) for key in chosen for facts in rest)
    assert not any(beats(by_key[a], by_key[b]) for a, b in pairwise(chosen))
