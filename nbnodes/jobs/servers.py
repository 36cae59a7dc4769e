"""A folder of locked files becomes the knowledge which servers, who share a journal, are alive."""

from __future__ import annotations

import os
import threading
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
        self._lock = threading.Lock()
        self._descriptor: int | None = None
        self._name = ""
        follow(self)

    @property
    def name(self) -> str:
        """Names this server; it lives from the first time that it is asked for its name.

        If somebody has removed its file, it is another one from then on.

        Raises:
            OSError: If its file cannot be made.
        """
        with self._lock:
            if self._descriptor is not None and not os.fstat(self._descriptor).st_nlink:
                self._let_go()
            while self._descriptor is None:
                self._try_to_live()
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
        if self._descriptor is not None:
            with suppress(OSError):
                os.unlink(self._path(self._name))  # while it is locked: nobody else has it
            self._let_go()

    def hold(self) -> None:
        """See `Forkable.hold`."""

    def release(self, *, is_child: bool) -> None:
        """See `Forkable.release`. A child is another server, and must not keep this one alive."""
        if is_child:
            self._lock = threading.Lock()
            self._let_go()

    def _try_to_live(self) -> None:
        os.makedirs(self._folder, mode=0o700, exist_ok=True)
        name = uuid.uuid4().hex
        descriptor = os.open(self._path(name), os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
        if try_lock(descriptor) and os.fstat(descriptor).st_nlink:
            self._name, self._descriptor = name, descriptor
        else:  # somebody took the file for a dead server's before it was locked
            os.close(descriptor)

    def _let_go(self) -> None:
        descriptor, self._descriptor, self._name = self._descriptor, None, ""
        if descriptor is not None:
            os.close(descriptor)

    def _path(self, name: str) -> str:
        return os.path.join(self._folder, name)
