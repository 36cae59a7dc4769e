"""Changes that do not hold yet: they are gathered until somebody presses Run."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping
from functools import partial


class Withheld:
    """Gathers changes of parameters, by node. Safe from several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._changed: dict[str, set[str]] = {}
        self._listeners: list[Callable[[bool], None]] = []

    def add(self, changed: Mapping[str, Iterable[str]]) -> None:
        """Gather more."""
        with self._lock:
            for node, parameters in changed.items():
                self._changed.setdefault(node, set()).update(parameters)
        self._tell(is_any=True)

    def taken(self) -> dict[str, set[str]]:
        """Return all, and begin anew."""
        with self._lock:
            changed, self._changed = self._changed, {}
        if changed:
            self._tell(is_any=False)
        return changed

    def subscribe(self, listener: Callable[[bool], None]) -> Callable[[], None]:
        """Have a listener called with whether there is anything.

        Returns:
            What ends it.
        """
        self._listeners.append(listener)
        return partial(self._listeners.remove, listener)

    def _tell(self, *, is_any: bool) -> None:
        for listener in tuple(self._listeners):
            listener(is_any)
