"""What a notebook may change in this interpreter is put back: folder, streams, modules and more."""

from __future__ import annotations

import builtins
import getpass
import linecache
import logging
import os
import sys
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache, lru_cache
from typing import Any

from nbnodes.engines.cells.streams import capture_streams, no_input
from nbnodes.engines.figures import own_figures
from nbnodes.engines.outputs import INLINE_BACKEND, Feed

Restore = Callable[[], None]

_QUIET = (DeprecationWarning, PendingDeprecationWarning, ImportWarning, ResourceWarning)


@contextmanager
def sandbox(folder: str, log: Feed) -> Iterator[None]:
    """Run a block in `folder` with its output captured; afterwards put everything back."""
    restores: list[Restore] = []
    try:
        for keep in _KEEPERS:
            restores.append(keep(folder))  # noqa: PERF401  # what was kept is put back if one fails
        restores.append(capture_streams(log))
        restores.append(own_figures())
        yield
    finally:
        _restore(restores)


def _restore(restores: list[Restore]) -> None:
    """Put everything back, the last first, even if something cannot be."""
    try:
        while restores:
            restores.pop()()
    finally:
        if restores:
            _restore(restores)


def _folder(folder: str) -> Restore:
    before = os.getcwd()
    os.chdir(folder)
    return lambda: os.chdir(before)


def _environment(_: str) -> Restore:
    variables = vars(os.environ)["_data"]  # as bytes: decoding them all is felt
    before = dict(variables)
    if os.environ.get("MPLBACKEND") != INLINE_BACKEND:
        os.environ["MPLBACKEND"] = INLINE_BACKEND

    def restore() -> None:
        if variables == before:
            return
        for name in variables.keys() - before.keys():
            os.unsetenv(name)
        for name, value in before.items():
            if variables.get(name) != value:
                os.putenv(name, value)
        variables.clear()
        variables.update(before)

    return restore


def _warnings(_: str) -> Restore:
    """Give the notebook a new interpreter's warning filters."""
    caught = warnings.catch_warnings()
    caught.__enter__()
    warnings.filters[:] = _new_filters()  # type: ignore[index]  # a list; typeshed says less
    warnings.simplefilter("ignore", ImportWarning)  # is there already; tells that others are new
    return lambda: caught.__exit__(None, None, None)


@cache
def _new_filters() -> list[Any]:
    """Return the filters of a new interpreter; made once, it is felt."""
    with warnings.catch_warnings():
        warnings.resetwarnings()
        for quiet in _QUIET:
            warnings.simplefilter("ignore", quiet)
        warnings.filterwarnings("default", category=DeprecationWarning, module="__main__")
        return list(warnings.filters)


def _builtins(_: str) -> Restore:
    names = vars(builtins)
    before, getpass_before = dict(names), getpass.getpass
    builtins.input = getpass.getpass = no_input

    def restore() -> None:
        getpass.getpass = getpass_before
        names.update(before)  # never cleared: nothing runs without them
        if len(names) > len(before):
            for name in names.keys() - before.keys():
                del names[name]

    return restore


def _source_lines(_: str) -> Restore:
    before = set(linecache.cache)

    def restore() -> None:
        for name in linecache.cache.keys() - before:
            linecache.cache.pop(name, None)

    return restore


def _modules(folder: str) -> Restore:
    """Import the notebook's own modules afresh, and forget them afterwards.

    Else a `helpers.py` edited between two runs, or another folder's, would be the first one's.
    """
    path, main = list(sys.path), sys.modules.get("__main__")
    own = {name: sys.modules.pop(name) for name in _names_in(folder)}
    before = _loaded()
    sys.path.insert(0, folder)

    def restore() -> None:
        sys.path[:] = path
        if main is not None:
            sys.modules["__main__"] = main
        if _loaded() != before:
            for name in _names_in(folder):
                del sys.modules[name]
        sys.modules.update(own)

    return restore


def _names_in(folder: str) -> tuple[str, ...]:
    """Name the loaded modules that lie in a folder."""
    return _names_among(_loaded(), os.path.join(folder, ""))


@lru_cache(maxsize=8)
def _names_among(loaded: tuple[int, str], folder: str) -> tuple[str, ...]:
    del loaded  # tells when to look again: there are thousands of modules
    return tuple(
        name
        for name, module in list(sys.modules.items())
        if name != "__main__" and _lies_in(module, folder)
    )


def _loaded() -> tuple[int, str]:
    """Name the state of `sys.modules`, which an import or a removal changes."""
    return len(sys.modules), next(reversed(sys.modules))


def _lies_in(module: Any, folder: str) -> bool:
    path = str(getattr(module, "__file__", None) or "")
    return path.startswith(folder) and "site-packages" not in path


def _logging(_: str) -> Restore:
    """Give the notebook a root logger as a new interpreter has it."""
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    root.handlers[:] = []
    if level != logging.WARNING:
        root.setLevel(logging.WARNING)

    def restore() -> None:
        root.handlers[:] = handlers
        if root.level != level:
            root.setLevel(level)  # also empties the cache of levels

    return restore


_KEEPERS = (_folder, _environment, _warnings, _builtins, _source_lines, _logging, _modules)
