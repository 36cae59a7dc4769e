"""The state of a file without reading it: when it changed, its size, its inode."""

from __future__ import annotations

import os

RACY_NS = 2_000_000_000
"""A file changed this recently may change again with the same stamp (as in git's "racy git")."""


def stamp(path: str) -> list[int] | None:
    """Return [last change in ns since 1970, size in bytes, inode]; None if there is no file.

    The time is the later one of content's and inode's: `touch -d` and `mv` count as changes.
    """
    try:
        status = os.stat(path)
    except (OSError, ValueError):  # ValueError: a name that no file can have
        return None
    return [max(status.st_mtime_ns, status.st_ctime_ns), status.st_size, status.st_ino]
