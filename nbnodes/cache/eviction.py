"""Which entries to give up when the cache is too large. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from nbnodes.cache.store import EntryFacts
from nbnodes.result import CacheKey

_HALF_LIFE_S = 7 * 86_400
_FILL = 0.9  # shrink somewhat below the limit, so that not every put has to


def victims(entries: Iterable[EntryFacts], limit_bytes: int, now: float) -> list[CacheKey]:
    """Choose what to evict so that the rest fits.

    An entry is worth the seconds it saves per byte it takes, halved for each week that it was not
    used (after Cao and Irani's GreedyDual-Size, USITS 1997): ten minutes of work in a kilobyte
    outlive a second's in a gigabyte.
    """
    entries = list(entries)
    if not limit_bytes:
        return [entry.key for entry in entries]
    total = sum(entry.size_bytes for entry in entries)
    if total <= limit_bytes:
        return []
    chosen: list[CacheKey] = []
    for entry in sorted(entries, key=lambda e: (_worth(e, now), e.last_used_at, e.key)):
        if total <= limit_bytes * _FILL:
            break
        chosen.append(entry.key)
        total -= entry.size_bytes
    return chosen


def _worth(entry: EntryFacts, now: float) -> float:
    age_s = max(0.0, now - entry.last_used_at)
    seconds_per_byte = (entry.cost_s + 1e-3) / max(1, entry.size_bytes)
    return float(seconds_per_byte * 0.5 ** (age_s / _HALF_LIFE_S))
