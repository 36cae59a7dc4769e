"""What must not be open when the process forks is closed before, and usable on both sides after."""

from __future__ import annotations

import os
from typing import Protocol
from weakref import WeakSet


class Forkable(Protocol):
    """Something that a fork concerns. Its methods are called on the thread that forks."""

    def hold(self) -> None:
        """Close everything, and let nothing begin until `release`."""

    def release(self, *, is_child: bool) -> None:
        """Let work begin again; in the child, other threads are gone with what they held."""


def follow(concerned: Forkable) -> None:
    """Have `concerned` told of each fork while it lives."""
    _live.add(concerned)


def watch_forks() -> None:
    """Follow forks from now on.

    To be called again after `logging` was imported: what is registered later is called earlier,
    and once logging holds its own lock for the fork, sqlitedict's thread could not end.
    """
    if hasattr(os, "register_at_fork"):
        os.register_at_fork(
            before=_hold_all,
            after_in_parent=lambda: _release_all(is_child=False),
            after_in_child=lambda: _release_all(is_child=True),
        )


def _hold_all() -> None:
    held = list(_live)
    for concerned in held:
        concerned.hold()
    _held.append(held)


def _release_all(*, is_child: bool) -> None:
    for concerned in _held.pop():
        concerned.release(is_child=is_child)


_live: WeakSet[Forkable] = WeakSet()  # of the whole process, as a fork is
_held: list[list[Forkable]] = []
watch_forks()
