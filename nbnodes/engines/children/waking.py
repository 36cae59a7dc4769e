"""A cancelled run wakes whoever waits for its process."""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from nbnodes.engines.engine import RunRequest


@contextmanager
def woken_by_cancel(request: RunRequest) -> Iterator[int]:
    """Give a descriptor that becomes readable when the run is cancelled."""
    bell = _EventBell() if hasattr(os, "eventfd") else _SocketBell()
    lock = threading.Lock()
    is_open = True

    def wake() -> None:
        with lock:
            if is_open:
                bell.ring()

    request.cancel.on_cancel(wake)
    try:
        yield bell.fileno()
    finally:
        with lock:
            is_open = False
            bell.close()


class _EventBell:
    """A descriptor that becomes readable."""

    def __init__(self) -> None:
        self._descriptor = os.eventfd(0, os.EFD_NONBLOCK)

    def fileno(self) -> int:
        return self._descriptor

    def ring(self) -> None:
        os.eventfd_write(self._descriptor, 1)

    def close(self) -> None:
        os.close(self._descriptor)


class _SocketBell:
    """The same where there is no eventfd(2). Rung once."""

    def __init__(self) -> None:
        self._heard, self._rung = socket.socketpair()

    def fileno(self) -> int:
        return self._heard.fileno()

    def ring(self) -> None:
        self._rung.send(b"!")

    def close(self) -> None:
        self._heard.close()
        self._rung.close()
