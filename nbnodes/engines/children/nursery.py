"""Where forked children come from, for the caller: spares wait, are leased once and replaced."""

from __future__ import annotations

import socket
import threading
from collections import deque
from collections.abc import Iterable
from contextlib import suppress

from nbnodes.engines.children.child import Child
from nbnodes.engines.children.wire import Channel
from nbnodes.errors import Interruption, NotBegunError

_TICK_S = 0.05  # how often deadline and cancellation are looked at while waiting
_FORGET = 0.9  # of what a large run took, with each run that takes less
END_S = 2.0
"""What a child or the template may take to end before it is not waited for any more."""


class Nursery:
    """The connection to a process that forks children. Safe from several threads.

    Args:
        end: This end of the connection; `nbnodes.engines.children.template_side` serves the other.
        spares: How many children wait for jobs.

    Attributes:
        expected_bytes: The memory of its own that a child is expected to take, as others have.
    """

    def __init__(self, end: socket.socket, spares: int) -> None:
        self._end = end
        self._control = Channel(end)
        self._spares = spares
        self._changed = threading.Condition()
        self._ready: deque[Child] = deque()
        self._asked = 0
        self._generation = 0
        self._preloaded: set[str] = set()
        self._codes: dict[int, int] = {}
        self._leased: set[int] = set()
        self._spent: set[int] = set()  # given back, and not yet ended
        self._is_dead = self._is_retired = False
        self.expected_bytes = 0
        self._reader = threading.Thread(target=self._read, name="nbnodes-nursery", daemon=True)
        self._reader.start()
        with self._changed:
            self._ask(self._spares)

    @property
    def is_dead(self) -> bool:
        """Whether its process has ended."""
        return self._is_dead

    def preload(self, names: Iterable[str]) -> None:
        """Have modules imported in the template, so that children have them already."""
        with self._changed:
            new = [name for name in names if name not in self._preloaded]
            if not new or self._is_dead:
                return
            self._preloaded.update(new)
            self._generation += 1
            self._tell("preload", new)
            for child in self._ready:
                child.close()
            self._ready.clear()
            self._asked = 0
            self._ask(self._spares)

    def lease(self, interruption: Interruption) -> Child:
        """Return a child, for one job.

        Raises:
            EngineError: What `interruption` returned, or that the template has died.
        """
        with self._changed:
            while not self._ready:
                if self._is_dead:
                    raise NotBegunError(self._last_words())
                if not self._asked:
                    self._ask(1)
                error = interruption()
                if error:
                    raise error
                self._changed.wait(_TICK_S)
            child = self._ready.popleft()
            self._leased.add(child.pid)
            return child

    def disown(self, child: Child) -> None:
        """Let a leased child live on; it is not given back."""
        with self._changed:
            self._leased.discard(child.pid)

    def give_back(self, child: Child, *, await_end: bool) -> int | None:
        """Kill what is left of a child's run.

        Returns:
            Its exit code; None if it is not awaited, or if nobody knows.
        """
        child.close()
        with self._changed:
            if child.pid not in self._codes:
                self._spent.add(child.pid)
                self._tell("kill", child.pid)
            if await_end:
                self._changed.wait_for(lambda: child.pid in self._codes or self._is_dead, END_S)
            self._leased.discard(child.pid)
            code = self._codes.pop(child.pid, None)
            self._ask(self._spares - len(self._ready) - self._asked)
            is_over = self._is_retired and not self._leased
        if is_over:
            self.close()
        return code

    def retire(self) -> None:
        """Close as soon as no run goes on in it."""
        with self._changed:
            self._is_retired = True
            is_idle = not self._leased
        if is_idle:
            self.close()

    def close(self) -> None:
        """End the process and every child."""
        with self._changed:
            for child in self._ready:
                child.close()
            self._ready.clear()
            self._is_dead = True
        with suppress(OSError):
            self._end.shutdown(socket.SHUT_RDWR)
        self._reader.join()
        self._control.close()

    def _last_words(self) -> str:
        """Say how the process ended, as far as that is known."""
        return "the process that notebooks are forked from ended"

    def _ask(self, count: int) -> None:
        for _ in range(count):
            self._asked += 1
            self._tell("fork", self._generation)

    def _tell(self, *message: object) -> None:
        with suppress(OSError):  # it has died, as the reader will see
            self._control.send(message)

    def _read(self) -> None:
        while True:
            try:
                frame = self._control.receive()
            except (EOFError, OSError):
                break
            with self._changed:
                self._take(frame.load(), frame.descriptors)
                self._changed.notify_all()
        with self._changed:
            self._is_dead = True
            self._changed.notify_all()

    def _take(self, message: tuple[object, ...], descriptors: tuple[int, ...]) -> None:
        match message:
            case "forked", int(pid), generation:
                child = Child(pid, descriptors)
                if generation != self._generation or self._is_dead:
                    child.close()
                    return
                self._asked -= 1
                self._ready.append(child)
            case "ended", int(pid), int(code), int(peak_bytes):
                if pid in self._leased:
                    self._codes[pid] = code
                elif pid not in self._spent:
                    self._forget_spare(pid)
                    return
                self._spent.discard(pid)
                self.expected_bytes = max(peak_bytes, int(_FORGET * self.expected_bytes))
            case _:
                pass

    def _forget_spare(self, pid: int) -> None:
        """Replace a spare that somebody killed."""
        for child in [child for child in self._ready if child.pid == pid]:
            self._ready.remove(child)
            child.close()
            self._ask(1)
