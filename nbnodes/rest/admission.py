"""Who asks for a run comes in, or is told when to come again: how many runs there may be."""

from __future__ import annotations

import math
from collections import Counter

from nbnodes.rest.limits import Limits
from nbnodes.rest.problem import Problem, ProblemError

_LONGEST_S = 60


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
        self.is_closed = False

    @property
    def count(self) -> int:
        """How many runs are under way or wait."""
        return self._by_client.total()

    def enter(self, client: str, expected_s: float) -> None:
        """Let a run in.

        Args:
            client: Who asks for it: an address.
            expected_s: How long such runs take; 0 if unknown.

        Raises:
            ProblemError: If there are too many: 429 where they are this client's, else 503.
        """
        retry_s = min(_LONGEST_S, max(1, math.ceil(expected_s * self.count / self._workers)))
        if self.is_closed:
            raise ProblemError(Problem(status=503, title="Closing", retry_after_s=5))
        if self._by_client[client] >= self._limits.client_runs:
            text = f"{self._limits.client_runs} of your runs are under way: wait for one to end"
            problem = Problem(status=429, title="Too many runs", detail=text, retry_after_s=retry_s)
            raise ProblemError(problem)
        if self.count >= self._limits.waiting:
            text = f"{self.count} runs are under way or wait: ask again later"
            raise ProblemError(
                Problem(status=503, title="Busy", detail=text, retry_after_s=retry_s)
            )
        self._by_client[client] += 1

    def leave(self, client: str) -> None:
        """Note that a run has ended."""
        self._by_client[client] -= 1
        if self._by_client[client] <= 0:
            del self._by_client[client]
