"""Large payloads as files named by their content: written once, checked whenever they are read."""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Iterator
from collections.abc import Set as AbstractSet

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
        if self.read(digest) is not None:
            os.utime(path)  # so that a sweep under way takes it for new
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
            try:
                status = os.stat(path)
                if os.path.basename(path) in wanted or time.time() - status.st_mtime < grace_s:
                    continue
                os.unlink(path)
            except OSError:  # another process removed it first
                continue
            freed_bytes += status.st_size
        return freed_bytes

    def _path(self, digest: str) -> str:
        return os.path.join(self._folder, digest[:2], digest)

    def _paths(self) -> Iterator[str]:
        for folder, _, names in os.walk(self._folder):
            yield from (os.path.join(folder, name) for name in names)


def _sync_folder(folder: str) -> None:
    """Make a rename durable (POSIX; elsewhere folders cannot be opened, nor need it)."""
    if os.name != "posix":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
