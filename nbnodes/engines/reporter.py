"""What work says of how far it is becomes few messages: the first at once, the last always."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextvars import ContextVar, Token, copy_context
from types import TracebackType
from typing import Self, TypeVar

from nbnodes.engines.said import Said

T = TypeVar("T")

INTERVAL_S = 0.05
"""Between two messages: nobody sees more."""

current: ContextVar[Reporter | None] = ContextVar("nbnodes_reporter", default=None)
"""Who hears of the work at hand; None if nobody in this thread."""

Tell = Callable[[Said, bool], None]
"""Hears how far the work is, and whether that begins another bar."""


class Reporter:
    """Hears of one run's progress and tells of it. Safe from several threads.

    Work within a loop is a part of the loop's present step: bars that are nested are one.
    As a context manager it hears what is said in this thread.

    Args:
        tell: Told, on any thread, in the context of who made this: what is said while it tells is
            about other work.
    """

    # Most of what is run says nothing: what it starts with is the class's.
    _levels: tuple[_Level, ...] = ()
    _is_news = False
    _is_first = True
    _is_closed = False
    _due_at = 0.0
    _later: _Later | None = None
    _token: Token[Reporter | None] | None = None

    def __init__(self, tell: Tell) -> None:
        self._tell = tell
        self._context = copy_context()
        self._pid = os.getpid()
        self._lock = threading.Lock()

    def say(self, done: float | None, total: float | None, note: str) -> None:
        """Note how far the work is; within a loop: that part of it which is its present step."""
        levels = self._levels
        while levels and levels[-1].has_ended:
            levels = levels[:-1]
        level = levels[-1] if levels and not levels[-1].is_loop else _Level()
        level.done, level.total, level.note = done, total, note
        self._at(level)

    def loop(self, items: Iterable[T], total: float | None, note: str) -> Iterator[T]:
        """Go through things; each is a step."""
        level = _Level(is_loop=True)
        done = 0
        level.done, level.total, level.note = done, total, note
        self._at(level)
        try:
            for item in items:
                yield item
                level.done = done = done + 1
                self._at(level)
            level.total = done  # whatever was expected
        finally:
            level.has_ended = True
            if level in self._levels:
                self._at(level)

    def flush(self) -> None:
        """Tell what has not been told yet."""
        if not (self._is_news or self._later) or os.getpid() != self._pid:
            return
        later = self._later
        if later is not None:
            later.end()
        with self._lock:
            if self._is_news:
                self._send()

    def end_cell(self) -> None:
        """Tell what has not been told yet; what is said from now on is another bar."""
        if self._levels:
            self.flush()
            self._levels, self._is_first, self._due_at = (), True, 0.0

    def __enter__(self) -> Self:
        self._token = current.set(self)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None
    ) -> None:
        if self._token is not None:
            current.reset(self._token)
        self._is_closed = True
        if self._levels:
            self.flush()

    def _at(self, level: _Level) -> None:
        """Note that a level has changed. Most calls end here: they must cost little."""
        levels = self._levels
        if not levels or levels[-1] is not level:
            self._enter(level)
        self._is_news = True
        if self._later is None:
            self._send_or_wait()

    def _enter(self, level: _Level) -> None:
        kept: list[_Level] = []
        for one in self._levels:
            if one is level:
                break
            kept.append(one)
        else:
            while kept and not kept[-1].has_steps:
                kept.pop()
        self._levels = (*kept, level)

    def _send_or_wait(self) -> None:
        if self._is_closed or os.getpid() != self._pid:
            return
        with self._lock:
            if self._later is not None or not self._is_news:
                return
            if time.monotonic() >= self._due_at:
                self._send()
            else:
                self._start_later()

    def _start_later(self) -> None:
        self._later = _Later(self._send_if_news)
        try:
            self._later.start()
        except RuntimeError:  # there are too many threads, or the program is ending
            self._later = None

    def _send_if_news(self, *, is_ended: bool) -> bool:
        """Send what there is, on a thread for that; return whether the thread is to go on."""
        with self._lock:
            later = self._later
            if self._is_news:
                self._send()
                if not is_ended:
                    return True
            self._later = None  # from here on, who says something sends it
            if is_ended or not self._is_news:
                return False
            self._later = later
            return True

    def _send(self) -> None:
        self._is_news = False
        is_first, self._is_first = self._is_first, False
        self._due_at = time.monotonic() + INTERVAL_S
        try:
            self._context.run(self._tell, _said(self._levels), is_first)
        except Exception:  # noqa: BLE001  # whoever listens, and however that fails: work goes on
            return


class _Later(threading.Thread):
    """Sends at intervals, as long as there is something to send: a thread costs more than that."""

    def __init__(self, send: Callable[..., bool]) -> None:
        super().__init__(name="nbnodes-progress", daemon=True)
        self._send = send
        self._ended = threading.Event()

    def run(self) -> None:
        """Work until there is nothing new for a while."""
        while self._send(is_ended=self._ended.wait(INTERVAL_S)):
            pass

    def end(self) -> None:
        """Send what there is now and wait for the end."""
        self._ended.set()
        if self.ident is not None:
            self.join()


class _Level:
    """A loop, or what is said within one or outside of any."""

    __slots__ = ("done", "has_ended", "is_loop", "note", "total")

    def __init__(self, *, is_loop: bool = False) -> None:
        self.done: float | None = None
        self.total: float | None = None
        self.note = ""
        self.is_loop = is_loop
        self.has_ended = False

    @property
    def has_steps(self) -> bool:
        """Whether other work may be part of it."""
        return not self.has_ended and (self.is_loop or bool(self.total))

    @property
    def is_fraction(self) -> bool:
        """Whether `done` is a part of the whole rather than a count."""
        is_alone = self.total is None and not self.is_loop
        return is_alone and self.done is not None and 0 <= self.done <= 1

    def fraction(self, of_step: float | None) -> float | None:
        """Return how much is done, given how much of its present step is."""
        if self.is_fraction:
            return self.done
        if self.total is None or self.done is None:
            return None
        part = of_step if of_step is not None and self.done < self.total else 0.0
        whole = (self.done + part) / self.total if self.total else 1.0
        return min(max(whole, 0.0), 1.0)


def _said(levels: tuple[_Level, ...]) -> Said:
    """Make one bar of nested levels, the outermost first."""
    if not levels:
        return Said()
    fraction: float | None = None
    for level in reversed(levels):
        fraction = level.fraction(fraction)
    outer = levels[0]
    is_counted = not outer.is_fraction
    return Said(
        fraction=fraction,
        done=outer.done if is_counted else None,
        total=outer.total if is_counted else None,
        note=", ".join(filter(None, (level.note for level in levels))),
    )
