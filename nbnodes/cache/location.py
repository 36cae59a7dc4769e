"""A location as the settings write it becomes a CacheStore."""

from __future__ import annotations

import os
from typing import Literal

from nbnodes.cache.folders import user_folder
from nbnodes.cache.store import CacheStore
from nbnodes.settings import Settings

MEMORY, OFF = ":memory:", "off"


def open_chosen(
    cache: str | os.PathLike[str] | CacheStore | bool | None, settings: Settings
) -> CacheStore | None:
    """Open the store that a caller chose; it may be one, False for none, or None for the default.

    Args:
        cache: What the caller chose: also a location as `open_store` takes it.
        settings: Say the default, and how large it may become.
    """
    if isinstance(cache, CacheStore):
        return cache
    location = settings.cache if cache is None or cache is True else cache
    return open_store(
        OFF if location is False else os.fspath(location),
        limit_bytes=settings.cache_size_bytes,
        durability=settings.durability,
    )


def open_store(
    location: str, *, limit_bytes: int, durability: Literal["normal", "full"]
) -> CacheStore | None:
    """Open the store at a location.

    Args:
        location: A folder; "" for the user's cache folder; ":memory:"; "off" for none.
        limit_bytes: It is kept below this size.
        durability: "full" also survives a power cut.
    """
    if location == MEMORY:
        return open_memory(limit_bytes=limit_bytes)
    folder = cache_folder(location)
    if folder is None:
        return None
    from nbnodes.cache.sqlite import SqliteStore

    return SqliteStore(folder, limit_bytes=limit_bytes, durability=durability)


def cache_folder(location: str) -> str | None:
    """Return the folder that a location means, absolute; None for what lies in none."""
    if location in (OFF, MEMORY):
        return None
    return os.path.abspath(os.path.expanduser(location)) if location else user_folder("cache")


def open_memory(*, limit_bytes: int) -> CacheStore:
    """Open a store that leaves nothing behind."""
    from nbnodes.cache.memory import MemoryStore

    return MemoryStore(limit_bytes=limit_bytes)
