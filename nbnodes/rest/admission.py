"""Who asks for a run comes in, or is told when to come again: how many runs there may be."""

from __future__ import annotations

import asyncio
import math
from collections import Counter

from nbnodes.rest.limits import Limits
from nbnodes.rest.problem import Problem, ProblemError

_LONGEST_S = 60
_AGAIN_S = 5  # after which time a server that ends may be back


class FullError(ProblemError):
    """There are too many runs just now; who can wait does, with `Admission.room`."""


class Admission:
    """Counts the runs that are under way or wait. Used on the event loop only.

    Args:
        limits: What is allowed.
        workers: How many may run at once.
    """

    def __init__(self, limits: Limits, workers: int) -> None:
        self._limits = limits
        self._workers = workers
        self._by_client: Counter[str] = Counter()
        self._changed = asyncio.Event()
        self._is_closed = False

    @property
    def count(self) -> int:
        """How many runs are under way or wait."""
        return self._by_client.total()

    @property
    def is_closed(self) -> bool:
        """Whether no run comes in any more."""
        return self._is_closed

    def enter(self, client: str, expected_s: float) -> None:
        """Let a run in.

        Args:
            client: Who asks for it: an address.
            expected_s: How long such runs take; 0 if unknown.

        Raises:
            FullError: If there are too many: 429 where they are this client's, else 503.
            ProblemError: If the server ends.
        """
        retry_s = min(_LONGEST_S, max(1, math.ceil(expected_s * self.count / self._workers)))
        if self.is_closed:
            raise closing()
        if self._by_client[client] >= self._limits.client_runs:
            text = f"{self._limits.client_runs} of your runs are under way: wait for one to end"
            problem = Problem(status=429, title="Too many runs", detail=text, retry_after_s=retry_s)
            raise FullError(problem)
        if self.count >= self._limits.waiting:
            text = f"{self.count} runs are under way or wait: ask again later"
            raise FullError(Problem(status=503, title="Busy", detail=text, retry_after_s=retry_s))
        self._by_client[client] += 1

    def leave(self, client: str) -> None:
        """Note that a run has ended."""
        self._by_client[client] -= 1
        if self._by_client[client] <= 0:
            del self._by_client[client]
        self._tell()

    async def room(self, client: str) -> None:
        """Wait until a run of a client may come in, or none will any more.

        Others may be faster: who enters then asks, and waits, again.
        """
        while not self.is_closed and self._is_full(client):
            await self._changed.wait()

    def close(self) -> None:
        """Let no run in any more."""
        self._is_closed = True
        self._tell()

    def most_of(self, wanted: int) -> int:
        """Return how many of so many runs one client may have at once."""
        return min(wanted, self._limits.client_runs, self._limits.waiting)

    def _is_full(self, client: str) -> bool:
        is_theirs = self._by_client[client] >= self._limits.client_runs
        return is_theirs or self.count >= self._limits.waiting

    def _tell(self) -> None:
        """Wake those who wait; who comes later waits for the next change."""
        self._changed.set()
        self._changed.clear()


def closing() -> ProblemError:
    """Return the error that answers what a server that ends does not do any more."""
    text = "the server is ending: ask again when it is back"
    problem = Problem(status=503, title="Closing", detail=text, retry_after_s=_AGAIN_S)
    return ProblemError(problem)
