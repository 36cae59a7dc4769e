"""Moments at which nodes' inputs change go in; how long a node waits before it runs comes out."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

_SLOW_S = 0.1  # what takes less never waits
_LONGEST_S, _SHARE = 0.2, 2 / 3  # nothing waits for longer, nor for more of the time of its run
_TOGETHER_S = 0.01  # what is set one after the other, and yet at once
_FELT_S, _UNFELT_S = 1.0, 0.1  # who waits for the one does not feel the other
_STILL_S = 0.25  # who changes something after it begins anew: a key, a click, a drag's beginning
_LATE = 1.5  # how much later than usual the next change may come
_GAPS = 4


@dataclass(slots=True)
class _Pace:
    """How a node's inputs change: when the last time, and how long after the time before."""

    changed_at: float
    gaps_s: deque[float] = field(default_factory=lambda: deque(maxlen=_GAPS))

    def note(self, now: float) -> None:
        gap_s = now - self.changed_at
        self.changed_at = now
        if gap_s >= _STILL_S:
            self.gaps_s.clear()
        else:
            self.gaps_s.append(gap_s)


class Debounce:
    """Lets nodes wait while their inputs go on changing, and no longer than that is likely.

    The first change after a rest may be the only one, as that of a key: nodes that run not for long
    do so almost at once. Changes that follow closely tell how closely more of them is likely: a
    browser sends what a drag does at its own pace, which on a busy machine is slow.

    Args:
        clock: Seconds, never going back.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._paces: dict[str, _Pace] = {}

    def note_change(self, names: Iterable[str]) -> None:
        """Note that the inputs of nodes change now."""
        now = self._clock()
        for name in names:
            if name in self._paces:
                self._paces[name].note(now)
            else:
                self._paces[name] = _Pace(now)

    def left_s(self, name: str, *, given_s: float | None, run_s: float) -> float:
        """Return how long a node still waits; 0 or less: not at all.

        Args:
            name: The node.
            given_s: How long its inputs must be at rest; None: by how long it runs.
            run_s: How long a run of it takes; 0 if unknown.
        """
        pace = self._paces.get(name)
        if pace is None:
            return 0.0
        wait_s = _wait_s(pace, run_s) if given_s is None else given_s
        return pace.changed_at + wait_s - self._clock()


def _wait_s(pace: _Pace, run_s: float) -> float:
    if run_s < _SLOW_S:
        return 0.0
    least_s = _TOGETHER_S if run_s < _FELT_S else _UNFELT_S
    likely_s = _LATE * max(pace.gaps_s, default=0.0)
    return max(least_s, min(likely_s, run_s * _SHARE, _LONGEST_S))
