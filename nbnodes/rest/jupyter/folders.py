"""Folders of Jupyter's root become Shelves: what their notebooks are, named by their paths."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from nbnodes.graph.assembly import Member
from nbnodes.graph.folder import GRAPH_FILE
from nbnodes.notebook.document import Notebook
from nbnodes.rest.endpoint import Endpoint
from nbnodes.rest.reading import SUFFIX, Reading, notebooks_in
from nbnodes.rest.subject import Subject
from nbnodes.session import Session

_MOST = 100
"""A folder of more notebooks is no graph: reading them all takes too long for a look at one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shelf:
    """What was read together, and is read anew together.

    Attributes:
        stamp: Equal as long as nothing of it has changed; None where that is never known.
        endpoints: What can be called, by name.
        subjects: What has a page, by name.
        problems: What could not be read, and why.
        files: The files that it was read from, besides those of its folder.
    """

    stamp: object
    endpoints: Mapping[str, Endpoint] = field(default_factory=dict)
    subjects: Mapping[str, Subject] = field(default_factory=dict)
    problems: tuple[str, ...] = ()
    files: tuple[str, ...] = ()


class Folders:
    """The folders below a root, as files are. Safe from several threads.

    Args:
        root: The root.
        session: Where their notebooks run.
    """

    def __init__(self, root: str, session: Session) -> None:
        self._root = os.path.abspath(root)
        self._session = session
        self.name = os.path.basename(self._root) or "notebooks"

    def shelf(self, path: str, kept: Shelf | None) -> Shelf:
        """Return what lies in a folder; the one that is kept, if that is it still.

        Raises:
            OSError: If there is no such folder any more.
        """
        folder = self._file(path)
        stamp = _stamp(folder, kept.files if kept else ())
        if kept is not None and kept.stamp == stamp:
            return kept
        reading = _PathReading(self._session, self._root, path)
        reading.read(folder)
        if kept is not None:
            reading.keep(kept.endpoints, kept.subjects)
        files = tuple(reading.outside(folder))
        return Shelf(
            stamp=_stamp(folder, files),
            endpoints=reading.endpoints,
            subjects=reading.subjects,
            problems=tuple(reading.problems),
            files=files,
        )

    def alone(self, path: str, kept: Shelf | None) -> Shelf:
        """Return a notebook by itself; the one that is kept, if that is it still.

        Raises:
            OSError: If there is no such file any more.
        """
        file = self._file(path)
        stamp = _signs([file])
        if kept is not None and kept.stamp == stamp:
            return kept
        reading = _PathReading(self._session, self._root, os.path.dirname(path))
        reading.add_notebook(file)
        if kept is not None:
            reading.keep(kept.endpoints, kept.subjects)
        return Shelf(
            stamp=stamp,
            endpoints=reading.endpoints,
            subjects=reading.subjects,
            problems=tuple(reading.problems),
        )

    def _file(self, path: str) -> str:
        return os.path.join(self._root, *path.split("/")) if path else self._root


class _PathReading(Reading):
    """One reading of a folder: names are paths below the root.

    Args:
        session: Where the notebooks run.
        root: The root.
        path: The folder's path below it; "" for the root itself.
    """

    def __init__(self, session: Session, root: str, path: str) -> None:
        super().__init__(session)
        self._root, self._path = root, path

    def read(self, folder: str) -> None:
        """Read the folder."""
        names = [*notebooks_in(folder)]
        if len(names) <= _MOST:
            self.add_folder(folder)
            return
        for file in names:
            self.add_notebook(file)

    def outside(self, folder: str) -> Iterator[str]:
        """Yield the files that lie elsewhere, but belong to its graph."""
        for endpoint in self.endpoints.values():
            path = endpoint.notebook.path if endpoint.notebook else None
            if path and os.path.dirname(path) != os.path.realpath(folder):
                yield path

    def node_name(self, node: str, member: Member, folder: str) -> str:
        """Name a node by its notebook's path, if that has its name and lies there."""
        place = folder if os.path.isdir(folder) else os.path.dirname(folder)
        own = os.path.realpath(os.path.join(place, f"{node}{SUFFIX}"))
        is_own = isinstance(member.body, Notebook) and member.body.path == own
        return self._below(f"{node}{SUFFIX}" if is_own else node)

    def notebook_name(self, path: str) -> str:
        """Name a notebook by its path."""
        return self._below(os.path.basename(path))

    def graph_name(self, name: str, folder: str) -> str:  # noqa: ARG002  # it may be any
        """Name a graph by its folder's path; that of the root by the root's name."""
        if self._path:
            return self._path
        found = os.path.basename(self._root) or name
        while os.path.exists(os.path.join(self._root, found)):
            found += "-graph"
        return found

    def _below(self, name: str) -> str:
        return f"{self._path}/{name}" if self._path else name


def _stamp(folder: str, others: Iterable[str]) -> object:
    with os.scandir(folder) as entries:
        own = sorted(
            one.path
            for one in entries
            if one.name == GRAPH_FILE or (one.name.endswith(SUFFIX) and one.name[0] != ".")
        )
    return _signs([*own, *others])


def _signs(files: Iterable[str]) -> object:
    """Return what tells that files are as they were."""
    found = []
    for file in files:
        try:
            one = os.stat(file)
        except OSError:  # a link to nowhere
            found.append((file, 0, 0, 0))
        else:
            found.append((file, one.st_mtime_ns, one.st_size, one.st_ino))
    return tuple(found)
