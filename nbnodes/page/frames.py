"""A document of an output comes in, its digest goes out; by the digest the document is found."""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict

FRAME_POLICY = (
    "default-src 'none'; script-src 'unsafe-inline' 'unsafe-eval' blob: data:;"
    " style-src 'unsafe-inline'; img-src data: blob:; font-src data:; media-src data: blob:;"
    " worker-src blob:; frame-src data: blob:; form-action 'none'; base-uri 'none'"
)
"""The Content-Security-Policy of a frame: it runs its own scripts, and asks no host for anything.

The answer that carries a document should add `; sandbox allow-scripts`: a document cannot say this
of itself, and one that is opened by its address must not act as a page of ours.
"""


class Frames:
    """The documents that pages show in frames: the latest ones, by digest.

    May be used from any thread.
    """

    def __init__(self, limit_bytes: int = 64_000_000) -> None:
        """Make it empty.

        Args:
            limit_bytes: How much is kept, in UTF-8; the newest document is kept in any case.
        """
        self._limit_bytes = limit_bytes
        self._kept: OrderedDict[str, bytes] = OrderedDict()
        self._size_bytes = 0
        self._lock = threading.Lock()

    def put(self, html: str) -> str:
        """Keep a document; return its SHA-256 in hexadecimal digits."""
        content = html.encode("utf-8", "replace")
        digest = hashlib.sha256(content).hexdigest()
        with self._lock:
            if digest not in self._kept:
                self._kept[digest] = content
                self._size_bytes += len(content)
            self._kept.move_to_end(digest)
            while self._size_bytes > self._limit_bytes and len(self._kept) > 1:
                _, dropped = self._kept.popitem(last=False)
                self._size_bytes -= len(dropped)
        return digest

    def get(self, digest: str) -> str | None:
        """Return a document; None if it was not put, or is not kept any more."""
        with self._lock:
            content = self._kept.get(digest)
            if content is not None:
                self._kept.move_to_end(digest)
        return None if content is None else content.decode("utf-8")
