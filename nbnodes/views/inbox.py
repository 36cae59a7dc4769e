"""Events that come on any thread become values that one task awaits, in order and each once.

The first wait of a task for a Source opens an Inbox, which stays open until the task ends: what
comes between two waits is kept for the next. What another task awaits is in an Inbox of its own.
"""

from __future__ import annotations

import asyncio
import weakref
from collections import deque
from collections.abc import Callable, Generator, Hashable
from contextvars import ContextVar
from itertools import count
from typing import Any, TypeAlias

from nbnodes.errors import UsageError
from nbnodes.views.events import Source
from nbnodes.views.routes import answer_beside_cells

KEPT = 10_000
"""How many values are kept for a task that waits no more; the oldest go first."""

PULSE_S = 0.5
"""How often a loop is woken while somebody waits.

ipykernel 7.4 leaves an interrupt's message in the loop without waking it, so a cell that waits for
a person could not be interrupted.
"""

_Future: TypeAlias = asyncio.Future[Any]


def next_of(source: Source, *, timeout_s: float | None) -> Wait:
    """Return the wait of the running task for a Source's next event.

    Raises:
        UsageError: Where no event loop runs.
    """
    try:
        loop = asyncio.get_running_loop()
    except RuntimeError:
        raise UsageError(
            "nothing can wait here, as no event loop runs: "
            "write `await …` in a notebook's cell or in an `async def` function"
        ) from None
    answer_beside_cells()
    task = asyncio.current_task(loop)
    inbox = Inbox(source, loop, None) if task is None else _desk(task).inbox(source, loop)
    wait = inbox.wait()
    if timeout_s is not None:
        message = f"{source.missed} within {timeout_s:g} s: {source.advice}"
        wait.expire_after(timeout_s, f"{message}, or allow more time by timeout_s")
    return wait


