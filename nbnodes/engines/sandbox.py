"""What a notebook may change in this interpreter is put back: folder, streams, modules and more."""

from __future__ import annotations

import builtins
import getpass
import linecache
import logging
import os
import sys
import warnings
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

from nbnodes.engines.outputs import INLINE_BACKEND, Feed
from nbnodes.engines.streams import captured_streams, no_input


@contextmanager
def sandbox(folder: str, log: Feed) -> Iterator[None]:
    """Run a block in `folder` with its output captured; afterwards put everything back."""
    with ExitStack() as stack:
        for keep in _KEEPERS:
            stack.enter_context(keep(folder))
        stack.enter_context(captured_streams(log))
        stack.enter_context(_matplotlib())
        yield


@contextmanager
def _folder(folder: str) -> Iterator[None]:
    before = os.getcwd()
    os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(before)


@contextmanager
def _environment(_: str) -> Iterator[None]:
    before = dict(os.environ)
    os.environ["MPLBACKEND"] = INLINE_BACKEND
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


@contextmanager
def _warnings(_: str) -> Iterator[None]:
    """Give the notebook a new interpreter's warning filters."""
    with warnings.catch_warnings():
        warnings.resetwarnings()
        for quiet in (
            DeprecationWarning,
            PendingDeprecationWarning,
            ImportWarning,
            ResourceWarning,
        ):
            warnings.simplefilter("ignore", quiet)
        warnings.filterwarnings("default", category=DeprecationWarning, module="__main__")
        yield


@contextmanager
def _builtins(_: str) -> Iterator[None]:
    before = dict(vars(builtins))
    getpass_before = getpass.getpass
    builtins.input = getpass.getpass = no_input
    try:
        yield
    finally:
        getpass.getpass = getpass_before
        vars(builtins).update(before)  # never cleared: nothing runs without them
        for name in set(vars(builtins)) - set(before):
            delattr(builtins, name)


@contextmanager
def _source_lines(_: str) -> Iterator[None]:
    before = set(linecache.cache)
    try:
        yield
    finally:
        for name in set(linecache.cache) - before:
            linecache.cache.pop(name, None)


@contextmanager
def _modules(folder: str) -> Iterator[None]:
    """Import the notebook's own modules afresh, and forget them afterwards.

    Else a `helpers.py` edited between two runs, or another folder's, would be the first one's.
    """
    path, main, before = list(sys.path), sys.modules.get("__main__"), set(sys.modules)
    own = {name: m for name, m in sys.modules.items() if _lies_in(m, folder) and name != "__main__"}
    for name in own:
        del sys.modules[name]
    sys.path.insert(0, folder)
    try:
        yield
    finally:
        sys.path[:] = path
        for name in [
            n for n in sys.modules if n not in before and _lies_in(sys.modules[n], folder)
        ]:
            del sys.modules[name]
        sys.modules.update(own)
        if main is not None:
            sys.modules["__main__"] = main


def _lies_in(module: Any, folder: str) -> bool:
    path = str(getattr(module, "__file__", None) or "")
    return path.startswith(os.path.join(folder, "")) and "site-packages" not in path


@contextmanager
def _logging(_: str) -> Iterator[None]:
    """Give the notebook a root logger as a new interpreter has it."""
    root = logging.getLogger()
    before = list(root.handlers), root.level
    root.handlers[:] = []
    root.setLevel(logging.WARNING)
    try:
        yield
    finally:
        root.handlers[:], root.level = before
        root.setLevel(root.level)  # also empties the cache of levels


@contextmanager
def _matplotlib() -> Iterator[None]:
    """Start from Matplotlib's defaults and no figures; put the caller's back."""
    matplotlib, pyplot = sys.modules.get("matplotlib"), sys.modules.get("matplotlib.pyplot")
    rc = _rc(matplotlib, "rcParams")
    figures = _figures()
    mine = dict(figures)
    figures.clear()
    if matplotlib and rc is not None:
        _set_rc(
            matplotlib, (_rc(matplotlib, "rcParamsDefault") or {}) | {"backend": INLINE_BACKEND}
        )
    try:
        yield
    finally:
        figures = _figures()
        figures.clear()
        matplotlib = sys.modules.get("matplotlib")
        if pyplot and rc is not None and isinstance(rc["backend"], str):
            pyplot.switch_backend(rc["backend"])
        if matplotlib:
            _set_rc(matplotlib, rc or _rc(matplotlib, "rcParamsOrig") or {})
        figures.update(mine)


def _figures() -> dict[Any, Any]:
    """Return pyplot's own table of open figures; an unused one before pyplot is imported."""
    helpers = sys.modules.get("matplotlib._pylab_helpers")
    return helpers.Gcf.figs if helpers else {}


def _rc(matplotlib: Any, name: str) -> dict[str, Any] | None:
    """Copy a table of settings as it is: asked for its backend, it would choose and load one."""
    table = getattr(matplotlib, name, None)
    if table is None:
        return None
    return {key: dict.__getitem__(table, key) for key in dict.keys(table)}


def _set_rc(matplotlib: Any, rc: dict[str, Any]) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of deprecated names, which are only copied here
        # `backend` goes past the validator, which would switch, and close, the caller's figures
        dict.update(matplotlib.rcParams, rc)


_KEEPERS = (_folder, _environment, _warnings, _builtins, _source_lines, _logging, _modules)
