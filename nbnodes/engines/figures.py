"""Matplotlib in this interpreter: a run starts from its defaults, and the caller's are put back."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

from nbnodes.engines.outputs import INLINE_BACKEND

_Settings = dict[str, Any]

_seen: dict[str, _Settings] = {}  # the copies made last: most runs find each table as it was


def own_figures() -> Callable[[], None]:
    """Start from Matplotlib's defaults and no figures; return what puts the caller's back."""
    matplotlib, pyplot = sys.modules.get("matplotlib"), sys.modules.get("matplotlib.pyplot")
    before = _settings(matplotlib, "rcParams")
    backend = _backend(pyplot)
    figures = _figures()
    mine = dict(figures)
    figures.clear()
    if matplotlib and before is not None:
        _set(matplotlib, _settings(matplotlib, "rcParamsDefault") or {})
        dict.__setitem__(matplotlib.rcParams, "backend", INLINE_BACKEND)

    def restore() -> None:
        figures = _figures()
        figures.clear()
        matplotlib = sys.modules.get("matplotlib")
        if pyplot and before is not None and _backend(pyplot) is not backend:
            name = before["backend"]
            if isinstance(name, str):  # else none had been chosen
                pyplot.switch_backend(name)
        if matplotlib:
            _set(matplotlib, before or _settings(matplotlib, "rcParamsOrig") or {})
        figures.update(mine)

    return restore


def _backend(pyplot: Any) -> object:
    """Return the backend that pyplot has loaded, or something that no other is."""
    return getattr(pyplot, "_backend_mod", object())


def _figures() -> dict[Any, Any]:
    """Return pyplot's own table of open figures; an unused one before pyplot is imported."""
    helpers = sys.modules.get("matplotlib._pylab_helpers")
    return helpers.Gcf.figs if helpers else {}


def _settings(matplotlib: Any, name: str) -> _Settings | None:
    """Copy a table of settings as it is: asked for its backend, it would choose and load one."""
    table = getattr(matplotlib, name, None)
    if table is None:
        return None
    seen = _seen.get(name)
    if seen is None or dict.__eq__(table, seen) is not True:
        seen = _seen[name] = dict(dict.items(table))
    return seen


def _set(matplotlib: Any, settings: _Settings) -> None:
    # past the validators: that of `backend` would switch, and close, the caller's figures
    dict.update(matplotlib.rcParams, settings)
