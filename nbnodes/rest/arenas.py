"""How many heaps the C library keeps for a process of many threads."""

from __future__ import annotations

import ctypes

_M_ARENA_MAX = -8  # of <malloc.h>, see mallopt(3)
_ARENAS = 2


def share_arenas() -> None:
    """Have all threads share a few heaps, where the C library is glibc; before there are threads.

    By default glibc has up to eight for each CPU, and what is freed in one is of no use to another:
    with a hundred open pages that is a third of a server's memory. Since threads allocate under
    Python's lock they hardly wait for each other.
    """
    try:
        ctypes.CDLL(None).mallopt(_M_ARENA_MAX, _ARENAS)
    except (AttributeError, OSError):  # another C library, which has no such option
        return
