"""What a Jupyter server's user may read becomes a Catalogue, through its contents manager."""

from __future__ import annotations

import asyncio
import os
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import cached_property, partial
from typing import Any

from jupyter_core.utils import ensure_async
from jupyter_server.services.contents.fileio import FileManagerMixin
from jupyter_server.services.contents.manager import ContentsManager
from tornado.web import HTTPError

from nbnodes.errors import NotebookError
from nbnodes.notebook.reader import read
from nbnodes.rest.catalogue import unknown
from nbnodes.rest.endpoint import Endpoint, NotebookEndpoint
from nbnodes.rest.jupyter.folders import Folders, Shelf
from nbnodes.rest.jupyter.listing import Listing, listed
from nbnodes.rest.problem import refused
from nbnodes.rest.reading import SUFFIX, stem
from nbnodes.rest.subject import Subject
from nbnodes.session import Session

_KEPT = 500  # shelves


class Contents:
    """The notebooks that a contents manager has, by their paths. Used on the event loop only.

    Where it keeps files, the notebooks of a folder that feed each other are a graph. Whatever was
    saved since it was read is read anew when it is asked for.

    Args:
        find: Finds the contents manager, whose methods may be coroutines, when it is first needed:
            until all extensions are loaded, each may put another in its place.
        session: Where the notebooks run.
    """

    def __init__(self, find: Callable[[], ContentsManager], session: Session) -> None:
        self._find, self._session = find, session
        self.problems: Sequence[str] = ()
        self._kept: OrderedDict[tuple[str, str], Shelf] = OrderedDict()
        self._locks: dict[tuple[str, str], asyncio.Lock] = {}

    @cached_property
    def title(self) -> str:
        """What the root is called."""
        return self._folders.name if self._folders else "Notebooks"

    async def endpoints(self) -> Sequence[Endpoint]:
        """Return what is in the root and its folders; more can be called by its path."""
        shelves = await self._listed()
        return list({n: one for shelf in shelves for n, one in shelf.endpoints.items()}.values())

    async def endpoint(self, name: str) -> Endpoint:
        """Return the notebook at a path, whose suffix may be left out."""
        found, shelf = await self._found(name)
        if shelf is None or found not in shelf.endpoints:
            raise await self._unknown("notebook", name, shelf)
        return shelf.endpoints[found]

    async def subjects(self) -> Sequence[Subject]:
        """Return what `endpoints` does, and the graphs."""
        shelves = await self._listed()
        return list({n: one for shelf in shelves for n, one in shelf.subjects.items()}.values())

    async def subject(self, name: str) -> Subject:
        """Return the notebook at a path, or the graph that a folder is."""
        found, own = await self._found(name)
        shelf = own
        if shelf is None or found not in shelf.subjects:
            found, shelf = name, await self._graph_shelf(name)
        if shelf is None or found not in shelf.subjects:
            raise await self._unknown("page", name, own)
        return shelf.subjects[found]

    @cached_property
    def _manager(self) -> ContentsManager:
        return self._find()

    @cached_property
    def _root(self) -> str:
        """The root's folder; "" where there is none."""
        found: str = getattr(self._manager, "root_dir", "") or ""
        return os.path.abspath(found) if os.path.isdir(found) else ""

    @cached_property
    def _folders(self) -> Folders | None:
        """The root's folders; None where the manager keeps no files."""
        is_local = bool(self._root) and isinstance(self._manager, FileManagerMixin)
        return Folders(self._root, self._session) if is_local else None

    async def _found(self, name: str) -> tuple[str, Shelf | None]:
        """Return the name as it stands on the shelf, and the shelf."""
        for path in (name, f"{name}{SUFFIX}"):
            model = await self._model(path, kind="notebook")
            if model is not None:
                return path, await self._shelf_of(path, model)
        folder = name.rpartition("/")[0]  # a node that has not its notebook's name
        is_there = self._folders is not None and await self._model(folder, kind="directory")
        return name, await self._folder(folder) if is_there else None

    async def _shelf_of(self, path: str, model: Mapping[str, Any]) -> Shelf | None:
        if self._folders is None or not path.endswith(SUFFIX):
            return await self._remote(path, model)
        shelf = await self._folder(path.rpartition("/")[0])
        if shelf is not None and path in shelf.endpoints:
            return shelf
        return await self._kept_or(("notebook", path), partial(self._folders.alone, path))

    async def _graph_shelf(self, name: str) -> Shelf | None:
        if self._folders is None:
            return None
        if await self._model(name, kind="directory"):
            return await self._folder(name)
        return None if "/" in name else await self._folder("")

    async def _folder(self, path: str) -> Shelf | None:
        if self._folders is None:
            return None
        return await self._kept_or(("folder", path), partial(self._folders.shelf, path))

    async def _kept_or(
        self, place: tuple[str, str], look: Callable[[Shelf | None], Shelf]
    ) -> Shelf | None:
        """Return the shelf of a place, looked at on another thread, by one at a time."""
        async with self._locks.setdefault(place, asyncio.Lock()):
            try:
                shelf = await asyncio.to_thread(look, self._kept.get(place))
            except OSError:  # it has just been removed
                return None
        self._keep(place, shelf)
        return shelf

    async def _remote(self, path: str, model: Mapping[str, Any]) -> Shelf | None:
        """Return a notebook that only the contents manager can read."""
        place, stamp = ("notebook", path), _stamp(model)
        kept = self._kept.get(place)
        if kept is not None and stamp is not None and kept.stamp == stamp:
            return kept
        found = await self._model(path, kind="notebook", content=True)
        if found is None:
            return None
        try:
            notebook = read(found["content"])
        except NotebookError as error:
            return Shelf(stamp=None, problems=(str(error),))
        before = kept.endpoints[path].notebook if kept is not None and kept.endpoints else None
        if kept is not None and before is not None and before.document == notebook.document:
            return kept
        named = replace(notebook, name=path.rpartition("/")[2], folder=self._root or os.getcwd())
        endpoint = NotebookEndpoint(path, self._session.model(named))
        node = stem(path)
        subject = Subject.of(endpoint, node, {node: path})
        shelf = Shelf(stamp=stamp, endpoints={path: endpoint}, subjects={path: subject})
        self._keep(place, shelf)
        return shelf

    async def _listed(self) -> list[Shelf]:
        found: Listing = await listed(self._manager)
        if self._folders is not None:
            paths = dict.fromkeys(one["path"].rpartition("/")[0] for one in found.notebooks)
            shelves = [await self._folder(path) for path in paths]
        else:
            shelves = [await self._remote(one["path"], one) for one in found.notebooks]
        there = [shelf for shelf in shelves if shelf is not None]
        self.problems = [*found.problems, *(text for shelf in there for text in shelf.problems)]
        return there

    async def _model(
        self, path: str, *, kind: str, content: bool = False
    ) -> Mapping[str, Any] | None:
        """Ask the contents manager; None for what is not there, hidden, or of another kind."""
        try:
            got = self._manager.get(path, content=content, type=kind)
            found: Mapping[str, Any] = await ensure_async(got)
        except (HTTPError, OSError, ValueError):  # ValueError: no path at all, as with NUL in it
            return None
        return found

    async def _unknown(self, kind: str, name: str, shelf: Shelf | None) -> Exception:
        """Return the error that there is none: why, or else the notebooks of the same folder."""
        if shelf is not None and shelf.problems and not shelf.endpoints:
            return refused(404, "Cannot be read", "\n".join(shelf.problems))
        model = await self._model(name.rpartition("/")[0], kind="directory", content=True)
        there = [one for one in (model or {}).get("content") or () if one["type"] == "notebook"]
        return unknown(kind, name, [one["path"] for one in there if one["path"] != name])

    def _keep(self, place: tuple[str, str], shelf: Shelf) -> None:
        self._kept[place] = shelf
        self._kept.move_to_end(place)
        while len(self._kept) > _KEPT:
            gone, _ = self._kept.popitem(last=False)
            if gone in self._locks and not self._locks[gone].locked():
                del self._locks[gone]


def _stamp(model: Mapping[str, Any]) -> object:
    saved = model.get("last_modified")
    return None if saved is None else (saved, model.get("size"), model.get("hash"))
