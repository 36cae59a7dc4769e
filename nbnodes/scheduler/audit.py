"""A slice and the same range computed: whether they agree, and what happens if they do not."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from nbnodes.cache.codec import Codec
from nbnodes.cache.equality import Comparers, Eq
from nbnodes.cache.slicing import plainly_indexed
from nbnodes.cache.store import CacheStore
from nbnodes.errors import CacheError, CacheWarning, warn
from nbnodes.result import CacheKey, Result, Success
from nbnodes.scheduler.asks import Ask


class Auditor:
    """Compares answers, and switches off what gave a wrong one. Safe from several threads."""

    def __init__(self, store: CacheStore, codec: Codec, comparers: Comparers) -> None:
        self._store = store
        self._codec = codec
        self._comparers = comparers

    def agrees(self, sliced: Result, computed: Result, eq: Eq | None) -> bool:
        """Whether two Results have the same value.

        They are compared as the cache gives them back, as its codec may write an equal time zone
        otherwise; and however pandas keeps their row numbers.
        """
        if not isinstance(sliced, Success) or not isinstance(computed, Success):
            return False
        one, other = self._read_back(sliced), self._read_back(computed)
        return self._comparers.equal(one, other, eq) or self._comparers.equal(
            plainly_indexed(one), plainly_indexed(other), eq
        )

    def end_rule(self, ask: Ask, slices: Iterable[object]) -> None:
        """Have no more answers of a family be slices, in no process; and say so."""
        names = f"{ask.interval.start}={ask.start!r} and {ask.interval.end}={ask.end!r}"
        others = " and ".join(map(str, slices))
        reason = f"{ask.name} with {names} gave another value than {others}"
        undo = "To undo this, see `nbnodes cache slices`"
        try:
            self._store.switch_off(ask.family, reason)
        except CacheError as error:
            undo = f"But that is not noted, and holds for no later run: {error}"
        text = (
            f"{reason}. What is returned was computed. Earlier slices may have been wrong; there "
            f"will be no more, as its Interval does not hold as declared (a halo?). {undo}"
        )
        warn(text, CacheWarning)

    def _read_back(self, result: Success) -> Any:
        key = CacheKey("audit")
        try:
            payload = self._codec.encode(key, replace(result, cells=(), executed=None))
        except CacheError:
            return result.value
        back = self._codec.decode(key, payload)
        return result.value if back is None else back.value
