"""A run with its key, its ties to who wants it, and what makes it: what goes through the cache."""

from __future__ import annotations

import enum
import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from nbnodes.cache.key import KeyParts
from nbnodes.engines.engine import CancelToken
from nbnodes.errors import EngineError
from nbnodes.result import Result
from nbnodes.scheduler.party import Ties


class CacheUse(enum.Enum):
    """How one run uses the cache: read and write it, write it anew, or leave it alone."""

    ON = "on"
    REFRESH = "refresh"
    OFF = "off"


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyedRun:
    """A run that has a key.

    Attributes:
        parts: The key's parts.
        name: The name of its notebook or function.
        family: What its runs have in common.
        ties: The caller's.
        make: Makes it, tied to all who want it.
        interruption: Says why to stop waiting for another who makes it, as the error to raise; is
            given what cancels the waiting.
        is_as_before: Whether all that the key depends on is still as it was.
        document: Makes its executed notebook; None for a function.
        limits_s: What time it may take; only runs that may take the same are one. The
            first is that of all of it.
        started_at: Monotonic time from which its own time counts.
    """

    parts: KeyParts
    name: str
    family: str
    ties: Ties
    make: Callable[[Ties], Result]
    interruption: Callable[[CancelToken], EngineError | None]
    is_as_before: Callable[[], bool] = lambda: True
    document: Callable[[Any], dict[str, Any]] | None = None
    limits_s: tuple[float | None, ...] = ()
    started_at: float = field(default_factory=time.monotonic)

    @property
    def question(self) -> tuple[object, ...]:
        """What those runs share that are one while they overlap."""
        return (self.parts.key, *self.limits_s)

    def ends_at(self, started_at: float | None = None) -> float:
        """Return the monotonic time when its time is up, if it counts from `started_at`."""
        limit_s = self.limits_s[0] if self.limits_s else None
        began_at = self.started_at if started_at is None else started_at
        return math.inf if limit_s is None else began_at + limit_s

    def as_own(self, result: Result) -> Result:
        """Return what came of an equal run as what came of this one."""
        return replace(result, name=self.name, document=self.document or result.document)
