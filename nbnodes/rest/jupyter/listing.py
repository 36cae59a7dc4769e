"""A contents manager's folders become the list of their notebooks, within bounds."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from jupyter_core.utils import ensure_async
from jupyter_server.services.contents.manager import ContentsManager
from tornado.web import HTTPError

from nbnodes.rest.reading import SUFFIX

_NOTEBOOKS = 200
_FOLDERS = 200
_DEPTH = 4
_OTHERS = frozenset({"__pycache__", "node_modules", "site-packages"})
_ENVIRONMENT = "pyvenv.cfg"  # what a virtual environment has in it


@dataclass(slots=True)
class Listing:
    """What was found.

    Attributes:
        notebooks: Their models, as the contents manager gives them, without content.
        problems: What is left out, and why.
    """

    notebooks: list[Mapping[str, Any]] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)


async def listed(manager: ContentsManager) -> Listing:
    """List the notebooks of the root and of the folders in it, the nearest first.

    Hidden folders, such as those of checkpoints, and those of installed packages are left out.
    """
    found = Listing()
    waiting, looked_at = deque([("", 0)]), 0
    while waiting and looked_at < _FOLDERS and len(found.notebooks) < _NOTEBOOKS:
        path, depth = waiting.popleft()
        looked_at += 1
        entries = await _entries(manager, path)
        if any(one["name"] == _ENVIRONMENT for one in entries):
            continue
        found.notebooks += [one for one in entries if _is_notebook(one)]
        if depth < _DEPTH:
            waiting += [(one["path"], depth + 1) for one in entries if one["type"] == "directory"]
    if waiting or len(found.notebooks) > _NOTEBOOKS:
        del found.notebooks[_NOTEBOOKS:]
        count = len(found.notebooks)
        text = f"only {count} notebooks are listed; the others can be called by their paths"
        found.problems.append(text)
    return found


async def _entries(manager: ContentsManager, path: str) -> list[Mapping[str, Any]]:
    """Return what a folder has that is not hidden, by name."""
    try:
        model = await ensure_async(manager.get(path, content=True, type="directory"))
    except (HTTPError, OSError):  # it has just been removed, or may not be read
        return []
    entries: list[Mapping[str, Any]] = model["content"]
    shown = (one for one in entries if one["name"][:1] != "." and one["name"] not in _OTHERS)
    return sorted(shown, key=lambda one: str(one["name"]))


def _is_notebook(entry: Mapping[str, Any]) -> bool:
    return entry["type"] == "notebook" and str(entry["path"]).endswith(SUFFIX)
