"""A name becomes an Engine: the built-in ones, and those that packages add as entry points."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from nbnodes.engines.engine import Engine
from nbnodes.errors import EngineNotFoundError

if TYPE_CHECKING:  # slow to import, and needed only where a package adds an engine
    from importlib.metadata import EntryPoint

ENTRY_POINT_GROUP = "nbnodes.engines"

_BUILT_IN = {  # imported when asked for: each brings a heavy library
    "fork": "nbnodes.engines.fork:ForkEngine",
    "inprocess": "nbnodes.engines.inprocess:InProcessEngine",
    "kernel": "nbnodes.engines.kernel:KernelEngine",
    "papermill": "nbnodes.engines.papermill:PapermillEngine",
    "spawn": "nbnodes.engines.fork:SpawnEngine",
    "warm-kernel": "nbnodes.engines.kernel:open_warm",
}
_BRIEF = {  # where one run is all there will be
    "fork": "nbnodes.engines.fork_once:ForkOnceEngine",
    "spawn": "nbnodes.engines.fork:open_spawn_once",
}
if sys.platform != "linux":
    _BRIEF["fork"] = _BRIEF["spawn"]


def has_own_document(name: str) -> bool:
    """Whether the engine makes the executed notebook itself, which then is part of its Results."""
    return name == "papermill"


def runs_here(name: str) -> bool:
    """Whether the engine runs notebooks in this interpreter, whatever kernel they name."""
    return name == "inprocess"


def runs_in_processes(name: str) -> bool:
    """Whether the engine is known to run notebooks in other processes than this."""
    return name in _BUILT_IN and not runs_here(name)


def built_in_names() -> tuple[str, ...]:
    """Return the names of nbnodes' own engines."""
    return tuple(_BUILT_IN)


def engine_names() -> tuple[str, ...]:
    """Return the names of all engines, sorted."""
    return tuple(sorted({*_BUILT_IN, *_added()}))


def open_engine(name: str, *, lasting: bool = True) -> Engine:
    """Make the engine of that name.

    Args:
        name: The name.
        lasting: Whether several runs may follow, for which an engine keeps processes ready; else
            this process must have no other threads yet.

    Raises:
        EngineNotFoundError: Naming those there are.
    """
    if name in _BUILT_IN:
        place = _BUILT_IN[name] if lasting else _BRIEF.get(name, _BUILT_IN[name])
        module, _, attribute = place.partition(":")
        factory: Callable[[], Engine] = getattr(importlib.import_module(module), attribute)
        return factory()
    added = _added()
    if name not in added:
        known = ", ".join(engine_names())
        raise EngineNotFoundError(f"there is no engine {name!r} (there are: {known})")
    return added[name]()


def _added() -> dict[str, Callable[[], Engine]]:
    from importlib.metadata import entry_points

    return {point.name: partial(_load, point) for point in entry_points(group=ENTRY_POINT_GROUP)}


def _load(point: EntryPoint) -> Engine:
    engine: Engine = point.load()()
    return engine
