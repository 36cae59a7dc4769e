"""What one thread prints and displays, among others of its process, is kept apart."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, TextIO

from nbnodes.engines.outputs import OutputLog

_NAMES = ("stdout", "stderr")


@contextmanager
def overheard(log: OutputLog, *, is_echoed: bool) -> Iterator[None]:
    """Keep what this thread prints, and in a kernel what it displays.

    Args:
        log: Takes it; a cell must have begun.
        is_echoed: Whether it appears where it would have, too.
    """
    taken = _sink.set((log, is_echoed))
    _ears.open()
    publisher = _publisher()

    def hook(message: Mapping[str, Any]) -> Any:
        log.feed(message["header"]["msg_type"], message["content"])
        return message if is_echoed else None

    if publisher is not None:
        publisher.register_hook(hook)  # holds for this thread alone
    try:
        yield
    finally:
        if publisher is not None:
            publisher.unregister_hook(hook)
        _ears.close()
        _sink.reset(taken)


class _HeardStream:
    """Stands for `sys.stdout` or `sys.stderr` while somebody listens.

    Args:
        name: "stdout" or "stderr".
        before: What it stands for.
    """

    def __init__(self, name: str, before: TextIO) -> None:
        self._name = name
        self.before = before

    def write(self, text: str) -> int:
        """Take text; return its length."""
        taken = _sink.get()
        if taken is None or not isinstance(text, str):
            return self.before.write(text)
        log, is_echoed = taken
        log.feed("stream", {"name": self._name, "text": text})
        return self.before.write(text) if is_echoed else len(text)

    def writelines(self, lines: Iterator[str]) -> None:
        """Take texts."""
        for line in lines:
            self.write(line)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.before, name)


class _Ears:
    """The streams of the process, which are there once for all that listen."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._count = 0

    def open(self) -> None:
        """Begin to listen."""
        with self._lock:
            self._count += 1
            for name in _NAMES:
                stream = getattr(sys, name)
                if stream is not None and not isinstance(stream, _HeardStream):
                    setattr(sys, name, _HeardStream(name, stream))

    def close(self) -> None:
        """Listen no more; with the last one the streams are what they were."""
        with self._lock:
            self._count -= 1
            if self._count:
                return
            for name in _NAMES:
                stream = getattr(sys, name)
                if isinstance(stream, _HeardStream):  # else somebody else has put one there
                    setattr(sys, name, stream.before)


def _publisher() -> Any:
    """Return what sends displays in a kernel; None elsewhere."""
    interactive = sys.modules.get("IPython.core.getipython")
    shell = None if interactive is None else interactive.get_ipython()
    publisher = getattr(shell, "display_pub", None)
    return publisher if hasattr(publisher, "register_hook") else None


_sink: ContextVar[tuple[OutputLog, bool] | None] = ContextVar("overheard", default=None)
_ears = _Ears()
