"""Notebooks that are saved are read anew, and open pages follow them."""

from __future__ import annotations

import logging
from pathlib import Path

from watchfiles import Change, awatch

from nbnodes.errors import NbnodesError
from nbnodes.rest.desk import Desk
from nbnodes.rest.routes.live import followed
from nbnodes.rest.served import Served

_log = logging.getLogger("nbnodes.rest")
_SUFFIXES = (".ipynb", ".toml", ".py")
_WAIT_MS = 50  # an editor writes a file in several steps


async def reload_when_saved(desk: Desk, served: Served) -> None:
    """Follow the files until cancelled; while one is damaged, all is served as it was."""
    folders = [Path(one) for one in served.folders]
    async for _ in awatch(*folders, watch_filter=_is_of_interest, step=_WAIT_MS, debounce=400):
        await reload(desk, served)


async def reload(desk: Desk, served: Served) -> None:
    """Read all anew; pages whose subject changed show it as it is now."""
    try:
        await desk.in_thread(served.read)
    except (NbnodesError, OSError) as error:
        _log.warning("served as before: %s", error)
        return
    desk.answers.clear()
    subjects = {one.name: one for one in await served.subjects(None)}
    for visit in tuple(desk.visits):
        followed(visit, subjects)


def _is_of_interest(_: Change, path: str) -> bool:
    return path.endswith(_SUFFIXES) and ".ipynb_checkpoints" not in path
