"""Nodes that move and run are counted; how far their graph is comes out."""

from __future__ import annotations

import time
from collections.abc import Callable

from nbnodes.engines.engine import Progress
from nbnodes.engines.said import Said
from nbnodes.live.notices import GraphProgress

_LEAST_S = 0.001  # less is not worth telling
_LEAST_FRACTION = 0.02  # of less, nothing can be told


class Tally:
    """Counts. Belongs to one thread.

    Args:
        workers: How many nodes may run at once.
        expected_s: Returns the seconds that a run of a node is expected to take; 0 if unknown.
        clock: Returns the seconds that have passed since some moment.
    """

    def __init__(
        self,
        workers: int,
        expected_s: Callable[[str], float],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._workers = workers
        self._expected_s = expected_s
        self._clock = clock
        self._done: set[str] = set()
        self._asked: dict[str, float] = {}  # and the seconds that each is expected to take
        self._left_s = 0.0
        self._cells: dict[str, tuple[int, int]] = {}
        self._said: dict[str, Said] = {}
        self._began_at: dict[str, float] = {}

    def move(self, name: str, *, has_ended: bool, is_asked: bool, is_running: bool) -> None:
        """Note that a node stands elsewhere."""
        self._done.discard(name)
        self._left_s -= self._asked.pop(name, 0.0)
        for known in (self._cells, self._said, self._began_at):
            known.pop(name, None)
        if has_ended:
            self._done.add(name)
        elif is_asked:
            self._asked[name] = self._expected_s(name)
            self._left_s += self._asked[name]
        if is_running:
            self._cells[name] = (0, 0)
            self._began_at[name] = self._clock()

    def note(self, name: str, progress: Progress) -> bool:
        """Note how far a node is; return whether it runs at all."""
        if name not in self._cells:
            return False
        self._cells[name] = progress.done, progress.total
        if progress.said is None:
            self._said.pop(name, None)  # it was about a cell that has ended
        else:
            self._said[name] = progress.said
        return True

    def progress(self) -> GraphProgress:
        """Return how far the graph is now."""
        at_once = max(1, min(self._workers, len(self._asked)))
        left_s = {name: self._node_left_s(name) for name in self._cells}
        return GraphProgress(
            done=len(self._done),
            total=len(self._done) + len(self._asked),
            running=dict(self._cells),
            eta_s=self._left_s / at_once if self._left_s > _LEAST_S else None,
            said=dict(self._said),
            left_s={name: seconds for name, seconds in left_s.items() if seconds is not None},
        )

    def _node_left_s(self, name: str) -> float | None:
        """Return the seconds that a run needs still: by what it says, else by earlier ones."""
        elapsed_s = self._clock() - self._began_at[name]
        fraction = self._said[name].fraction if name in self._said else None
        is_whole = not self._cells[name][1]  # of a notebook it would be the present cell's
        if is_whole and fraction is not None and fraction >= _LEAST_FRACTION:
            return elapsed_s * (1 - fraction) / fraction
        left_s = self._expected_s(name) - elapsed_s
        return left_s if left_s > 0 else None
