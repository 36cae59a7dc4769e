"""Paths of notebooks, folders and graphs become what `nbnodes serve` serves: a Catalogue."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from nbnodes.errors import GraphError, NotebookError, UsageError
from nbnodes.graph.assembly import Member
from nbnodes.graph.node import NodeOptions
from nbnodes.live.graph import Graph
from nbnodes.notebook.document import Notebook
from nbnodes.rest.catalogue import unknown
from nbnodes.rest.endpoint import Endpoint, NodeEndpoint, NotebookEndpoint
from nbnodes.rest.subject import Subject
from nbnodes.session import Session

_SUFFIX = ".ipynb"


class Served:
    """Notebooks, folders and graphs, as they were when last read.

    A folder is the graph that its notebooks are by their names. Where they are none, since one is
    damaged or their names are at odds, those that can be read are served each by itself, and
    `problems` tells of the rest.

    Args:
        paths: The notebooks, the folders, the graph.toml files.
        session: Where they run.

    Raises:
        UsageError: If a path is none of these, or nothing is left to serve.
    """

    def __init__(self, paths: Sequence[str], session: Session) -> None:
        self._paths = [os.path.abspath(os.path.expanduser(path)) for path in paths]
        self._session = session
        self.title = " · ".join(dict.fromkeys(_called(path) for path in self._paths))
        self.problems: Sequence[str] = ()
        self._endpoints: dict[str, Endpoint] = {}
        self._subjects: dict[str, Subject] = {}
        self.read()

    @property
    def folders(self) -> tuple[str, ...]:
        """The folders in which what is served lies."""
        return tuple({p if os.path.isdir(p) else os.path.dirname(p): None for p in self._paths})

    def read(self) -> None:
        """Read all anew. What was served stays as it is if that fails.

        Raises:
            UsageError: If nothing is left to serve.
        """
        reading = _Reading(self._session)
        for path in self._paths:
            reading.add(path)
        if not reading.endpoints:
            raise UsageError("\n".join(["there is nothing to serve:", *reading.problems]))
        self._endpoints, self._subjects = reading.endpoints, reading.subjects
        self.problems = tuple(reading.problems)

    async def endpoints(self, asker: Any) -> Sequence[Endpoint]:  # noqa: ARG002  # all may know all
        """Return all that can be called."""
        return list(self._endpoints.values())

    async def endpoint(self, name: str, asker: Any) -> Endpoint:  # noqa: ARG002  # as above
        """Return what has a name; its file's suffix may follow it."""
        found = self._endpoints.get(name) or self._endpoints.get(name.removesuffix(_SUFFIX))
        if found is None:
            raise unknown("model", name, self._endpoints)
        return found

    async def subjects(self, asker: Any) -> Sequence[Subject]:  # noqa: ARG002  # as above
        """Return all that has a page."""
        return list(self._subjects.values())

    async def subject(self, name: str, asker: Any) -> Subject:  # noqa: ARG002  # as above
        """Return what has a page of a name."""
        found = self._subjects.get(name) or self._subjects.get(name.removesuffix(_SUFFIX))
        if found is None:
            raise unknown("page", name, self._subjects)
        return found


class _Reading:
    """One reading of all paths."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self.endpoints: dict[str, Endpoint] = {}
        self.subjects: dict[str, Subject] = {}
        self.problems: list[str] = []

    def add(self, path: str) -> None:
        if not os.path.exists(path):
            raise UsageError(f"{path}: there is no such notebook or folder")
        if os.path.isdir(path) or path.endswith(".toml"):
            self._add_folder(path)
        elif path.endswith(_SUFFIX):
            self._add_notebook(path)
        else:
            text = "notebooks (.ipynb), folders of them, and graph.toml files are served"
            raise UsageError(f"{path}: {text}")

    def _add_folder(self, path: str) -> None:
        try:
            graph = Graph.from_folder(path, session=self._session)
        except GraphError as error:
            self.problems += error.problems
            for file in _notebooks_in(path):
                self._add_notebook(file, is_told=True)
            return
        names = {node: self._free(node, path) for node in graph}
        for node, member in graph.assembly.members.items():
            self._put(_endpoint(names[node], node, member, graph), node, names)
        if any(member.feeds for member in graph.assembly.members.values()):
            self._add_graph(graph, names, path)

    def _add_notebook(self, path: str, *, is_told: bool = False) -> None:
        """Serve a notebook; `is_told`: if it cannot be read, that is among the problems already."""
        try:
            model = self._session.model(path)
        except NotebookError as error:
            if not is_told:
                self.problems.append(str(error))
            return
        name = self._free(_stem(path), os.path.dirname(path))
        self._put(NotebookEndpoint(name, model), name, {name: name})

    def _put(self, endpoint: Endpoint, node: str, names: Mapping[str, str]) -> None:
        self.endpoints[endpoint.name] = endpoint
        self.subjects[endpoint.name] = Subject.of(endpoint, node, names)

    def _add_graph(self, graph: Graph, names: Mapping[str, str], path: str) -> None:
        name = self._free(graph.name, path)
        subject = Subject(
            name=name,
            title=graph.name.replace("_", " "),
            description="",
            graph=graph,
            mains=tuple(graph.assembly.dag.sinks),
            endpoints=names,
            is_graph=True,
        )
        self.subjects = {name: subject, **self.subjects}

    def _free(self, name: str, folder: str) -> str:
        """Return a name that nothing has yet: with its folder's before it, where needed."""
        taken = self.subjects
        if name not in taken:
            return name
        longer = f"{os.path.basename(folder.removesuffix('.toml'))}-{name}"
        number = 2
        while longer in taken:
            longer, number = f"{name}-{number}", number + 1
        return longer


def _endpoint(name: str, node: str, member: Member, graph: Graph) -> Endpoint:
    is_alone = not member.feeds and not member.constants and member.options == NodeOptions()
    if is_alone and isinstance(member.body, Notebook):
        return NotebookEndpoint(name, graph.session.model(member.body.path or ""))
    return NodeEndpoint(name, graph, node)


def _notebooks_in(path: str) -> Iterator[str]:
    folder = path if os.path.isdir(path) else os.path.dirname(path)
    for name in sorted(os.listdir(folder)):
        if name.endswith(_SUFFIX) and not name.startswith("."):
            yield os.path.join(folder, name)


def _called(path: str) -> str:
    return os.path.basename(os.path.dirname(path) if path.endswith(".toml") else _stem(path))


def _stem(path: str) -> str:
    return os.path.basename(path).removesuffix(_SUFFIX)
