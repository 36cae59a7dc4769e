"""Notebooks and folders of them become Endpoints and Subjects, under names of their own."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping

from nbnodes.errors import GraphError, NotebookError
from nbnodes.graph.assembly import Member
from nbnodes.graph.folder import GRAPH_FILE
from nbnodes.graph.node import NodeOptions
from nbnodes.live.graph import Graph
from nbnodes.notebook.document import Notebook
from nbnodes.rest.endpoint import Endpoint, NodeEndpoint, NotebookEndpoint
from nbnodes.rest.keeping import is_alike
from nbnodes.rest.subject import Subject
from nbnodes.session import Session

SUFFIX = ".ipynb"


class Reading:
    """What is read of paths, one after the other.

    A folder is the graph that its notebooks are by their names. Where they are none, since one is
    damaged or their names are at odds, those that can be read are there each by itself.

    Args:
        session: Where they run.

    Attributes:
        endpoints: What can be called, by name.
        subjects: What has a page, by name; a graph stands before its nodes.
        problems: What could not be read, and why; for people.
        files: The files that were read, damaged ones too.
    """

    def __init__(self, session: Session) -> None:
        self._session = session
        self.endpoints: dict[str, Endpoint] = {}
        self.subjects: dict[str, Subject] = {}
        self.problems: list[str] = []
        self.files: set[str] = set()

    def add_folder(self, path: str) -> None:
        """Read a folder, or its graph.toml."""
        self.files.add(path if path.endswith(".toml") else os.path.join(path, GRAPH_FILE))
        try:
            graph = Graph.from_folder(path, session=self._session)
        except GraphError as error:
            self.problems += error.problems
            for file in notebooks_in(path):
                self.add_notebook(file, is_told=True)
            return
        members = graph.assembly.members
        read = {m.body.path or "" for m in members.values() if isinstance(m.body, Notebook)}
        self.files |= read | {one for one in notebooks_in(path) if os.path.realpath(one) in read}
        names = {node: self.node_name(node, member, path) for node, member in members.items()}
        for node, member in members.items():
            self._put(_endpoint(names[node], node, member, graph), node, names)
        if any(member.feeds for member in members.values()):
            self._add_graph(graph, names, path)

    def add_notebook(self, path: str, *, is_told: bool = False) -> None:
        """Serve a notebook; `is_told`: if it cannot be read, that is among the problems already."""
        self.files.add(path)
        try:
            model = self._session.model(path)
        except NotebookError as error:
            if not is_told:
                self.problems.append(str(error))
            return
        name = self.notebook_name(path)
        node = stem(path)
        self._put(NotebookEndpoint(name, model), node, {node: name})

    def keep(self, endpoints: Mapping[str, Endpoint], subjects: Mapping[str, Subject]) -> None:
        """Put what was read before in the place of what is as it was, so that all know that it is.

        Args:
            endpoints: What could be called before.
            subjects: What had a page before.
        """
        for name, subject in tuple(self.subjects.items()):
            before = subjects.get(name)
            if before is None or not is_alike(before, subject):
                continue
            self.subjects[name] = before
            endpoint = endpoints.get(name)
            if endpoint is not None and type(endpoint) is type(self.endpoints.get(name)):
                self.endpoints[name] = endpoint

    def node_name(self, node: str, member: Member, folder: str) -> str:  # noqa: ARG002  # for others
        """Name the Endpoint of a node of a folder's graph."""
        return self._free(node, folder)

    def notebook_name(self, path: str) -> str:
        """Name the Endpoint of a notebook by itself."""
        return self._free(stem(path), os.path.dirname(path))

    def graph_name(self, name: str, folder: str) -> str:
        """Name the Subject that a folder's graph is."""
        return self._free(name, folder)

    def _put(self, endpoint: Endpoint, node: str, names: Mapping[str, str]) -> None:
        self.endpoints[endpoint.name] = endpoint
        self.subjects[endpoint.name] = Subject.of(endpoint, node, names)

    def _add_graph(self, graph: Graph, names: Mapping[str, str], path: str) -> None:
        name = self.graph_name(graph.name, path)
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
        taken, name = self.subjects, _writable(name)
        if name not in taken:
            return name
        longer = f"{_writable(os.path.basename(folder.removesuffix('.toml')))}-{name}"
        number = 2
        while longer in taken:
            longer, number = f"{name}-{number}", number + 1
        return longer


def _endpoint(name: str, node: str, member: Member, graph: Graph) -> Endpoint:
    is_alone = not member.feeds and not member.constants and member.options == NodeOptions()
    if is_alone and isinstance(member.body, Notebook):
        return NotebookEndpoint(name, graph.session.model(member.body.path or ""))
    return NodeEndpoint(name, graph, node)


def _writable(name: str) -> str:
    """Escape the bytes of a file's name that are no text: no address could hold them."""
    return name.encode(errors="backslashreplace").decode()


def notebooks_in(path: str) -> Iterator[str]:
    """Yield the notebooks of a folder, or beside its graph.toml."""
    folder = path if os.path.isdir(path) else os.path.dirname(path)
    for name in sorted(os.listdir(folder)):
        if name.endswith(SUFFIX) and not name.startswith("."):
            yield os.path.join(folder, name)


def stem(path: str) -> str:
    """Return a notebook's name without its suffix."""
    return os.path.basename(path).removesuffix(SUFFIX)
