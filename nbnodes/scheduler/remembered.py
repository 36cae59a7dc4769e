"""What was computed before: deep and content keys go in, Answers and Results come out."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any, TypeVar

from nbnodes.cache.code import Identities
from nbnodes.cache.equality import Comparers
from nbnodes.cache.store import CacheStore, Link
from nbnodes.errors import CacheError, FingerprintError
from nbnodes.result import CacheKey, Success
from nbnodes.scheduler.cached_run import CachedRunner
from nbnodes.scheduler.protocol import WHOLE, Answer

T = TypeVar("T")

_RECENT = 64  # Results kept as objects besides those that cannot be stored
_UNSTORED = 256  # of those, which are remembered no longer than they are here
_ANSWERS = 200_000


class Remembered:
    """What a Session's graphs know. Safe from several threads.

    A Result lies in the store, or in one of this process where its key holds in this process only.
    What no store can keep is kept as an object, the latest of these.

    Args:
        runner: Reads stored Results.
        store: The Session's; None for none.
        private: Where the rest is kept.
        comparers: Names values.
    """

    def __init__(
        self,
        runner: CachedRunner,
        store: CacheStore | None,
        private: CacheStore,
        comparers: Comparers | None = None,
    ) -> None:
        self.identities = Identities()
        self.comparers = comparers or Comparers()
        self._runner = runner
        self._store = store
        self._private = private
        self._lock = threading.Lock()
        self._answers: OrderedDict[str, Answer] = OrderedDict()
        self._lost: set[str] = set()  # keys of Results that are not kept any more
        self._recent: OrderedDict[str, Success] = OrderedDict()
        self._unstored: OrderedDict[str, Success] = OrderedDict()

    def store_for(self, *, is_lasting: bool) -> CacheStore:
        """Return where a run is kept."""
        return self._store if self._store is not None and is_lasting else self._private

    def find(self, name: str, *, parts: Iterable[str] = ()) -> Answer | None:
        """Return the answer known by a content key.

        Args:
            name: The key.
            parts: The parts of the value whose digests must be known; `WHOLE` is all of it.
        """
        parts = tuple(parts)
        answer = self._known(name) or self._stored_answer(name, parts)
        return None if answer is None else self._with_parts(name, answer, parts)

    def recall(self, name: str, *, parts: Iterable[str] = ()) -> Answer | None:
        """Return the answer known by a deep key; arguments as `find`."""
        answer = self._known(name)
        return None if answer is None else self._with_parts(name, answer, parts)

    def link(self, answer: Answer, *names: str) -> None:
        """Remember an answer under other keys, in this process and others."""
        for name in names:
            self._note(name, answer)
        link = Link(key=CacheKey(answer.key), digests=answer.digests)
        for store in self._stores():
            try:
                store.put_link(link, *names)
            except CacheError:  # the runner has warned of this store; a link only saves a look-up
                continue

    def keep(self, result: Success, key: str, parts: Iterable[str], *, deep: str = "") -> Answer:
        """Remember a Result that was just made or read, and say what it gave.

        Args:
            result: The Result.
            key: Its key.
            parts: The parts of its value that others are fed with; only these are named, as to
                name a value may take long: a figure is drawn for it.
            deep: The deep key that it has, too; "" for none.

        Raises:
            LookupError: If its value has no part of a name that was asked for.
        """
        answer = Answer(key, self.digests(result.value, key, parts))
        result = replace(result, key=CacheKey(key))
        names = tuple(filter(None, (key, deep)))
        with self._lock:
            is_known = result.cached and key not in self._lost
            is_known = is_known and all(self._answers.get(name) == answer for name in names)
            self._lost.discard(key)
            _put(self._recent, key, result, most=_RECENT)
        if is_known:  # by another graph that waited for the same run: a disk is slow
            return answer
        self.link(answer, *names)
        if not any(self._has(store, key) for store in self._stores()):
            with self._lock:
                _put(self._unstored, key, result, most=_UNSTORED)
        return answer

    def held(self, key: str) -> Success | None:
        """Return a Result if it is here as an object: nothing needs to be read."""
        with self._lock:
            return self._recent.get(key) or self._unstored.get(key)

    def result(self, key: str) -> Success | None:
        """Return a Result; None, and its answers are forgotten, if it is not kept any more."""
        found = self.held(key) or self._stored(key)
        with self._lock:
            if found is not None:
                _put(self._recent, key, found, most=_RECENT)
                return found
            self._lost.add(key)
        return None

    def unstored(self, key: str) -> Success | None:
        """Return a Result that no store keeps; who needs it must hold it."""
        return self._unstored.get(key)

    def cost_s(self, family: str) -> float:
        """Return the seconds that the latest run of a family took; 0 if there was none."""
        for store in self._stores():
            try:
                facts = store.facts(family)
            except CacheError:
                continue
            if facts:
                return max(facts, key=lambda one: one.created_at).cost_s
        return 0.0

    def digests(self, value: Any, key: str, parts: Iterable[str]) -> dict[str, str]:
        """Name parts of a value; what has no name of its own goes by where it came from.

        Raises:
            LookupError: If it has no such part.
        """
        found = {}
        for part in parts:
            if part == WHOLE:
                found[part] = self._digest(value, key)
                continue
            if not isinstance(value, Mapping) or part not in value:
                kind = type(value).__name__
                raise LookupError(f"its value, a {kind}, has no entry {part!r}")
            found[part] = self._digest(value[part], f"{key}[{part}]")
        return found

    def _known(self, name: str) -> Answer | None:
        with self._lock:
            answer = self._answers.get(name)
            if answer is not None and answer.key not in self._lost:
                self._answers.move_to_end(name)
                return answer
        return self._linked(name)

    def _with_parts(self, name: str, answer: Answer, parts: Iterable[str]) -> Answer | None:
        missing = [part for part in parts if part not in answer.digests]
        if not missing:
            self._note(name, answer)
            return answer
        completed = self._completed(answer, missing)
        if completed is not None:
            self.link(completed, name)
        return completed

    def _digest(self, value: Any, origin: str) -> str:
        try:
            return self.comparers.digest(value)
        except FingerprintError:
            return f"of {origin}"

    def _stores(self) -> list[CacheStore]:
        return [self._private] if self._store is None else [self._store, self._private]

    def _has(self, store: CacheStore, key: str) -> bool:
        try:
            return store.link(key) is not None
        except CacheError:
            return False

    def _linked(self, name: str) -> Answer | None:
        for store in self._stores():
            try:
                link = store.link(name)
            except CacheError:
                continue
            if link is not None:
                return Answer(link.key, link.digests)
        return None

    def _stored(self, key: str) -> Success | None:
        for store in self._stores():
            found = self._runner.stored(store, CacheKey(key))
            if found is not None:
                return found
        return None

    def _stored_answer(self, key: str, parts: Iterable[str]) -> Answer | None:
        """Return what a run gave that was stored without a graph, such as by `nbnodes run`."""
        found = self._stored(key)
        if found is None:
            return None
        try:
            answer = Answer(key, self.digests(found.value, key, parts))
        except LookupError:
            return None
        self.link(answer, key)
        return answer

    def _completed(self, answer: Answer, missing: list[str]) -> Answer | None:
        found = self.result(answer.key)
        if found is None:
            return None
        try:
            return Answer(
                answer.key, {**answer.digests, **self.digests(found.value, answer.key, missing)}
            )
        except LookupError:
            return None

    def _note(self, name: str, answer: Answer) -> None:
        with self._lock:
            _put(self._answers, name, answer, most=_ANSWERS)


def _put(into: OrderedDict[str, T], key: str, value: T, *, most: int) -> None:
    """Keep the latest of so many."""
    into[key] = value
    into.move_to_end(key)
    while len(into) > most:
        into.popitem(last=False)
