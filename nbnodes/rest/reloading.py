"""Notebooks that are saved are read anew, and open pages follow them."""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Mapping, Sequence
from contextlib import aclosing

from watchfiles import Change, awatch

from nbnodes.engines.cpus import spread_out
from nbnodes.errors import NbnodesError
from nbnodes.notebook.document import Notebook
from nbnodes.notebook.stamp import stamp
from nbnodes.rest.desk import Desk
from nbnodes.rest.reading import SUFFIX
from nbnodes.rest.routes.live import followed
from nbnodes.rest.served import Served
from nbnodes.rest.subject import Subject

_log = logging.getLogger("nbnodes.rest")
_WAIT_MS = 50  # an editor writes a file in several steps
_LOOK_MS = 2_000  # what changed while nobody watched is seen within this time


async def reload_when_saved(desk: Desk, served: Served) -> None:
    """Follow the files until cancelled; while one is damaged, all is served as it was."""
    reloading = Reloading(desk, served)
    await reloading.look()
    while True:
        await reloading.watch()


class Reloading:
    """What was read of files, and what reads it anew. Used on the event loop.

    Only files that were read count, and notebooks that are new in a folder: else a notebook that
    writes a module or a notebook beside itself would have itself run again, for ever.

    Args:
        desk: The server's.
        served: What is served.
    """

    def __init__(self, desk: Desk, served: Served) -> None:
        self._desk, self._served = desk, served
        self._modules: Mapping[str, Mapping[str, str]] = {}  # of each subject, by path
        self._stamps: dict[str, object] = {}  # of each file that counts

    async def look(self) -> None:
        """Look at the modules that notebooks import now."""
        subjects = await self._served.subjects()
        self._modules = await self._desk.in_thread(self._surveyed, subjects)
        modules = {path for own in self._modules.values() for path in own}
        for path in (self._served.files | modules) - self._stamps.keys():
            self._stamps[path] = stamp(path)

    async def watch(self) -> None:
        """Read anew what is saved, until other folders are to be watched."""
        folders = self._folders()
        if not folders:
            await asyncio.sleep(_LOOK_MS / 1000)
            return
        watched = awatch(
            *folders,
            watch_filter=self._counts,
            step=_WAIT_MS,
            debounce=400,
            rust_timeout=_LOOK_MS,
            yield_on_timeout=True,
            recursive=False,
        )
        async with aclosing(watched) as found:
            async for changes in found:
                if changes or self._stamps != self._stamped():
                    await self.reload()
                if self._folders() != folders:
                    return

    async def reload(self) -> None:
        """Read all anew; pages whose subject changed show it as it is now."""
        self._stamps = self._stamped()
        before = self._modules
        try:
            await self._desk.in_thread(self._served.read)
        except (NbnodesError, OSError) as error:
            _log.warning("served as before: %s", error)
            await self.look()
            return
        if not self._served.runs_apart:
            spread_out()
        await self.look()
        subjects = {one.name: one for one in await self._served.subjects()}
        for visit in tuple(self._desk.visits):
            name = visit.subject.name
            is_same_code = before.get(name) == self._modules.get(name)
            followed(visit, subjects, is_same_code=is_same_code)

    def _stamped(self) -> dict[str, object]:
        return {path: stamp(path) for path in self._stamps}

    def _folders(self) -> list[str]:
        own = {os.path.dirname(path) for path in self._stamps} | {*self._served.folders}
        return sorted(path for path in own if os.path.isdir(path))

    def _counts(self, change: Change, path: str) -> bool:
        if path in self._stamps:
            return True
        folder, name = os.path.split(path)
        is_notebook = name.endswith(SUFFIX) and not name.startswith(".")
        return change == Change.added and is_notebook and folder in self._served.whole_folders

    def _surveyed(self, subjects: Sequence[Subject]) -> dict[str, Mapping[str, str]]:
        return {one.name: self._modules_of(one) for one in subjects}

    def _modules_of(self, subject: Subject) -> Mapping[str, str]:
        """Return the digests of the local modules that a subject's notebooks import, by path."""
        found: dict[str, str] = {}
        for member in subject.graph.assembly.members.values():
            if not isinstance(member.body, Notebook):
                continue
            folder = member.body.folder
            try:
                modules = self._desk.session.runner.survey(member.body, folder).modules
            except (OSError, NbnodesError) as error:  # being written: it is looked at again soon
                _log.debug("%s: its modules cannot be read: %s", member.name, error)
                return self._modules.get(subject.name, {})
            found |= {os.path.normpath(os.path.join(folder, p)): d for p, d in modules.items()}
        return found
