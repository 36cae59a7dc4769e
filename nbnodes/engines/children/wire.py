"""Messages between two processes of ours: pickled, framed, large buffers in memory files beside.

A frame is its head (size of the pickle, number of descriptors, number of buffers), the buffers'
sizes, and the pickle (protocol 5, PEP 574). Descriptors travel with the head (unix(7), SCM_RIGHTS);
where there are buffers the first one is a memory file that holds them. A connection that carries no
descriptors (Windows has none that does) has the buffers behind the pickle.
"""

from __future__ import annotations

import array
import os
import pickle
import select
import selectors
import signal
import socket
import struct
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar

from nbnodes.engines.children import memory

_HEAD = struct.Struct("<QII")
_SIZE = struct.Struct("<Q")
_ALONE_BYTES = 65_536  # buffers of this size and more go into the memory file
_MOST_DESCRIPTORS = 8

_LARGE_BYTES = 4096
_CHUNK_BYTES = 65_536

T = TypeVar("T")
Dumps = Callable[..., bytes]
Wait = Callable[[int], None]
"""Waits until a connection can be read or written, as a `selectors` event says."""
SIMPLE = (bool, bytes, float, int, str, type(None))
"""Types whose values `pickle` takes as they are: no class or function of anybody's is in them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """A message that has arrived.

    Attributes:
        body: Its pickle.
        buffers: What the pickle leaves out, in order.
        descriptors: File descriptors, the receiver's to close.
        is_short: Whether it came with descriptors that were lost, for this process has too many
            open files.
    """

    body: bytes
    buffers: tuple[memoryview, ...] = ()
    descriptors: tuple[int, ...] = ()
    is_short: bool = False

    def load(self) -> Any:
        """Unpickle the message, which runs its classes' code."""
        return pickle.loads(self.body, buffers=self.buffers)  # noqa: S301  # from a process of ours


class Unpicklable(Exception):  # noqa: N818  # its cause is the error
    """A message cannot be pickled."""


