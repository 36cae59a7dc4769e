"""One caller at a time per key, across processes, by file locks that end with their holder."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from nbnodes.errors import Interruption

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl

_FIRST_WAIT_S, _LONGEST_WAIT_S = 0.002, 0.05


@contextmanager
def exclusive(path: str, interruption: Interruption) -> Iterator[None]:
    """Hold the lock file at `path` for a block.

    A holder that is killed lets go at once. Where the file cannot be made (a read-only folder), the
    block runs unlocked: an answer computed twice is still an answer.

    Raises:
        EngineError: What `interruption` returned while waiting.
    """
    descriptor = _acquired(path, interruption)
    try:
        yield
    finally:
        if descriptor is not None:
            _release(path, descriptor)


def _acquired(path: str, interruption: Interruption) -> int | None:
    wait_s = _FIRST_WAIT_S
    while True:
        try:
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        except OSError:
            return None
        if try_lock(descriptor) and _is_still_there(path, descriptor):
            return descriptor
        os.close(descriptor)
        error = interruption()
        if error:
            raise error
        time.sleep(wait_s)  # `flock` can wait by itself, but not until a deadline
        wait_s = min(2 * wait_s, _LONGEST_WAIT_S)


def try_lock(descriptor: int) -> bool:
    """Lock an open file until it is closed everywhere; False if another one has."""
    try:
        if sys.platform != "win32":
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        else:
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
    except OSError:
        return False
    return True


def _is_still_there(path: str, descriptor: int) -> bool:
    """Whether the file locked is the one at the path: its last holder removes it."""
    try:
        there, locked = os.stat(path), os.fstat(descriptor)
    except OSError:
        return False
    return (there.st_dev, there.st_ino) == (locked.st_dev, locked.st_ino)


def _release(path: str, descriptor: int) -> None:
    try:
        os.unlink(path)  # while the lock is held, so that nobody else can have locked this file
    except OSError:
        pass  # Windows keeps open files; the lock goes with the descriptor
    finally:
        os.close(descriptor)
