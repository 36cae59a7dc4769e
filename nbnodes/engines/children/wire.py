"""Messages between two processes of ours: pickled, framed, large buffers in memory files beside.

A frame is its head (size of the pickle, number of descriptors, number of buffers), the buffers'
sizes, and the pickle (protocol 5, PEP 574). Descriptors travel with the head (unix(7), SCM_RIGHTS);
where there are buffers the first one is a memory file that holds them. A connection that carries no
descriptors (Windows has none that does) has the buffers behind the pickle.
"""

from __future__ import annotations

import array
import mmap
import os
import pickle
import socket
import struct
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

_HEAD = struct.Struct("<QII")
_SIZE = struct.Struct("<Q")
_ALONE_BYTES = 65_536  # buffers of this size and more go into the memory file
_ALIGNED_BYTES = 64
_MOST_DESCRIPTORS = 8

Dumps = Callable[..., bytes]
SIMPLE = (bool, bytes, float, int, str, type(None))
"""Types whose values `pickle` takes as they are: no class or function of anybody's is in them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """A message that has arrived.

    Attributes:
        body: Its pickle.
        buffers: What the pickle leaves out, in order.
        descriptors: File descriptors, the receiver's to close.
    """

    body: bytes
    buffers: tuple[memoryview, ...] = ()
    descriptors: tuple[int, ...] = ()

    def load(self) -> Any:
        """Unpickle the message, which runs its classes' code."""
        return pickle.loads(self.body, buffers=self.buffers)  # noqa: S301  # from a process of ours


class Channel:
    """One end of a stream socket. Several threads may send; one receives."""

    def __init__(self, end: socket.socket) -> None:
        self._end = end
        self._lock = threading.Lock()
        self._carries_descriptors = end.family == getattr(socket, "AF_UNIX", None)

    def fileno(self) -> int:
        """Return the socket's descriptor, to wait on."""
        return self._end.fileno()

    def send(
        self, message: Any, descriptors: Sequence[int] = (), *, dumps: Dumps = pickle.dumps
    ) -> None:
        """Send a message.

        Raises:
            OSError: If the other end is closed.
            Exception: What `dumps` raises; nothing is sent then.
        """
        buffers: list[memoryview] = []

        def goes_within(buffer: pickle.PickleBuffer) -> bool:
            raw = buffer.raw()
            if raw.nbytes < _ALONE_BYTES:
                return True
            buffers.append(raw)
            return False

        body = dumps(message, protocol=5, buffer_callback=goes_within)
        shared = _written(buffers) if buffers and self._carries_descriptors else None
        given = [*([] if shared is None else [shared]), *descriptors]
        sizes = b"".join(_SIZE.pack(raw.nbytes) for raw in buffers)
        try:
            head = _HEAD.pack(len(body), len(given), len(buffers))
            with self._lock:
                if given:
                    rights = (socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", given))
                    self._end.sendmsg([head], [rights])
                    self._end.sendall(sizes + body)
                else:
                    self._end.sendall(head + sizes + body)
                    for raw in buffers:
                        self._end.sendall(raw)
        finally:
            if shared is not None:
                os.close(shared)

    def receive(self) -> Frame:
        """Wait for the next message.

        Raises:
            EOFError: If the other end is closed.
        """
        head, descriptors = self._head()
        try:
            return self._rest(head, descriptors)
        except BaseException:  # the other end died in the middle of a message
            for descriptor in descriptors:
                os.close(descriptor)
            raise

    def _rest(self, head: bytes, descriptors: list[int]) -> Frame:
        head += self._exactly(_HEAD.size - len(head))
        body_bytes, descriptor_count, buffer_count = _HEAD.unpack(head)
        if len(descriptors) != descriptor_count:  # this process may open no more
            raise EOFError
        raw_sizes = self._exactly(_SIZE.size * buffer_count)
        sizes = [size for (size,) in _SIZE.iter_unpack(raw_sizes)]
        body = self._exactly(body_bytes)
        if sizes and self._carries_descriptors:
            buffers = _mapped(descriptors.pop(0), sizes)
        else:
            buffers = tuple(memoryview(self._exactly(size)) for size in sizes)
        return Frame(body=bytes(body), buffers=buffers, descriptors=tuple(descriptors))

    def detach(self) -> socket.socket:
        """Give up the socket, which stays open."""
        return self._end

    def close(self) -> None:
        """Close this end."""
        self._end.close()

    def _head(self) -> tuple[bytes, list[int]]:
        descriptors: list[int] = []
        try:
            if self._carries_descriptors:
                head, descriptors, *_ = socket.recv_fds(self._end, _HEAD.size, _MOST_DESCRIPTORS)
            else:
                head = self._end.recv(_HEAD.size)
        except ConnectionError:
            head = b""
        if not head:
            raise EOFError
        return head, descriptors

    def _exactly(self, count: int) -> bytearray:
        content = bytearray(count)
        view = memoryview(content)
        while view:
            try:
                arrived = self._end.recv_into(view)
            except ConnectionError:
                arrived = 0
            if not arrived:
                raise EOFError
            view = view[arrived:]
        return content


def _written(buffers: Sequence[memoryview]) -> int:
    """Write buffers into a memory file; return its descriptor."""
    descriptor = _memory_file()
    try:
        for raw in buffers:
            view = raw.cast("B")
            while view:
                view = view[os.write(descriptor, view) :]
            os.lseek(descriptor, -raw.nbytes % _ALIGNED_BYTES, os.SEEK_CUR)
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


def _memory_file() -> int:
    """Open a file without a name: of memory where there are such, else a temporary one."""
    if hasattr(os, "memfd_create"):
        return os.memfd_create("nbnodes")
    import tempfile

    descriptor, path = tempfile.mkstemp(prefix="nbnodes-")
    os.unlink(path)
    return descriptor


def _mapped(descriptor: int, sizes: Sequence[int]) -> tuple[memoryview, ...]:
    """Map a memory file privately, so that what is made of it can be changed; close it."""
    starts, end = [], 0
    for size in sizes:
        starts.append(end)
        end += size + -size % _ALIGNED_BYTES
    last = starts[-1] + sizes[-1]
    try:
        whole = memoryview(mmap.mmap(descriptor, last, access=mmap.ACCESS_COPY))
    finally:
        os.close(descriptor)
    return tuple(whole[start : start + size] for start, size in zip(starts, sizes, strict=True))
