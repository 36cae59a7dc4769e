"""Random numbers of forked processes: each draws its own, unless a notebook has seeded them."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from types import ModuleType
from typing import Any

_PYTHON, _NUMPY = "random", "numpy.random"
_SEEDING = ((_PYTHON, "seed"), (_PYTHON, "setstate"), (_NUMPY, "seed"), (_NUMPY, "set_state"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Seeds:
    """What has been seeded of the generators that all code shares.

    Attributes:
        python: The state of `random`, if that was; Python itself gives each fork another one.
        numpy: Whether `numpy.random` was; its state comes along with a fork.
    """

    python: tuple[Any, ...] | None = None
    numpy: bool = False

    def renew(self) -> None:
        """Have this process go on with what was seeded, and draw numbers of its own elsewhere."""
        drawn = sys.modules.get(_PYTHON)
        if drawn is not None and self.python is not None:
            drawn.setstate(self.python)
        elif drawn is not None:
            drawn.seed()
        numpy = sys.modules.get(_NUMPY)
        if numpy is not None and not self.numpy:
            numpy.seed()


class SeedWatch:
    """Notes what is seeded from now on."""

    def __init__(self) -> None:
        self._seeded: dict[str, bool] = {}
        self._watched: list[tuple[ModuleType, str, Any, Any]] = []
        for home, name in _SEEDING:
            module = sys.modules.get(home)
            if module is not None:
                function = getattr(module, name)
                noting = self._noting(home, function)
                setattr(module, name, noting)
                self._watched.append((module, name, function, noting))
        self._had_numpy = _NUMPY in sys.modules

    def end(self) -> Seeds:
        """Note no more; return what was seeded."""
        for module, name, function, noting in self._watched:
            if getattr(module, name, None) is noting:
                setattr(module, name, function)
        is_seeded = self._seeded.get(_PYTHON, False)
        return Seeds(
            python=sys.modules[_PYTHON].getstate() if is_seeded else None,
            numpy=self._seeded.get(_NUMPY, False) if self._had_numpy else _numpy_is_seeded(),
        )

    def _noting(self, home: str, function: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(function)
        def note(*values: Any, **named: Any) -> Any:
            self._seeded[home] = any(value is not None for value in (*values, *named.values()))
            return function(*values, **named)

        return note


def _numpy_is_seeded() -> bool:
    """Say of a numpy that has just been imported whether it is not as it was then."""
    numpy = sys.modules.get(_NUMPY)
    return numpy is not None and numpy.mtrand._rand._bit_generator.seed_seq is None  # noqa: SLF001
