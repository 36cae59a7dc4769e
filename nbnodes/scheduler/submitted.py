"""A run that others may want as well is submitted: a future comes out, and holds no worker to wait.

Only the run itself takes a worker, and only when nobody is at it already.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import Future, InvalidStateError
from contextlib import suppress
from typing import Any, TypeAlias

from nbnodes.engines.engine import CancelToken
from nbnodes.errors import RunCancelledError
from nbnodes.result import Result
from nbnodes.scheduler.keyed_run import KeyedRun
from nbnodes.scheduler.party import AbandonedError, Guest, Outcome, Parties, Ties
from nbnodes.scheduler.workers import RunFuture

Start: TypeAlias = Callable[[Callable[[], Result], CancelToken], Future[Result]]
"""Has work done on a worker, in its turn; the token stops it."""


def submitted(
    parties: Parties, run: KeyedRun, make: Callable[[Ties], Result], start: Start
) -> RunFuture:
    """Return what will give a run's Result.

    Args:
        parties: The runs under way.
        run: The run.
        make: Makes it.
        start: Where, if nobody is at it.
    """
    wish = _Wish(parties, run, make, start)
    wish.ask()
    return wish.future


class _Wish:
    """One that is not fulfilled yet."""

    def __init__(
        self, parties: Parties, run: KeyedRun, make: Callable[[Ties], Result], start: Start
    ) -> None:
        self.future = RunFuture(run.ties.cancel)
        self._parties = parties
        self._run = run
        self._make = make
        self._start = start
        self._began_at: float | None = None

    def ask(self) -> None:
        """Join a run under way, or have one begun."""
        run = self._run
        guest = Guest(ties=run.ties, on_begin=self._begin, on_end=self._end, ends_at=self._ends_at)
        party, is_new = self._parties.enter(run.question, run.name, guest)
        if not is_new:
            return

        def work() -> Any:  # whoever waits for it is told by the party
            party.make(self._make)

        def note(ended: Future[Result]) -> None:
            if ended.cancelled():  # the workers were closed before its turn came
                party.end(RunCancelledError(f"{run.name}: the run was cancelled"))

        self._start(work, party.ties.cancel).add_done_callback(note)

    def _begin(self) -> None:
        if self._began_at is None:
            self._began_at = time.monotonic()
            self.future.set_running_or_notify_cancel()

    def _ends_at(self) -> float:
        return self._run.ends_at(self._began_at)

    def _end(self, outcome: Outcome) -> None:
        if isinstance(outcome, AbandonedError) and not self._run.ties.cancel.cancelled:
            self.ask()
            return
        with suppress(InvalidStateError):  # cancelled before it began
            if isinstance(outcome, BaseException):
                self.future.set_exception(outcome)
            else:
                self.future.set_result(self._run.as_own(outcome))
