"""What one thread prints and displays, among others of its process, is kept apart."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from typing import Any, TextIO

from nbnodes.engines.outputs import OutputLog
from nbnodes.engines.own_shell import own_shell

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


class _HeardWrite:
    """Stands for a stream's `write` while somebody listens, and passes on after that.

    Args:
        name: "stdout" or "stderr".
        before: What it stands for.
    """

    def __init__(self, name: str, before: Callable[[str], int]) -> None:
        self._name = name
        self.before = before

    def __call__(self, text: str) -> int:
        """Take text; return its length."""
        taken = _sink.get()
        if taken is None or not isinstance(text, str):
            return self.before(text)
        log, is_echoed = taken
        log.feed("stream", {"name": self._name, "text": text})
        if not is_echoed:
            return len(text)
        nobody = _sink.set(None)  # IPython, too, puts its own in the place of this: once is enough
        try:
            return self.before(text)
        finally:
            _sink.reset(nobody)


class _HeardStream:
    """Hears what is written to a stream, which stays the object that it is.

    IPython puts a `write` of its own into the stream for as long as a cell runs, and then what was
    there before: where the stream's class is written in Python, one is derived that allows for it.

    Args:
        name: "stdout" or "stderr".
        stream: The stream.
    """

    def __init__(self, name: str, stream: Any) -> None:
        self._stream = stream
        self._kind = type(stream)
        attributes = vars(stream)
        while isinstance(attributes.get("write"), _HeardWrite):  # IPython put it back too late
            attributes["write"] = attributes["write"].before
        self._before = attributes.get("write")
        self._ours: _HeardWrite | None = None
        try:
            self._stream.__class__ = _heard_kind(self._kind, name)  # type: ignore[arg-type]  # any class can be hashed
        except TypeError:  # a class of Python's own cannot be exchanged
            self._ours = attributes["write"] = _HeardWrite(name, stream.write)

    def leave(self) -> None:
        """Hear it no more."""
        if self._ours is None:
            self._stream.__class__ = self._kind
            return
        attributes = vars(self._stream)
        if attributes.get("write") is not self._ours:
            return  # somebody else came after this: it just passes on, then
        if self._before is None:
            del attributes["write"]
        else:
            attributes["write"] = self._before


@cache
def _heard_kind(kind: type, name: str) -> type:
    """Derive a class whose `write` is heard, also where an object has one of its own."""

    def get(stream: Any) -> _HeardWrite:
        own = vars(stream).get("write")
        return _HeardWrite(name, kind.write.__get__(stream) if own is None else own)  # type: ignore[attr-defined]

    def put(stream: Any, write: Any) -> None:
        vars(stream)["write"] = write.before if isinstance(write, _HeardWrite) else write

    def remove(stream: Any) -> None:
        del vars(stream)["write"]

    named = {"__slots__": (), "__module__": kind.__module__, "__qualname__": kind.__qualname__}
    return type(kind.__name__, (kind,), {**named, "write": property(get, put, remove)})


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
    publisher = getattr(own_shell(), "display_pub", None)
    return publisher if hasattr(publisher, "register_hook") else None


_sink: ContextVar[tuple[OutputLog, bool] | None] = ContextVar("overheard", default=None)
_ears = _Ears()
