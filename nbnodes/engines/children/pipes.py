"""What a child's process writes past Python's own streams: two pipes, read as text."""

from __future__ import annotations

import codecs
import selectors

from nbnodes.engines.children.child import Child
from nbnodes.engines.outputs import Feed

_CHUNK_BYTES = 65_536
_LAST_WORDS = 2000  # characters


class Pipes:
    """The read ends of a child's standard output and error.

    Args:
        child: Whose.
        log: Takes what is written, as stream messages.

    Attributes:
        last_words: The end of what was written.
    """

    def __init__(self, child: Child, log: Feed) -> None:
        self._child = child
        self._log = log
        self._names = {child.out: "stdout", child.err: "stderr"}
        decoder = codecs.getincrementaldecoder("utf-8")
        self._decoders = {fd: decoder("backslashreplace") for fd in self._names}
        self.last_words = ""

    def watch(self, selector: selectors.BaseSelector) -> None:
        """Have a selector tell when there is something to read."""
        for descriptor in self._names:
            selector.register(descriptor, selectors.EVENT_READ)

    def drain(self, arrived: set[int], selector: selectors.BaseSelector) -> None:
        """Log what has come through those descriptors that are pipes'; forget closed ones."""
        for descriptor in arrived & self._names.keys():
            if not self._drain(descriptor):
                selector.unregister(descriptor)

    def drain_all(self) -> None:
        """Log what was left when the child died."""
        for descriptor in self._names:
            self._drain(descriptor)

    def _drain(self, descriptor: int) -> bool:
        """Log what has been written to a pipe; return whether it is still open."""
        while True:
            text = self._read(descriptor)
            if text is None:
                return True
            if not text:
                return False
            self._log.feed("stream", {"name": self._names[descriptor], "text": text})
            self.last_words = (self.last_words + text)[-_LAST_WORDS:]

    def _read(self, descriptor: int) -> str | None:
        """Return what has been written; None if nothing new, "" at its end."""
        try:
            while content := self._child.read(descriptor, _CHUNK_BYTES):
                text = self._decoders[descriptor].decode(content)
                if text:
                    return text
        except BlockingIOError:
            return None
        return ""
