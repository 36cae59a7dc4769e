"""Runs that several wait for: guests come and go; what none is left to wait for is stopped.

A party begins with the first who asks and ends with its run. Who leaves while others stay hears so
at once and the run goes on; the last one to leave interrupts it and hears what came of that.
"""

from __future__ import annotations

import copy
import math
import threading
import time
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, TypeAlias

from nbnodes.engines.engine import CancelToken, OnOutput, Progress
from nbnodes.errors import Interruption, RunCancelledError, RunTimeoutError
from nbnodes.result import Result, Success

_TICK_S = 0.05  # between two looks of who waits; a cell that waits can be interrupted only then


class AbandonedError(Exception):
    """Nothing came of the run that could be shared: who waited for it asks again. Never raised."""


Outcome: TypeAlias = Result | BaseException
"""What a guest hears at the end: the Result as its own, or what to raise."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Ties:
    """What ties a run to who wants it; see `RunRequest`.

    Attributes:
        cancel: Stops it.
        on_progress: Hears how far it is.
        on_output: Hears what it shows.
        is_lent: Whether its Result may be one that others have, too.
    """

    cancel: CancelToken = field(default_factory=CancelToken)
    on_progress: Callable[[Progress], None] = field(default=lambda _: None)
    on_output: OnOutput = field(default=lambda _cell, _type, _content: None)
    is_lent: bool = False


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Guest:
    """Somebody who waits for a run.

    Attributes:
        ties: Its own; to cancel is to leave.
        on_end: Called once, on any thread; must not raise.
        on_begin: Called once before that, when the run begins or will never begin; must be quick
            and call nothing else.
        ends_at: When its own time is up, as `time.monotonic` tells it; asked after it has begun. If
            the run's is up before, the guest asks again.
    """

    ties: Ties
    on_end: Callable[[Outcome], None]
    on_begin: Callable[[], None] = field(default=lambda: None)
    ends_at: Callable[[], float] = field(default=lambda: 0.0)


class Party:
    """One run and its guests. Safe from several threads.

    Args:
        name: What messages call the run.
        closed: Called once nobody can join any more.
    """

    def __init__(self, name: str, closed: Callable[[Party], None]) -> None:
        self._name = name
        self._closed = closed
        self._lock = threading.Lock()
        self._guests: list[Guest] = []
        self._host: Guest | None = None
        self._latest: Progress | None = None
        self._is_open = True
        self._has_begun = False
        self._ends_at = math.inf
        self.ties = Ties(on_progress=self._tell_progress, on_output=self._tell_output)

    def join(self, guest: Guest) -> bool:
        """Have one more wait, who hears the latest progress at once; False if it is too late."""
        with self._lock:
            if not self._is_open:
                return False
            self._guests.append(guest)
            latest = self._latest
            if self._has_begun:
                guest.on_begin()
        if latest is not None:
            guest.ties.on_progress(latest)
        guest.ties.cancel.on_cancel(partial(self.leave, guest))
        return True

    def make(self, make: Callable[[Ties], Result], host: Guest | None = None) -> bool:
        """Make the run on this thread, unless somebody makes it or nobody wants it any more.

        Args:
            make: Makes it; is tied to the party.
            host: The guest whose thread this is: its Ctrl-C is nobody else's, who ask again then.

        Returns:
            Whether it was made here.

        Raises:
            BaseException: What ends a thread and no run, such as Ctrl-C; guests have heard of it.
        """
        if not self._begin(host):
            return False
        outcome: Outcome = AbandonedError()
        try:
            outcome = make(self.ties)
        except Exception as error:  # noqa: BLE001  # it is raised where somebody waits
            outcome = error
        except BaseException as error:
            outcome = outcome if host else error
            raise
        finally:
            self._end_surely(outcome)
        return True

    def end(self, outcome: Outcome) -> None:
        """Tell all guests what came of the run, each as its own; the host, else the first, last.

        Where all of them only look at it, it is lent to all.
        """
        is_lent = self._close()
        self._closed(self)
        now = time.monotonic()
        is_late = isinstance(outcome, RunTimeoutError) and now >= self._ends_at
        while (guest := self._next()) is not None:
            if is_late and now < guest.ends_at():
                guest.on_end(AbandonedError())
            else:
                is_last = not self._guests
                guest.on_end(outcome if is_last else _another(outcome, is_lent=is_lent))

    def leave(self, guest: Guest) -> None:
        """Have a guest wait no more. The last one interrupts the run, and hears when it has ended.

        Everybody else, and whoever leaves before the run begins, hears RunCancelledError now.
        """
        with self._lock:
            if guest not in self._guests:
                return
            is_last = len(self._guests) == 1
            self._is_open = self._is_open and not is_last
            if not is_last:
                self._guests.remove(guest)
                if not self._has_begun:
                    guest.on_begin()
        if is_last:
            self.stop()
            return
        guest.ties.cancel.is_outlived = True
        guest.on_end(self._cancelled())

    def stop(self) -> None:
        """Interrupt the run for everybody."""
        with self._lock:
            self._is_open = False
            has_begun = self._has_begun
        self._closed(self)
        self.ties.cancel.cancel()
        if not has_begun:
            self.end(self._cancelled())

    def _begin(self, host: Guest | None) -> bool:
        with self._lock:
            if self._has_begun or not self._is_open:
                return False
            self._has_begun = True
            self._host = host
            for guest in self._guests:
                guest.on_begin()
            timed = [host] if host else self._guests
            self._ends_at = min(guest.ends_at() for guest in timed)
            return True

    def _close(self) -> bool:
        """Let nobody join any more, and have the host at the end of the list.

        Returns:
            Whether all of them only look at what comes of it.
        """
        with self._lock:
            self._is_open = False
            if not self._has_begun:
                for guest in self._guests:
                    guest.on_begin()
            self._has_begun = True
            if self._host not in self._guests:
                self._host = next(iter(self._guests), None)
            self._guests.sort(key=lambda guest: guest is self._host)
            return all(guest.ties.is_lent for guest in self._guests)

    def _next(self) -> Guest | None:
        with self._lock:
            return self._guests.pop(0) if self._guests else None

    def _end_surely(self, outcome: Outcome) -> None:
        """End it, even if a run around this one is interrupted just now: nobody must wait on."""
        try:
            self.end(outcome)
        except BaseException:
            self.end(AbandonedError())
            raise

    def _cancelled(self) -> RunCancelledError:
        return RunCancelledError(f"{self._name}: the run was cancelled")

    def _tell_progress(self, progress: Progress) -> None:
        with self._lock:
            self._latest = progress
            guests = tuple(self._guests)
        for guest in guests:
            guest.ties.on_progress(progress)

    def _tell_output(self, *shown: object) -> None:
        with self._lock:
            guests = tuple(self._guests)
        for guest in guests:
            guest.ties.on_output(*shown)  # type: ignore[arg-type]  # as they came


class Parties:
    """The runs under way that may have more guests, each by what it answers. Safe from threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._open: dict[Hashable, Party] = {}

    def enter(self, question: Hashable, name: str, guest: Guest) -> tuple[Party, bool]:
        """Have a guest wait for a run; return its party, and whether that began with this guest."""
        while True:
            new = Party(name, partial(self._forget, question))
            with self._lock:
                party = self._open.setdefault(question, new)
            if party.join(guest):
                return party, party is new
            self._forget(question, party)

    def attend(
        self,
        question: Hashable,
        name: str,
        ties: Ties,
        make: Callable[[Ties], Result],
        interruption: Interruption,
        ends_at: float = math.inf,
    ) -> Result:
        """Wait for a run that is under way, or make it on this thread, by `ends_at`.

        Who makes it and leaves is told when it has ended, as its thread is needed until then.

        Raises:
            EngineError: If the machine failed, or the guest left.
        """
        outcome: Outcome = AbandonedError()
        while isinstance(outcome, AbandonedError):
            seat = _Seat()
            guest = Guest(ties=ties, on_end=seat.take, ends_at=lambda: ends_at)
            party, _ = self.enter(question, name, guest)
            party.make(make, host=guest)
            outcome = seat.wait(interruption, partial(party.leave, guest))
        if isinstance(outcome, BaseException):
            raise outcome
        return outcome

    def stop(self) -> None:
        """Interrupt all runs."""
        with self._lock:
            parties = list(self._open.values())
        for party in parties:
            party.stop()

    def __len__(self) -> int:
        return len(self._open)

    def _forget(self, question: Hashable, party: Party) -> None:
        with self._lock:
            if self._open.get(question) is party:
                del self._open[question]


