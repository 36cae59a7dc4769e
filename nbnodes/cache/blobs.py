"""Large payloads as files named by their content: written once, checked whenever they are read."""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from contextlib import suppress

GRACE_S = 60.0
"""A file younger than this may belong to an entry that is being written."""


class Blobs:
    """A folder of content-addressed files. Safe from several threads and processes."""

    def __init__(self, folder: str) -> None:
        self._folder = folder

    def write(self, content: bytes) -> str:
        """Store content durably; return its digest.

        Raises:
            OSError: If that fails; nothing half-written is left under its name.
        """
        import tempfile

        digest = hashlib.sha256(content).hexdigest()
        path = self._path(digest)
        if self.read(digest) is not None and _is_made_new(path):
            return digest
        folder = os.path.dirname(path)
        os.makedirs(folder, mode=0o700, exist_ok=True)
        descriptor, part = tempfile.mkstemp(dir=folder, suffix=".part")
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            os.replace(part, path)
        except BaseException:
            os.unlink(part)
            raise
        _sync_folder(folder)
        return digest

    def read(self, digest: str) -> bytes | None:
        """Return content; None if it is not there or is not what it was."""
        try:
            with open(self._path(digest), "rb") as file:
                content = file.read()
        except OSError:
            return None
        return content if hashlib.sha256(content).hexdigest() == digest else None

    def sweep(self, wanted: AbstractSet[str], grace_s: float = GRACE_S) -> int:
        """Remove files that no entry names and that are not brand new; return the bytes freed."""
        freed_bytes = 0
        for path in self._paths():
            if os.path.basename(path) not in wanted:
                with suppress(OSError):  # another process removed it first
                    freed_bytes += _removed_bytes(path, grace_s)
        return freed_bytes

    def _path(self, digest: str) -> str:
        return os.path.join(self._folder, digest[:2], digest)

    def _paths(self) -> Iterator[str]:
        for folder, _, names in os.walk(self._folder):
            yield from (os.path.join(folder, name) for name in names)


def _is_made_new(path: str) -> bool:
    """Have a sweep under way take a file for new; False if it took it away before."""
    try:
        os.utime(path)
    except FileNotFoundError:
        return False
    return True


def _removed_bytes(path: str, grace_s: float) -> int:
    """Remove a file, unless somebody comes to need it at this very moment; return its size."""
    if time.time() - os.stat(path).st_mtime < grace_s:
        return 0
    taken = f"{path}.swept"
    os.replace(path, taken)
    status = os.stat(taken)
    if time.time() - status.st_mtime < grace_s:
        os.replace(taken, path)
        return 0
    os.unlink(taken)
    return status.st_size


def _sync_folder(folder: str) -> None:
    """Make a rename durable (POSIX; elsewhere folders cannot be opened, nor need it)."""
    if os.name != "posix":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
