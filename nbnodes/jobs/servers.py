"""A folder of locked files becomes the knowledge which servers, who share a journal, are alive."""

from __future__ import annotations

import os
import uuid
from contextlib import suppress

from nbnodes.cache.flight import try_lock
from nbnodes.cache.forks import follow


class Server:
    """One who owns jobs: alive while it holds the lock on a file of its name.

    The lock goes with its holder however that ends, and tells no lie where process numbers do: in
    containers that share a folder, and when numbers are given anew.

    Args:
        folder: Where the servers of one journal have their files; made when there is none.
    """

    def __init__(self, folder: str) -> None:
        self._folder = folder
        self._descriptor: int | None = None
        self._name = ""
        follow(self)

    @property
    def name(self) -> str:
        """Names this server; it lives from the first time that it is asked for its name.

        Raises:
            OSError: If its file cannot be made.
        """
        while self._descriptor is None:
            os.makedirs(self._folder, mode=0o700, exist_ok=True)
            name = uuid.uuid4().hex
            descriptor = os.open(self._path(name), os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
            if try_lock(descriptor) and os.fstat(descriptor).st_nlink:
                self._name, self._descriptor = name, descriptor
            else:  # somebody took the file for a dead server's before it was locked
                os.close(descriptor)
        return self._name

    def is_alive(self, name: str) -> bool:
        """Whether a server is; what a dead one has left is removed."""
        if name == self._name and self._descriptor is not None:
            return True
        path = self._path(os.path.basename(name))
        try:
            descriptor = os.open(path, os.O_RDWR)
        except FileNotFoundError:
            return False
        except OSError:
            return True  # what cannot be known is not called lost
        try:
            if not try_lock(descriptor):
                return True
            with suppress(OSError):  # Windows keeps open files
                os.unlink(path)
            return False
        finally:
            os.close(descriptor)

    def sweep(self) -> None:
        """Remove what dead servers have left."""
        with suppress(OSError):  # there is no such folder, or it is not to be looked into
            for name in os.listdir(self._folder):
                self.is_alive(name)

    def close(self) -> None:
        """Be dead."""
        descriptor, self._descriptor = self._descriptor, None
        if descriptor is not None:
            with suppress(OSError):
                os.unlink(self._path(self._name))  # while it is locked: nobody else has it
            os.close(descriptor)

    def hold(self) -> None:
        """See `Forkable.hold`."""

    def release(self, *, is_child: bool) -> None:
        """See `Forkable.release`. A child is another server, and must not keep this one alive."""
        if is_child and self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor, self._name = None, ""

    def _path(self, name: str) -> str:
        return os.path.join(self._folder, name)
