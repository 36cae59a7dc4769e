"""What Results depend on besides values, looked at anew as often as that costs next to nothing."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable
from typing import TypeAlias

from nbnodes.errors import NbnodesError
from nbnodes.notebook.document import Notebook
from nbnodes.session import Session

InThread: TypeAlias = Callable[[Callable[[], object]], Awaitable[object]]
"""Does something on another thread."""

_SOONEST_S, _LATEST_S = 0.005, 1.0
_SHARE = 0.01  # of the time may go into looking
_QUICK_S = 0.000_2  # what takes no longer is done at once; another thread would take as long


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
        self._due_at = self._took_s = 0.0
        self._seen: object = None

    async def now(self, in_thread: InThread) -> object:
        """Return what is equal while all is as it was, as of a moment ago; None for unknown.

        The moment is a hundred times as long as a look takes, at least 5 ms, at most a second.
        """
        if not self._is_kept or time.monotonic() < self._due_at:
            return self._seen
        async with self._lock:
            if time.monotonic() >= self._due_at:  # else somebody has just looked
                await self._look(in_thread)
            return self._seen

    async def anew(self, in_thread: InThread) -> object:
        """Return the same as of now."""
        if self._is_kept:
            async with self._lock:
                await self._look(in_thread)
        return self._seen

    async def _look(self, in_thread: InThread) -> None:
        is_quick = 0 < self._took_s < _QUICK_S
        self._seen = self._timed() if is_quick else await in_thread(self._timed)
        moment_s = min(_LATEST_S, max(_SOONEST_S, self._took_s / _SHARE))
        self._due_at = time.monotonic() + moment_s

    def _timed(self) -> object:
        began_at = time.perf_counter()
        try:
            return self._state()
        finally:
            self._took_s = time.perf_counter() - began_at

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
