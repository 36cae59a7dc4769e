"""What Results depend on besides values, looked at anew as often as that costs next to nothing."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Awaitable, Callable, Iterable
from typing import TypeAlias

from nbnodes.errors import NbnodesError
from nbnodes.notebook.document import Notebook
from nbnodes.session import Session

_Look: TypeAlias = tuple[object, float]
"""What was seen, and the seconds that it took."""
InThread: TypeAlias = Callable[[Callable[[], _Look]], Awaitable[_Look]]
"""Does something on another thread."""

_SOONEST_S, _LATEST_S = 0.005, 1.0
_SHARE = 0.01  # of the time may go into looking
# A look may have had to wait for Python's lock: the quickest of the last ones tells how long it
# takes, unless the last one says that something is to be read.
_LOOKS, _QUICK_S, _SLOW_S = 8, 0.000_5, 0.01


class Edition:
    """Names how all stands that notebooks depend on besides values. Used on an event loop.

    Args:
        session: Where the notebooks run.
        notebooks: The notebooks.
    """

    def __init__(self, session: Session, notebooks: Iterable[Notebook]) -> None:
        self._session = session
        self._notebooks = tuple(notebooks)
        self._is_kept = session.store is not None and all(
            one.options.get("cache", True) for one in self._notebooks
        )
        self._own = object()  # another reading of the notebook is another edition
        self._lock = asyncio.Lock()
        self._due_at = 0.0
        self._took_s: tuple[float, ...] = (math.inf,)
        self._seen: object = None

    async def now(self, in_thread: InThread) -> object:
        """Return what is equal while all is as it was, as of a moment ago; None for unknown.

        The moment is a hundred times as long as a look takes, at least 5 ms, at most a second.
        """
        if not self._is_kept or time.monotonic() < self._due_at:
            return self._seen
        if self.is_quick:
            return self._note(self._look())
        async with self._lock:
            if time.monotonic() < self._due_at:  # somebody has just looked
                return self._seen
            return self._note(await in_thread(self._look))

    async def anew(self, in_thread: InThread) -> object:
        """Return the same as of now."""
        if not self._is_kept:
            return None
        if self.is_quick:
            return self._note(self._look())
        async with self._lock:
            return self._note(await in_thread(self._look))

    @property
    def is_quick(self) -> bool:
        """Whether a look takes less time than the way to another thread, and none is there."""
        is_quick = min(self._took_s) < _QUICK_S and self._took_s[-1] < _SLOW_S
        return is_quick and not self._lock.locked()

    def _note(self, look: _Look) -> object:
        self._seen, took_s = look
        self._took_s = (*self._took_s[1 - _LOOKS :], took_s)
        self._due_at = time.monotonic() + min(_LATEST_S, max(_SOONEST_S, took_s / _SHARE))
        return self._seen

    def _look(self) -> _Look:
        began_at = time.perf_counter()
        state = self._state()
        return state, time.perf_counter() - began_at

    def _state(self) -> object:
        try:
            seen = [self._session.runner.survey(one, one.folder) for one in self._notebooks]
        except (OSError, NbnodesError):  # a file is being written: nobody relies on it now
            return None
        plain = (
            (tuple(one.modules.items()), tuple(one.files.items()), tuple(one.packages.items()))
            for one in seen
        )
        store = self._session.store
        return (self._own, store.edition if store else None, *plain)
