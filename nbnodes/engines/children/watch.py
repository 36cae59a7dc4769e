"""What a caller waits for while a child runs: messages, text, its end, a cancellation, time."""

from __future__ import annotations

import selectors
import time
from types import TracebackType
from typing import Self

from nbnodes.engines.children.child import Child
from nbnodes.engines.children.pipes import Pipes
from nbnodes.engines.run import Run
from nbnodes.errors import EngineError

# A few descriptors for a moment: with `poll`, to register them takes no call of the system.
_Selector: type[selectors.BaseSelector] = getattr(
    selectors, "PollSelector", selectors.DefaultSelector
)


class Interrupted(Exception):  # noqa: N818  # a way out, not an error: the run's own is raised
    """The run must stop."""

    def __init__(self, error: EngineError) -> None:
        super().__init__(error)
        self.error = error


class GraceOver(Exception):  # noqa: N818  # as above
    """The moment that an interrupted cell has is over."""


class Watch:
    """Waits. Belongs to the run's thread, for one block.

    Args:
        run: Says when to stop.
        child: Where it is made; its connection waits by this watch in the block.
        pipes: Take what the child writes past its messages.
        wake: A descriptor that is readable when the run has been cancelled.
    """

    def __init__(self, run: Run, child: Child, pipes: Pipes, wake: int) -> None:
        self._run = run
        self._child = child
        self._pipes = pipes
        self._wake = wake
        self._selector = _Selector()
        self._awaited = selectors.EVENT_READ
        self._grace_until: float | None = None
        self._has_ended = False

    def __enter__(self) -> Self:
        for source in (self._child.channel, self._wake):
            self._selector.register(source, selectors.EVENT_READ)
        if self._child.end is not None:
            self._selector.register(self._child.end, selectors.EVENT_READ)
        self._pipes.watch(self._selector)
        self._child.channel.wait_by(self.await_channel)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None
    ) -> None:
        self._selector.close()

    def await_channel(self, event: int) -> None:
        """Wait until the connection can be read, or written; log meanwhile what pipes bring.

        Args:
            event: `selectors.EVENT_READ` or `EVENT_WRITE`.

        Raises:
            EOFError: If the child has ended, and nothing of it is left to be read.
            Interrupted: If the run must stop.
            GraceOver: If the moment that `give_grace` gave is over.
        """
        channel = self._child.channel
        if event != self._awaited:
            self._selector.modify(channel, event)
            self._awaited = event
        descriptor = channel.fileno()
        while descriptor not in self._arrived():
            if self._has_ended:  # though somebody else may still hold its end of the connection
                if descriptor in self._arrived():  # its last words came between two looks
                    return
                raise EOFError

    def look(self) -> None:
        """Look, without waiting, whether all goes on: a child may always have something to say.

        Raises:
            Interrupted: If the run must stop.
            GraceOver: If the moment that `give_grace` gave is over.
        """
        if self._grace_until is None:
            error = self._run.interruption()
            if error:
                raise Interrupted(error)
        elif time.monotonic() >= self._grace_until:
            raise GraceOver

    def give_grace(self, seconds: float) -> None:
        """Wait no longer than that from now on, whatever the run says."""
        self._grace_until = time.monotonic() + seconds
        self._selector.unregister(self._wake)

    def _arrived(self) -> set[int]:
        """Wait; return the descriptors that have something, having logged what pipes bring."""
        arrived = {key.fd for key, _ in self._selector.select(self._remaining_s())}
        self.look()
        if self._child.channel.fileno() in arrived:
            return arrived  # a cell's beginning comes before what it writes
        self._pipes.drain(arrived, self._selector)
        if self._child.end in arrived:
            self._has_ended = True
        return arrived

    def _remaining_s(self) -> float | None:
        if self._has_ended:
            return 0.0
        if self._grace_until is None:
            return self._run.remaining_s
        return max(0.0, self._grace_until - time.monotonic())
