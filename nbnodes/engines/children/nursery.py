"""Where forked children come from, for the caller: spares wait, are leased and replaced.

One whose run left no trace may be leased again, for another run of the same notebook.
"""

from __future__ import annotations

import socket
import threading
import time
from collections import deque
from collections.abc import Hashable, Iterable
from contextlib import suppress

from nbnodes.engines.children.child import Child
from nbnodes.engines.children.regulars import Regulars
from nbnodes.engines.children.wire import Channel
from nbnodes.errors import EngineError, Interruption, NotBegunError

_TICK_S = 0.05  # how often deadline and cancellation are looked at while waiting
_FORGET = 0.9  # of what a large run took, with each run that takes less
_IMPORT_S = 20.0  # what a module may take to be imported in a template
TOO_MANY_FILES = (
    "this program has too many open files to start another run; allow more (`ulimit -n`), or make "
    "fewer runs at once (the setting `workers`)"
)
MOST_REGULARS = 16
"""How many children wait at once for other runs of what they have run."""
END_S = 2.0
"""What a child or the template may take to end before it is not waited for any more."""


class Nursery:
    """The connection to a process that forks children. Safe from several threads.

    Args:
        end: This end of the connection; `nbnodes.engines.children.template_side` serves the other.
        spares: How many children wait for jobs.
        refused: Names of modules that are not to be imported in it; those that end it are added.

    Attributes:
        refused: The same.
    """

    def __init__(self, end: socket.socket, spares: int, refused: set[str]) -> None:
        self.refused = refused
        self._importing = ""  # the name that is being imported there,
        self._importing_since = 0.0  # monotonic
        self._shortages = 0  # children that could not be had for want of file descriptors
        self._end = end
        self._control = Channel(end)
        self._spares = spares
        self._changed = threading.Condition()
        self._ready: deque[Child] = deque()
        self._regulars = Regulars(MOST_REGULARS)
        self._asked = 0
        self._generation = 0
        self._preloaded: set[str] = set()
        self._codes: dict[int, int] = {}
        self._leased: dict[int, str] = {}  # pids, and what runs there
        self._spent: dict[int, str] = {}  # given back, and not yet ended
        self._disowned: set[int] = set()
        self._is_dead = self._is_retired = False
        self._peaks_bytes: dict[str, int] = {}
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
            new = [n for n in names if n not in self._preloaded and n not in self.refused]
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

    def expected_bytes(self, what: str) -> int:
        """Return the memory of its own that a child is expected to take for such a run."""
        return self._peaks_bytes.get(what, 0)

    def lease(self, interruption: Interruption, what: str) -> Child:
        """Return a child, for one job.

        Args:
            interruption: Says why to stop waiting, as the error to raise.
            what: Names the runs that take as much memory as this one.

        Raises:
            EngineError: What `interruption` returned, or that the template has died.
        """
        with self._changed:
            earlier = self._shortages + self._asked  # forks asked before may have met a shortage
            while not self._ready:
                if self._is_dead:
                    raise NotBegunError(self._last_words())
                if not self._asked:
                    self._ask(1)
                error = interruption()
                if error:
                    raise error
                if self._shortages > earlier:
                    raise EngineError(TOO_MANY_FILES)
                self._end_if_stuck()
                self._changed.wait(_TICK_S)
            child = self._ready.popleft()
            self._leased[child.pid] = what
            return child

    def lease_again(self, key: Hashable, what: str) -> Child | None:
        """Return a child that has run just that and left no trace; None if none waits.

        It may have ended meanwhile: then no cell begins there.

        Args:
            key: What `keep` was given.
            what: See `lease`.
        """
        with self._changed:
            child = self._regulars.take(key)
            if child is not None:
                self._leased[child.pid] = what
            return child

    def keep(self, child: Child, key: Hashable) -> None:
        """Give a child back that waits for another run of the same; see `lease_again`."""
        with self._changed:
            is_alive = child.pid not in self._codes and not self._is_dead
            if is_alive and self._regulars.has_room and not self._is_retired:
                self._regulars.add(child, key, self._leased.pop(child.pid, ""))
                self._ask(self._spares - len(self._ready) - self._asked)
                return
        self.give_back(child, await_end=False)

    def disown(self, child: Child) -> None:
        """Let a leased child live on; it is not given back, and this lives as long as it."""
        with self._changed:
            self._leased.pop(child.pid, None)
            self._disowned.add(child.pid)

    def give_back(self, child: Child, *, await_end: bool) -> int | None:
        """Kill what is left of a child's run.

        Returns:
            Its exit code; None if it is not awaited, or if nobody knows.
        """
        child.close()
        with self._changed:
            if child.pid not in self._codes:
                self._spent[child.pid] = self._leased.get(child.pid, "")
                self._tell("kill", child.pid)
            if await_end:
                self._changed.wait_for(lambda: child.pid in self._codes or self._is_dead, END_S)
            self._leased.pop(child.pid, None)
            code = self._codes.pop(child.pid, None)
            self._ask(self._spares - len(self._ready) - self._asked)
            is_over = self._is_retired and not self._has_work
        if is_over:
            self.close()
        return code

    def retire(self) -> None:
        """Close as soon as no run goes on in it."""
        with self._changed:
            self._is_retired = True
            is_idle = not self._has_work
        if is_idle:
            self.close()

    def abandon(self) -> None:
        """In a process forked from the one that has this: let go of it, which goes on there."""
        self._is_dead = True
        for child in self._ready:
            child.close()
        self._regulars.close()
        self._control.close()

    def close(self) -> None:
        """End the process and every child."""
        with self._changed:
            for child in self._ready:
                child.close()
            self._ready.clear()
            self._regulars.close()
            self._is_dead = True
        with suppress(OSError):
            self._end.shutdown(socket.SHUT_RDWR)
        self._reader.join()
        self._control.close()

    @property
    def _has_work(self) -> bool:
        return bool(self._leased or self._disowned)

    def _end_if_stuck(self) -> None:
        """End a template that does not come back from an import; the next one does without it."""
        if self._importing and time.monotonic() > self._importing_since + _IMPORT_S:
            with suppress(OSError):
                self._end.shutdown(socket.SHUT_RDWR)  # its keeper kills it then

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
        is_over = False
        while not is_over:
            try:
                frame = self._control.receive()
            except (EOFError, OSError):
                break
            with self._changed:
                if frame.is_short:
                    self._shortages, self._asked = self._shortages + 1, self._asked - 1
                else:
                    self._take(frame.load(), frame.descriptors)
                self._changed.notify_all()
                is_over = self._is_retired and not self._has_work
        with self._changed:
            self._is_dead = True
            if self._importing:
                self.refused.add(self._importing)
            self._changed.notify_all()
        if is_over:
            threading.Thread(target=self.close, name="nbnodes-nursery", daemon=True).start()

    def _take(self, message: tuple[object, ...], descriptors: tuple[int, ...]) -> None:
        match message:
            case "forked", int(pid), generation:
                child = Child(pid, descriptors)
                if generation != self._generation or self._is_dead:
                    child.close()
                    return
                self._asked -= 1
                self._ready.append(child)
            case "importing", str(name):
                self._importing, self._importing_since = name, time.monotonic()
            case "ended", int(pid), int(code), int(peak_bytes):
                self._note_end(pid, code, peak_bytes)
            case _:
                pass

    def _note_end(self, pid: int, code: int, peak_bytes: int) -> None:
        if pid in self._disowned:
            self._disowned.remove(pid)
        elif pid in self._leased:
            self._codes[pid] = code
            self._learn(self._leased[pid], peak_bytes)
        elif pid in self._spent:
            self._learn(self._spent.pop(pid), peak_bytes)
        elif (what := self._regulars.note_end(pid)) is not None:
            self._learn(what, peak_bytes)
        else:
            self._forget_spare(pid)

    def _learn(self, what: str, peak_bytes: int) -> None:
        self._peaks_bytes[what] = max(peak_bytes, int(_FORGET * self._peaks_bytes.get(what, 0)))

    def _forget_spare(self, pid: int) -> None:
        """Replace a spare that somebody killed."""
        for child in [child for child in self._ready if child.pid == pid]:
            self._ready.remove(child)
            child.close()
            self._ask(1)
