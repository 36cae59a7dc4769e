"""The caller's end of a child: of one run, or of several of one notebook that leave no trace."""

from __future__ import annotations

import os
import signal
import socket
from contextlib import suppress

from nbnodes.engines.children.wire import Channel


class Child:
    """A forked child that waits for its job.

    Attributes:
        pid: Its process, and its process group.
        channel: The connection to it.
        out: Descriptor of the pipe that its standard output goes to.
        err: Descriptor of the pipe that its standard error goes to.
        end: Descriptor that is readable once its process has ended; None where none is known.
        has_job: Whether it has its job: for another run it needs values only.
    """

    end: int | None = None
    has_job = False

    def __init__(self, pid: int, descriptors: tuple[int, ...]) -> None:
        self.pid = pid
        connection, self.out, self.err, *ends = descriptors
        self.end = ends[0] if ends else None
        self.channel = Channel(socket.socket(fileno=connection))
        os.set_blocking(self.out, False)
        os.set_blocking(self.err, False)

    def read(self, descriptor: int, most_bytes: int) -> bytes:
        """Read what has come through `out` or `err`; b"" at its end.

        Raises:
            BlockingIOError: If nothing new has.
        """
        return os.read(descriptor, most_bytes)

    def interrupt(self) -> None:
        """Do what Ctrl-C does."""
        with suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGINT)

    def hand_over(self) -> socket.socket:
        """Give the connection to somebody else, and close the rest."""
        self._close_rest()
        return self.channel.detach()

    def close(self) -> None:
        """Close the connections; a child that waits for a job then ends."""
        self.channel.close()
        self._close_rest()

    def _close_rest(self) -> None:
        os.close(self.out)
        os.close(self.err)
        if self.end is not None:
            os.close(self.end)
