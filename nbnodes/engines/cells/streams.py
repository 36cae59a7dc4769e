"""What a notebook in this interpreter prints goes to its OutputLog; what others print does not."""

from __future__ import annotations

import io
import sys
import threading
from collections.abc import Callable
from typing import Any, TextIO
from weakref import WeakSet

from nbnodes.engines.outputs import Feed


class FedStream(io.TextIOBase):
    """Stands for `sys.stdout` or `sys.stderr` where all that is written is a notebook's.

    Args:
        name: "stdout" or "stderr".
        log: Takes what is written.
    """

    encoding = "utf-8"
    errors = "backslashreplace"

    def __init__(self, name: str, log: Feed) -> None:
        self.name = f"<{name}>"
        self._stream = name
        self._log = log

    def write(self, text: Any) -> int:
        """Take text; return its length.

        Raises:
            TypeError: For what is not text.
            ValueError: Once the notebook has closed the stream.
        """
        if not isinstance(text, str):
            raise TypeError(f"write() argument must be str, not {type(text).__name__}")
        if self.closed:
            raise ValueError("I/O operation on closed file")
        self._log.feed("stream", {"name": self._stream, "text": text})
        return len(text)

    def writable(self) -> bool:
        """True."""
        return True


class _SharedStream(FedStream):
    """The same in an interpreter that has other threads, whose text is not the notebook's.

    Args:
        name: "stdout" or "stderr".
        log: Takes what the notebook's own threads write.
        threads: The notebook's own threads.
        before: Takes what all others write.
    """

    def __init__(
        self, name: str, log: Feed, threads: WeakSet[threading.Thread], before: TextIO
    ) -> None:
        super().__init__(name, log)
        self._threads = threads
        self._before = before

    def write(self, text: str) -> int:
        """Take text; return its length."""
        if threading.current_thread() in self._threads:
            return super().write(text)
        return self._before.write(text)

    def flush(self) -> None:
        """Pass on to the stream that others write to; a notebook's text is taken at once."""
        if threading.current_thread() not in self._threads:
            self._before.flush()


def no_input(*_: object, **__: object) -> str:
    """Stand for `input` and `getpass` where nobody answers."""
    from IPython.core.error import StdinNotImplementedError

    raise StdinNotImplementedError(
        "a notebook run as a function has nobody to ask: use a parameter"
    )


def capture_streams(log: Feed) -> Callable[[], None]:
    """Capture what this thread prints, and the threads that it starts.

    Returns:
        What ends it.
    """
    before = sys.stdout, sys.stderr, sys.stdin, sys.displayhook, sys.excepthook
    threads = WeakSet({threading.current_thread()})
    let_go = _follow_threads(threads)
    sys.stdout = _SharedStream("stdout", log, threads, before[0])
    sys.stderr = _SharedStream("stderr", log, threads, before[1])
    sys.stdin = io.StringIO()

    def restore() -> None:
        sys.stdout, sys.stderr, sys.stdin, sys.displayhook, sys.excepthook = before
        let_go()

    return restore


def _follow_threads(own: WeakSet[threading.Thread]) -> Callable[[], None]:
    """Add to `own` the threads that its threads start, which Python itself does not tell."""
    start = threading.Thread.start

    def start_and_note(thread: threading.Thread) -> None:
        if threading.current_thread() in own:
            own.add(thread)
        start(thread)

    def let_go() -> None:
        threading.Thread.start = start  # type: ignore[method-assign]

    threading.Thread.start = start_and_note  # type: ignore[method-assign,assignment]
    return let_go