class Wait(_Future):
    """The future of one value.

    Whoever awaits it or adds a callback keeps it alive, as a task that nobody holds must go on; one
    that nobody listens to ends with its last reference.
    """

    def __init__(self, inbox: Inbox, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(loop=loop)
        self._inbox = inbox
        self._number = -1
        self._listeners = 0
        super().add_done_callback(inbox.finished)

    def deliver(self, number: int, value: Any) -> None:
        """Set the value, the Inbox's of that number, unless the wait is over."""
        if not self.done():
            self._number = number
            self.set_result(value)

    def expire_after(self, timeout_s: float, message: str) -> None:
        """Raise TimeoutError in whoever waits, if nothing comes in that time."""
        timer = self.get_loop().call_later(timeout_s, _expire, weakref.ref(self), message)
        super().add_done_callback(lambda _: timer.cancel())

    def __await__(self) -> Generator[Any, None, Any]:
        try:
            return (yield from super().__await__())
        except asyncio.CancelledError:
            if self.done() and not self.cancelled() and self.exception() is None:
                # the value was there, and the task was cancelled before it saw it
                self._inbox.put_back(self._number, self.result())
            raise

    def add_done_callback(self, *args: Any, **kwargs: Any) -> None:
        """Call a function with the future when it is done."""
        super().add_done_callback(*args, **kwargs)
        self._listeners += 1
        self._inbox.hold(self)

    def remove_done_callback(self, *args: Any, **kwargs: Any) -> int:
        """Call it no more; return how often it would have been called."""
        removed = super().remove_done_callback(*args, **kwargs)
        self._listeners -= removed
        if self._listeners == 0:
            self._inbox.release(self)
        return removed


class Inbox:
    """What came from one Source and no wait has had yet.

    It is touched in the loop's thread only; other threads leave a message there.
    """

    def __init__(self, source: Source, loop: asyncio.AbstractEventLoop, desk: Desk | None) -> None:
        self._loop = loop
        self._desk = desk
        self._numbers = count()
        self._kept: deque[tuple[int, Any]] = deque(maxlen=KEPT)
        self._waits: set[weakref.ref[Wait]] = set()
        self._held: set[_Future] = set()
        self._pulse: asyncio.TimerHandle | None = None
        # without the object whose events these are, nobody can ask for more of them
        self._needed = weakref.ref(source.needed, self.tell_unwanted)
        self._is_wanted = desk is not None
        self._ends: list[Callable[[], object]] = []
        self._ends.append(source.begin(self._post))

    def wait(self) -> Wait:
        """Return a wait for the first value that none has had."""
        made = Wait(self, self._loop)
        if self._kept:
            made.deliver(*self._kept.popleft())
        else:
            self._waits.add(weakref.ref(made, self._lost))
        return made

    def put_back(self, number: int, value: Any) -> None:
        """Keep a value for the next wait after all."""
        if all(kept != number for kept, _ in self._kept):
            self._kept.appendleft((number, value))

    def hold(self, wait: Wait) -> None:
        """Keep a wait alive until it is done."""
        if not wait.done():
            self._held.add(wait)
            if self._pulse is None:
                self.beat()

    def release(self, wait: _Future) -> None:
        """Keep it no longer."""
        self._held.discard(wait)

    def finished(self, wait: _Future) -> None:
        """Forget a wait that is done, however it ended."""
        self.release(wait)
        self._forget(weakref.ref(wait))

    def beat(self) -> None:
        """Wake the loop in a while, if somebody waits then; see `PULSE_S`."""
        self._pulse = None
        if self._held:
            self._pulse = self._loop.call_later(PULSE_S, _beat, weakref.ref(self))

    def tell_unwanted(self, _: object = None) -> None:
        """Say, on any thread, that nobody will ask for another wait."""
        self._tell(self._unwanted)

    def _unwanted(self) -> None:
        self._is_wanted = False
        if self._desk is not None:
            self._desk.drop(self)
        self._close_if_idle()

    def _post(self, value: Any) -> None:
        self._tell(self._arrive, value)

    def _lost(self, ref: weakref.ref[Wait]) -> None:
        self._tell(self._forget, ref)

    def _tell(self, function: Callable[..., None], *args: Any) -> None:
        """Have something done in the loop's thread; in a loop that is closed nobody waits."""
        try:
            self._loop.call_soon_threadsafe(function, *args)
        except RuntimeError:
            self._close()

    def _arrive(self, value: Any) -> None:
        number = next(self._numbers)
        waiting = [wait for ref in self._waits if (wait := ref()) is not None and not wait.done()]
        for wait in waiting:
            wait.deliver(number, value)
        if not waiting:
            self._kept.append((number, value))

    def _forget(self, ref: weakref.ref[Any]) -> None:
        self._waits.discard(ref)
        self._close_if_idle()

    def _close_if_idle(self) -> None:
        if not self._is_wanted and not self._waits:
            self._close()

    def _close(self) -> None:
        while self._ends:
            self._ends.pop()()


class Desk:
    """The open Inboxes of one task."""

    def __init__(self, task: asyncio.Task[Any]) -> None:
        self._inboxes: dict[Hashable, Inbox] = {}
        self._task = weakref.ref(task, self._abandoned)
        task.add_done_callback(self._abandoned)

    def belongs_to(self, task: asyncio.Task[Any]) -> bool:
        """Whether it is this task's own, and not inherited from the one that began it."""
        return self._task() is task

    def inbox(self, source: Source, loop: asyncio.AbstractEventLoop) -> Inbox:
        """Return the Inbox for a Source; open it the first time."""
        if source.key not in self._inboxes:
            self._inboxes[source.key] = Inbox(source, loop, self)
        return self._inboxes[source.key]

    def drop(self, inbox: Inbox) -> None:
        """Let go of an Inbox."""
        self._inboxes = {key: kept for key, kept in self._inboxes.items() if kept is not inbox}

    def _abandoned(self, _: object) -> None:
        for inbox in list(self._inboxes.values()):
            inbox.tell_unwanted()


_DESK: ContextVar[Desk] = ContextVar("nbnodes_desk")  # each task has a context of its own


def _desk(task: asyncio.Task[Any]) -> Desk:
    found = _DESK.get(None)
    if found is None or not found.belongs_to(task):
        found = Desk(task)
        _DESK.set(found)
    return found


def _beat(ref: weakref.ref[Inbox]) -> None:
    inbox = ref()
    if inbox is not None:
        inbox.beat()


def _expire(ref: weakref.ref[Wait], message: str) -> None:
    wait = ref()
    if wait is not None and not wait.done():
        wait.set_exception(TimeoutError(message))
