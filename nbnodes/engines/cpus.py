"""On which CPUs a server's own threads run, and that processes for runs have all."""

from __future__ import annotations

import os
import random
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress

_TASKS = "/proc/self/task"
_all: frozenset[int] = frozenset()  # that this process may use; while its threads share one


def share_one_cpu() -> None:
    """Have all threads of this process share a CPU, where Linux lets them.

    Python's threads take turns, so that several CPUs are of little use to them; and what one has
    just used is in the caches of its own CPU when the next comes, on another, to need it. Processes
    that are to have all CPUs are started within `all_cpus`.
    """
    global _all  # noqa: PLW0603  # the process has one set of CPUs, too
    _all = _all or _own_cpus()
    if _all:
        _have_all_threads(random.choice(sorted(_all)))  # noqa: S311  # so that servers spread


def spread_out() -> None:
    """Have all threads of this process run wherever they may again."""
    global _all  # as above
    cpus, _all = _all, frozenset()
    if cpus:
        _have_all_threads(*cpus)


@contextmanager
def all_cpus() -> Iterator[None]:
    """Have this thread, and the processes that it starts, run wherever they may for a block."""
    before = _own_cpus() if _all else frozenset()
    if before:
        _have(0, _all)
    try:
        yield
    finally:
        if before and _all:  # else they have been spread out meanwhile
            _have(0, before)


def _own_cpus() -> frozenset[int]:
    """Return where this thread may run; nothing where that cannot be told."""
    with suppress(AttributeError, OSError):  # not Linux; a sandbox
        return frozenset(os.sched_getaffinity(0))
    return frozenset()


def _have_all_threads(*cpus: int) -> None:
    done: set[str] = set()
    with suppress(OSError):  # no /proc: those that begin from now on will
        while new := set(os.listdir(_TASKS)) - done:  # those that began meanwhile, too
            for thread in new:
                _have(int(thread), cpus)
            done |= new
    _have(0, cpus)


def _have(thread: int, cpus: Iterable[int]) -> None:
    with suppress(OSError):  # it has just ended, or the system says no: it is none the worse
        os.sched_setaffinity(thread, cpus)
