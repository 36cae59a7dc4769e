"""A patience that ends after a while, whoever's it is."""

from __future__ import annotations

import time
from collections.abc import Callable

from nbnodes.engines.kernels.channels import Patience
from nbnodes.errors import EngineError


class Within:
    """A patience, and a limit of its own.

    Args:
        patience: Whose interruptions go first.
        limit_s: When it ends, from now on.
        error: Makes the error that says so.
    """

    def __init__(
        self, patience: Patience, limit_s: float, error: Callable[[], EngineError]
    ) -> None:
        self._patience = patience
        self._until = time.monotonic() + limit_s
        self._error = error

    @property
    def remaining_s(self) -> float | None:
        """Seconds until the first of the two ends."""
        own_s, other_s = max(0.0, self._until - time.monotonic()), self._patience.remaining_s
        return own_s if other_s is None else min(own_s, other_s)

    def interruption(self) -> EngineError | None:
        """Return why to stop waiting; None to go on."""
        error = self._patience.interruption()
        return error or (self._error() if time.monotonic() >= self._until else None)
