"""Paths of notebooks, folders and graphs become what `nbnodes serve` serves: a Catalogue."""

from __future__ import annotations

import os
from collections.abc import Sequence

from nbnodes.engines.registry import runs_in_processes
from nbnodes.errors import UsageError
from nbnodes.notebook.document import Notebook
from nbnodes.rest.catalogue import unknown
from nbnodes.rest.endpoint import Endpoint
from nbnodes.rest.reading import SUFFIX, Reading, notebooks_in, stem
from nbnodes.rest.subject import Subject
from nbnodes.session import Session


class Served:
    """Notebooks, folders and graphs, as they were when last read.

    What cannot be read is not served; `problems` tells of it. See `nbnodes.rest.reading.Reading`.

    Args:
        paths: The notebooks, the folders, the graph.toml files.
        session: Where they run.

    Attributes:
        title: What all is called.
        problems: What is not served, and why.
        files: The files that were ever read, damaged ones too.

    Raises:
        UsageError: If a path is none of these, or nothing is left to serve.
    """

    def __init__(self, paths: Sequence[str], session: Session) -> None:
        self._paths = [os.path.abspath(os.path.expanduser(path)) for path in paths]
        self._session = session
        self.title = " · ".join(dict.fromkeys(_called(path) for path in self._paths))
        self.problems: Sequence[str] = ()
        self.files: frozenset[str] = frozenset()
        self._endpoints: dict[str, Endpoint] = {}
        self._subjects: dict[str, Subject] = {}
        self.read()

    @property
    def folders(self) -> tuple[str, ...]:
        """The folders in which what is served lies."""
        return tuple({p if os.path.isdir(p) else os.path.dirname(p): None for p in self._paths})

    @property
    def whole_folders(self) -> tuple[str, ...]:
        """The folders of which all notebooks are served."""
        return tuple(path for path in self._paths if os.path.isdir(path))

    @property
    def runs_apart(self) -> bool:
        """Whether all that is served is known to run in other processes than the server's."""
        graphs = [subject.graph for subject in self._subjects.values()]
        members = [member for graph in graphs for member in graph.assembly.members.values()]
        default = self._session.settings.engine
        return all(
            isinstance(one.body, Notebook) and runs_in_processes(one.options.engine or default)
            for one in members
        )

    def read(self) -> None:
        """Read all anew. What is as it was stays the same object; if that fails, all does.

        Raises:
            UsageError: If nothing is left to serve, or something is damaged that was not before.
        """
        reading = _Reading(self._session)
        for path in self._paths:
            reading.add(path)
        found = {*reading.files, *map(os.path.realpath, reading.files)}
        self.files |= found  # what is gone may come back
        new = [one for one in reading.problems if one not in self.problems]
        if self._endpoints and new:  # to be mended soon: open pages and their graphs stay
            raise UsageError("\n".join(new))
        if not reading.endpoints:
            raise UsageError("\n".join(["there is nothing to serve:", *reading.problems]))
        reading.keep(self._endpoints, self._subjects)
        self._endpoints, self._subjects = reading.endpoints, reading.subjects
        self.problems = tuple(reading.problems)

    async def endpoints(self) -> Sequence[Endpoint]:
        """Return all that can be called."""
        return list(self._endpoints.values())

    async def endpoint(self, name: str) -> Endpoint:
        """Return what has a name; its file's suffix may follow it."""
        found = self._endpoints.get(name) or self._endpoints.get(name.removesuffix(SUFFIX))
        if found is None:
            raise unknown("model", name, self._endpoints)
        return found

    async def subjects(self) -> Sequence[Subject]:
        """Return all that has a page."""
        return list(self._subjects.values())

    async def subject(self, name: str) -> Subject:
        """Return what has a page of a name."""
        found = self._subjects.get(name) or self._subjects.get(name.removesuffix(SUFFIX))
        if found is None:
            raise unknown("page", name, self._subjects)
        return found


class _Reading(Reading):
    """One reading of all paths: of what lies in them, wherever links lead."""

    def add(self, path: str) -> None:
        if not os.path.exists(path):
            raise UsageError(f"{path}: there is no such notebook or folder")
        if os.path.isdir(path) or path.endswith(".toml"):
            self.add_folder(path)
        elif path.endswith(SUFFIX):
            self.add_notebook(path)
        else:
            text = "notebooks (.ipynb), folders of them, and graph.toml files are served"
            raise UsageError(f"{path}: {text}")

    def add_folder(self, path: str) -> None:
        """Read a folder, but for the notebooks to which links lead that lie outside."""
        files = [*notebooks_in(path)]
        outside = [file for file in files if not _is_within(file, os.path.dirname(file))]
        if not outside:
            super().add_folder(path)
            return
        for file in outside:
            text = "a link that leads out of the folder; the others are served each by itself"
            self.problems.append(f"{file}: {text}")
        for file in files:
            if file not in outside:
                self.add_notebook(file)


def _is_within(file: str, folder: str) -> bool:
    return os.path.realpath(file).startswith(os.path.join(os.path.realpath(folder), ""))


def _called(path: str) -> str:
    return os.path.basename(os.path.dirname(path) if path.endswith(".toml") else stem(path))