class _Seat:
    """Where a thread waits for what comes of a run."""

    def __init__(self) -> None:
        self._is_taken = threading.Event()
        self._outcome: Outcome | None = None

    def take(self, outcome: Outcome) -> None:
        self._outcome = outcome
        self._is_taken.set()

    def wait(self, interruption: Interruption, leave: Callable[[], None]) -> Outcome:
        try:
            while self._outcome is None and not self._is_taken.wait(_TICK_S):
                error = interruption()
                if error is not None and self._outcome is None:
                    leave()
                    return error
        except BaseException:
            leave()
            raise
        return self._outcome or AbandonedError()


def _another(outcome: Outcome, *, is_lent: bool) -> Outcome:
    """Give a guest a Result or error of its own, or a lent one; who cannot have one asks again."""
    if isinstance(outcome, BaseException):
        return _another_error(outcome)
    if not isinstance(outcome, Success):
        return outcome
    is_kept = outcome.key is not None
    if is_lent:
        return replace(outcome, cached=is_kept)
    try:
        value = copy.deepcopy(outcome.value)
    except Exception:  # noqa: BLE001  # a class may fail to copy in any way it likes
        return AbandonedError()
    cells, executed = copy.deepcopy((outcome.cells, outcome.executed))
    return replace(outcome, value=value, cells=cells, executed=executed, cached=is_kept)


def _another_error(error: BaseException) -> BaseException:
    """Copy an error, without its class's `__init__`, which may take something else than `args`.

    To raise an error changes it, so threads must not share one.
    """
    kind = type(error)
    native: Any = next(base for base in kind.__mro__ if base.__module__ == "builtins")
    try:
        made: Any = error.__reduce__()
        new: BaseException = kind.__new__(kind, *made[1])
        native.__init__(new, *made[1])
        new.__setstate__(made[2] if len(made) > 2 else None)  # noqa: PLR2004  # its attributes
    except Exception:  # noqa: BLE001  # a class may fail to copy in any way it likes
        return error
    new.__cause__, new.__context__ = error.__cause__, error.__context__
    new.__suppress_context__ = error.__suppress_context__
    return new.with_traceback(error.__traceback__)
