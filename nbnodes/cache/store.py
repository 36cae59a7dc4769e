"""The CacheStore protocol: bytes by key, written once, with what is known about each entry."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol, TypeAlias, runtime_checkable

from nbnodes.errors import Interruption
from nbnodes.result import CacheKey


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One stored run.

    Attributes:
        key: Its key.
        payload: The encoded Result.
        notebook: The notebook's name.
        family: What its runs have in common: the notebook's path.
        cost_s: Seconds it took to compute.
        parts: The key's parts as JSON, to explain later misses.
    """

    key: CacheKey
    payload: bytes
    notebook: str
    family: str
    cost_s: float
    parts: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryFacts:
    """What is known about a stored run without reading it.

    Attributes:
        key: Its key.
        notebook: The notebook's name.
        family: The notebook's path.
        size_bytes: Size of its payload.
        cost_s: Seconds it took to compute.
        created_at: When it was stored, seconds since 1970 UTC.
        last_used_at: When it was last used, to the hour.
        parts: The key's parts as JSON.
    """

    key: CacheKey
    notebook: str
    family: str
    size_bytes: int
    cost_s: float
    created_at: float
    last_used_at: float
    parts: str


Bound: TypeAlias = int | float | str | None
"""An end of a range, in the order that all ranges of one family share; None where it has no end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """The range that a stored run covers.

    Attributes:
        family: What runs must share for one to answer part of another.
        low: Where it begins.
        high: Where it ends.
        key: The run's key.
    """

    family: str
    low: Bound
    high: Bound
    key: CacheKey


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """Where another name of a stored run leads.

    Attributes:
        key: The run's key.
        digests: The digest of its value ("") and of the parts of it that were asked for.
    """

    key: CacheKey
    digests: Mapping[str, str]


@runtime_checkable
class CacheStore(Protocol):
    """Keeps encoded Results. Safe from several threads; what `put` accepted is never lost.

    Every method raises `CacheError` if the place where it keeps them fails.
    """

    @property
    def location(self) -> str:
        """Where it keeps them, for people."""

    @property
    def edition(self) -> Hashable:
        """Equal only as long as no process replaced a stored run, or had one deleted."""

    def get(self, key: CacheKey) -> bytes | None:
        """Return the payload stored for a key; None if there is none or it was damaged."""

    def lacks(self, key: CacheKey) -> bool:
        """Whether nothing is stored for a key; False, too, where that cannot be told at once."""

    def put(self, entry: Entry) -> None:
        """Store a run; when this returns, it survives the process."""

    def delete(self, keys: Iterable[CacheKey]) -> int:
        """Forget runs; return how many there were."""

    def facts(self, family: str | None = None) -> list[EntryFacts]:
        """List what is stored, the last used first."""

    def collect_garbage(self, limit_bytes: int | None = None) -> int:
        """Shrink below the limit (default: the store's own); return the bytes given back."""

    def verify(self) -> list[str]:
        """Read everything; return what is damaged, in words, having forgotten it."""

    def flight(self, key: CacheKey, interruption: Interruption) -> AbstractContextManager[None]:
        """Hold a key while its run is made: of several callers, in any process, one at a time.

        Raises:
            EngineError: What `interruption` returned while waiting.
        """

    def put_link(self, link: Link, *names: str) -> None:
        """Note other names of a stored run; nothing if that run is not there (any more)."""

    def link(self, name: str) -> Link | None:
        """Return where a name leads; None if nowhere. Its run was stored when it was noted."""

    def put_span(self, span: Span) -> None:
        """Note the range that a stored run covers; nothing if that run is not there (any more)."""

    def spans(self, family: str, low: Bound, high: Bound) -> list[Span]:
        """Return the stored ranges that [low, high] can be made up of, the lowest first.

        If one covers it all, that one alone; else all that overlap or touch it, save those that lie
        within another. Each belongs to a run that is stored.
        """

    def switch_off(self, family: str, reason: str) -> None:
        """Note that no run of a family may answer part of another, and why; for good."""

    def switch_on(self, family: str) -> bool:
        """Undo `switch_off`; return whether there was anything to undo."""

    def switched_off(self) -> dict[str, str]:
        """Return the families that are switched off, and why."""

    def close(self) -> None:
        """Give back everything held; may be called twice."""