class Channel:
    """One end of a stream socket. Several threads may send; one receives.

    Attributes:
        is_torn: Whether a message was received in part only: what follows cannot be told apart.
    """

    def __init__(self, end: socket.socket) -> None:
        self._end = end
        self._lock = threading.Lock()
        self._wait: Wait | None = None
        self.is_torn = False
        self._carries_descriptors = end.family == getattr(socket, "AF_UNIX", None)

    def fileno(self) -> int:
        """Return the socket's descriptor, to wait on."""
        return self._end.fileno()

    def wait_by(self, wait: Wait) -> None:
        """Have somebody else wait for the other end, who may raise to give up."""
        self._wait = wait
        self._end.setblocking(False)

    def has_news(self) -> bool:
        """Whether something has arrived, or the other end is closed."""
        return self.awaits_news(0)

    def awaits_news(self, most_s: float) -> bool:
        """Wait, not longer than that, until `has_news`; return whether it has."""
        return bool(select.select([self._end], [], [], most_s)[0])

    def end_sending(self) -> None:
        """Tell the other end that nothing more will be sent."""
        with suppress(OSError):
            self._end.shutdown(socket.SHUT_WR)

    def send(
        self, message: Any, descriptors: Sequence[int] = (), *, dumps: Dumps = pickle.dumps
    ) -> None:
        """Send a message.

        Raises:
            OSError: If the other end is closed.
            Unpicklable: If `dumps` raises, whatever it is; nothing is sent then.
        """
        buffers: list[memoryview] = []

        def goes_within(buffer: pickle.PickleBuffer) -> bool:
            raw = buffer.raw()
            if raw.nbytes < _ALONE_BYTES:
                return True
            buffers.append(raw)
            return False

        try:
            body = dumps(message, protocol=5, buffer_callback=goes_within)
        except (Exception, SystemExit) as error:  # a class may fail to pickle in any way it likes
            raise Unpicklable from error
        shared = memory.written(buffers) if buffers and self._carries_descriptors else None
        given = [*([] if shared is None else [shared]), *descriptors]
        sizes = b"".join(_SIZE.pack(raw.nbytes) for raw in buffers)
        try:
            head = _HEAD.pack(len(body), len(given), len(buffers))
            with self._lock, _undisturbed(len(body)):
                if given:
                    self._push_with(given, head)
                    self._push(sizes + body)
                else:
                    self._push(head + sizes + body)
                    for raw in buffers:
                        self._push(raw)
        finally:
            if shared is not None:
                os.close(shared)

    def receive(self) -> Frame:
        """Wait for the next message.

        Raises:
            EOFError: If the other end is closed.
        """
        head, descriptors = self._head()
        self.is_torn = True
        try:
            frame = self._rest(head, descriptors)
        except BaseException:  # the other end died in the middle of a message
            for descriptor in descriptors:
                os.close(descriptor)
            raise
        self.is_torn = False
        return frame

    def discard(self) -> None:
        """Wait for something and throw it away.

        Raises:
            EOFError: If the other end is closed.
        """
        if not self._read(lambda: self._end.recv(_CHUNK_BYTES)):
            raise EOFError

    def _rest(self, head: bytes, descriptors: list[int]) -> Frame:
        head += self._exactly(_HEAD.size - len(head))
        body_bytes, descriptor_count, buffer_count = _HEAD.unpack(head)
        raw_sizes = self._exactly(_SIZE.size * buffer_count)
        sizes = [size for (size,) in _SIZE.iter_unpack(raw_sizes)]
        body = self._exactly(body_bytes)
        if len(descriptors) != descriptor_count:
            for descriptor in descriptors:
                os.close(descriptor)
            return Frame(body=bytes(body), is_short=True)
        if sizes and self._carries_descriptors:
            buffers = memory.mapped(descriptors.pop(0), sizes)
        else:
            buffers = tuple(memoryview(self._exactly(size)) for size in sizes)
        return Frame(body=bytes(body), buffers=buffers, descriptors=tuple(descriptors))

    def detach(self) -> socket.socket:
        """Give up the socket, which stays open."""
        self._end.setblocking(True)
        return self._end

    def close(self) -> None:
        """Close this end."""
        self._end.close()

    def _head(self) -> tuple[bytes, list[int]]:
        descriptors: list[int] = []
        if self._carries_descriptors:
            size, most = _HEAD.size, _MOST_DESCRIPTORS
            arrived = self._read(lambda: socket.recv_fds(self._end, size, most))
            head, descriptors = arrived[:2] if arrived else (b"", descriptors)
        else:
            head = self._read(lambda: self._end.recv(_HEAD.size)) or b""
        if not head:
            raise EOFError
        return head, descriptors

    def _exactly(self, count: int) -> bytearray:
        content = bytearray(count)
        view = memoryview(content)
        while view:
            arrived = self._read(partial(self._end.recv_into, view))
            if not arrived:
                raise EOFError
            view = view[arrived:]
        return content

    def _read(self, read: Callable[[], T]) -> T | None:
        """Read once something is there; None if the connection has broken."""
        while True:
            try:
                return read()
            except BlockingIOError:
                self._await(selectors.EVENT_READ)
            except ConnectionError:
                return None

    def _push(self, content: bytes | memoryview) -> None:
        if self._wait is None:
            self._end.sendall(content)
            return
        view = memoryview(content).cast("B")
        while view:
            try:
                view = view[self._end.send(view) :]
            except BlockingIOError:
                self._await(selectors.EVENT_WRITE)

    def _push_with(self, descriptors: Sequence[int], head: bytes) -> None:
        rights = (socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", descriptors))
        while True:
            try:
                self._end.sendmsg([head], [rights])
            except BlockingIOError:
                self._await(selectors.EVENT_WRITE)
            else:
                return

    def _await(self, event: int) -> None:
        if self._wait is None:
            raise EOFError  # none of ours is asked without waiting unless somebody waits for it
        self._wait(event)


@contextmanager
def _undisturbed(size_bytes: int) -> Iterator[None]:
    """Let no signal's handler raise in the middle of a large message, where one can tell.

    A small one is taken by the system at once.
    """
    if size_bytes < _LARGE_BYTES or not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
