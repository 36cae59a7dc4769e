"""Statuses and Results of a graph's nodes go to every screen that shows them."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from nbnodes.live.status import Status
from nbnodes.result import Result
from nbnodes.views.screen import Screen
from nbnodes.views.shown import Outputs, shown, undrawable

_log = logging.getLogger("nbnodes")


class Screens:
    """The screens of one graph. Safe from several threads.

    What one of them fails to show is told in the log, and the others go on.
    """

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._screens: dict[str, list[Screen]] = {}
        self._statuses: dict[str, Status] = {}
        self._results: dict[str, tuple[Result, Outputs]] = {}

    @property
    def names(self) -> tuple[str, ...]:
        """The nodes that are shown."""
        return tuple(self._screens)

    def add(self, name: str, screen: Screen) -> bool:
        """Show a node on one more screen, as it is shown already; tell whether it was not."""
        with self._lock:
            screens = self._screens.setdefault(name, [])
            screens.append(screen)
            if name in self._results:
                self._tell(name, screen.show_result, *self._results[name])
            if name in self._statuses:
                self._tell(name, screen.show_status, self._statuses[name])
            return len(screens) == 1

    def remove(self, name: str, screen: Screen) -> bool:
        """Show a node there no more; tell whether that was its last screen."""
        with self._lock:
            screens = self._screens.get(name, [])
            if screen not in screens:
                return False
            screens.remove(screen)
            if screens:
                return False
            del self._screens[name]
            self._results.pop(name, None)  # what comes while it is not shown is not drawn
            self._statuses.pop(name, None)
            return True

    def clear(self) -> None:
        """Show nothing any more."""
        with self._lock:
            self._screens = {}

    def result(self, name: str) -> Result | None:
        """Return what is shown of a node; None for nothing."""
        found = self._results.get(name)
        return None if found is None else found[0]

    def status(self, name: str) -> Status | None:
        """Return where a node is said to stand; None if nothing was said."""
        return self._statuses.get(name)

    def show_result(self, name: str, result: Result) -> None:
        """Replace what is shown of a node; nothing is kept of one that is not shown."""
        if name not in self._screens or self.result(name) is result:
            return
        outputs = _outputs(result)
        with self._lock:
            screens = self._screens.get(name)
            if screens is None:  # hidden meanwhile: who shows it again is told anew
                return
            self._results[name] = result, outputs
            for screen in screens:
                self._tell(name, screen.show_result, result, outputs)

    def show_status(self, name: str, status: Status) -> None:
        """Tell where a node stands."""
        with self._lock:
            if self._statuses.get(name) == status:
                return
            self._statuses[name] = status
            for screen in self._screens.get(name, ()):
                self._tell(name, screen.show_status, status)

    @staticmethod
    def _tell(name: str, tell: Callable[..., None], *words: object) -> None:
        try:
            tell(*words)
        except BaseException:  # noqa: BLE001  # whatever somebody's observer of the widget does
            _log.exception("%s could not be shown", name)


def _outputs(result: Result) -> Outputs:
    """Draw a Result; what cannot be drawn says so in its place."""
    try:
        return shown(result)
    except BaseException as error:  # noqa: BLE001  # drawing runs the code of the value's class
        _log.info("%s could not be drawn", result.name, exc_info=True)
        return undrawable(result, error)
