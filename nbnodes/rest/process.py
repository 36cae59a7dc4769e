"""A server's process: its heaps, its collector of garbage, its CPUs."""

from __future__ import annotations

import ctypes
import gc

from nbnodes.engines.cpus import share_one_cpu
from nbnodes.engines.environment import set_for_itself

_M_ARENA_MAX = -8  # of <malloc.h>, see mallopt(3)
_ARENAS = 2
_THRESHOLDS = (2_000, 10, 5)  # Python's own, 700, 10 and 10, are several for each request


def prepare(*, shares_cpu: bool) -> None:
    """Prepare this process for many short requests, before it has taken any.

    Args:
        shares_cpu: Whether nothing that users wrote runs in it; see `share_one_cpu`.
    """
    _share_arenas()
    set_for_itself("ARROW_DEFAULT_MEMORY_POOL", "system")  # Arrow's own keeps what was freed
    gc.collect()
    gc.freeze()  # what is there by now stays
    gc.set_threshold(*_THRESHOLDS)
    if shares_cpu:
        share_one_cpu()


def _share_arenas() -> None:
    """Have all threads share a few heaps, where the C library is glibc.

    By default glibc has up to eight for each CPU, and what is freed in one is of no use to another:
    with a hundred open pages that is a third of a server's memory. Since threads allocate under
    Python's lock they hardly wait for each other.
    """
    try:
        ctypes.CDLL(None).mallopt(_M_ARENA_MAX, _ARENAS)
    except (AttributeError, OSError):  # another C library, which has no such option
        return
