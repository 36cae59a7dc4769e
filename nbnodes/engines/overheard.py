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
    """Hears what is written to a stream, which stays the object that it is.

    Args:
        name: "stdout" or "stderr".
        stream: The stream.
    """

    def __init__(self, name: str, stream: TextIO) -> None:
        self._name = name
        self._attributes = vars(stream)
        self._write = stream.write
        self._ours = self.write  # each look-up would make another
        self._before = self._attributes.get("write")  # somebody else may do as this
        self._attributes["write"] = self._ours

    def write(self, text: str) -> int:
        """Take text; return its length."""
        taken = _sink.get()
        if taken is None or not isinstance(text, str):
            return self._write(text)
        log, is_echoed = taken
        log.feed("stream", {"name": self._name, "text": text})
        return self._write(text) if is_echoed else len(text)

    def leave(self) -> None:
        """Hear it no more."""
        if self._attributes.get("write") is not self._ours:
            return  # somebody else came after this: it just passes on, then
        if self._before is None:
            del self._attributes["write"]
        else:
            self._attributes["write"] = self._before


class _Ears:
    """The streams of the process, which are heard once for all that listen.

    No stream is put in another's place: somebody may redirect `sys.stdout` while a call runs, and
    put back what was there when the call has ended. Heard is, besides the streams of the moment,
    what they were at first, which ends a redirection that was there before a call.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._count = 0
        self._heard: dict[int, _HeardStream] = {}
        self._first = self._present()

    def open(self) -> None:
        """Begin to listen."""
        with self._lock:
            self._count += 1
            for name, stream in (*self._present(), *self._first):
                if id(stream) not in self._heard and hasattr(stream, "__dict__"):
                    self._heard[id(stream)] = _HeardStream(name, stream)

    def close(self) -> None:
        """Listen no more; with the last one the streams are what they were."""
        with self._lock:
            self._count -= 1
            if not self._count:
                for heard in self._heard.values():
                    heard.leave()
                self._heard.clear()

    def _present(self) -> tuple[tuple[str, TextIO], ...]:
        """Return the streams that are there; a program without a console has none."""
        streams = ((name, getattr(sys, name)) for name in _NAMES)
        return tuple((name, stream) for name, stream in streams if stream is not None)


def _publisher() -> Any:
    """Return what sends displays in a kernel; None elsewhere."""
    interactive = sys.modules.get("IPython.core.getipython")
    shell = None if interactive is None else interactive.get_ipython()
    publisher = getattr(shell, "display_pub", None)
    return publisher if hasattr(publisher, "register_hook") else None


_sink: ContextVar[tuple[OutputLog, bool] | None] = ContextVar("overheard", default=None)
_ears = _Ears()
