"""A notebook, or a node of a graph, becomes an Endpoint: named, described, checked, run."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Protocol

from nbnodes.engines.engine import CancelToken, Progress
from nbnodes.graph.assembly import Member
from nbnodes.graph.node import Node
from nbnodes.live.graph import Graph
from nbnodes.live.notices import GraphProgress
from nbnodes.notebook.document import Notebook
from nbnodes.notebook.parameters import Parameter
from nbnodes.rest.edition import Edition
from nbnodes.rest.schemas import BodyRules
from nbnodes.result import Success
from nbnodes.scheduler.options import RunOptions, Values
from nbnodes.scheduler.workers import RunFuture
from nbnodes.session import Model, Session

_HEADING = re.compile(r"^#{1,6}\s+(.+?)\s*#*\s*$", re.MULTILINE)
_MARKED = re.compile(r"(\*{1,3}|_{1,3}|`+)(\S.*?)\1")  # words that Markdown sets apart


@dataclass(frozen=True, slots=True, kw_only=True)
class Follower:
    """Who hears how far a run is, on a thread of the run.

    Attributes:
        on_progress: Hears of a notebook's cells.
        on_nodes: Hears of a graph's nodes.
    """

    on_progress: Callable[[Progress], None] = lambda _: None
    on_nodes: Callable[[GraphProgress], None] = lambda _: None


class Endpoint(Protocol):
    """What has a name and parameters, and can be run over HTTP. Safe from several threads.

    Attributes:
        name: Its name in addresses.
        session: Where it runs.
    """

    name: str
    session: Session

    @property
    def notebook(self) -> Notebook | None:
        """The notebook whose value it gives; None for a function's."""

    @property
    def parameters(self) -> Mapping[str, Parameter]:
        """What a caller may give, by address."""

    @property
    def feeds(self) -> Mapping[str, str]:
        """Its parameters that other nodes feed, and which ones."""

    @property
    def edition(self) -> Edition | None:
        """Equal as long as equal values must give equal Results; None where they need not."""

    def check(self, values: Values) -> dict[str, Any]:
        """Check and coerce values.

        Raises:
            ParameterError: With every mistake.
        """

    def recall(self, values: Values) -> Success | None:
        """Return the stored Result; None, and nothing runs, if there is none."""

    def lacks(self, values: Values) -> bool:
        """Whether there is no stored Result; False, too, where that cannot be told at once.

        Args:
            values: Checked ones, of few bytes.
        """

    def submit(self, values: Values, cancel: CancelToken, follower: Follower) -> RunFuture:
        """Run it; the future gives a Failure too.

        Raises:
            ParameterError: At once.
        """

    @property
    def rules(self) -> BodyRules:
        """What JSON may give to it."""

    @property
    def graph(self) -> Graph:
        """The graph of which it is the last node; pages make siblings of it."""


def described(notebook: Notebook | None, name: str) -> tuple[str, str]:
    """Return a notebook's title and description: its first heading, and what stands below it."""
    cells = notebook.cells if notebook else ()
    text = next((cell.source for cell in cells if cell.kind == "markdown"), "")
    found = _HEADING.search(text)
    if found is None:
        return name, text.strip()
    return _MARKED.sub(r"\2", found.group(1)), (text[: found.start()] + text[found.end() :]).strip()


class NotebookEndpoint:
    """A notebook that nothing feeds.

    Args:
        name: Its name in addresses.
        model: The notebook, bound to a Session.
    """

    def __init__(self, name: str, model: Model) -> None:
        self.name = name
        self.session = model.session
        self._model = model
        self._edition = Edition(self.session, [model.notebook])

    @property
    def notebook(self) -> Notebook:
        """The notebook."""
        return self._model.notebook

    @property
    def parameters(self) -> Mapping[str, Parameter]:
        """What it declares."""
        return self._model.parameters

    @property
    def feeds(self) -> Mapping[str, str]:
        """None."""
        return {}

    @property
    def edition(self) -> Edition:
        """See `Endpoint.edition`."""
        return self._edition

    def check(self, values: Values) -> dict[str, Any]:
        """Check and coerce values."""
        return self._model.validate(values)

    def recall(self, values: Values) -> Success | None:
        """Return the stored Result, if there is one."""
        return self.session.recall(self._model, values)

    def lacks(self, values: Values) -> bool:
        """Whether there is no stored Result."""
        request = self.session.request(self._model.notebook, values, RunOptions()).placed()
        return self.session.runner.lacks(request, self.session.settings.engine)

    def submit(self, values: Values, cancel: CancelToken, follower: Follower) -> RunFuture:
        """Run it."""
        options = RunOptions(cancel=cancel, on_progress=follower.on_progress)
        return self.session.submit(self._model, values, options)

    @cached_property
    def rules(self) -> BodyRules:
        """What JSON may give to it."""
        return BodyRules(self.parameters, name=self.name)

    @cached_property
    def graph(self) -> Graph:
        """A graph of it alone."""
        node = Node(self._model, name=self.notebook.name.removesuffix(".ipynb"))
        return Graph([node], name=self.name, session=self.session)


class NodeEndpoint:
    """A node of a graph, with all that feeds it.

    Args:
        name: Its name in addresses.
        graph: The graph.
        node: Its name there.
    """

    def __init__(self, name: str, graph: Graph, node: str) -> None:
        self.name = name
        self.session = graph.session
        self._graph, self._node = graph, node
        assembly = graph.assembly
        above = assembly.dag.ancestors([node])
        self._members = [one for n, one in assembly.members.items() if n in above]
        bodies = [one.body for one in self._members]
        notebooks = [body for body in bodies if isinstance(body, Notebook)]
        is_known = len(notebooks) == len(bodies)  # what a function refers to may change unseen
        self._edition = Edition(self.session, notebooks) if is_known else None

    @property
    def notebook(self) -> Notebook | None:
        """The notebook whose value it gives."""
        body = self._graph.assembly.members[self._node].body
        return body if isinstance(body, Notebook) else None

    @cached_property
    def parameters(self) -> Mapping[str, Parameter]:
        """What no node feeds, its own first: by name, or by node and name where names differ."""
        return addresses(reversed(self._members))

    @property
    def feeds(self) -> Mapping[str, str]:
        """What other nodes feed."""
        found = self._graph.assembly.members[self._node].feeds.items()
        return {name: ".".join(filter(None, (one.source, one.part))) for name, one in found}

    @property
    def edition(self) -> Edition | None:
        """See `Endpoint.edition`."""
        return self._edition

    def check(self, values: Values) -> dict[str, Any]:
        """Check and coerce values; those of a node are named `node.parameter`."""
        _, own = self._graph.bound.checked(self._node, values)
        return {f"{n}.{word}": one for n, given in own.items() for word, one in given.items()}

    def recall(self, values: Values) -> Success | None:
        """Return the stored Result, if there is one."""
        return self._graph.recall(self._node, values)

    def lacks(self, values: Values) -> bool:  # noqa: ARG002  # its keys come from what is above it
        """Not told at once."""
        return False

    def submit(self, values: Values, cancel: CancelToken, follower: Follower) -> RunFuture:
        """Run what is not up to date of it, and of what feeds it."""
        bound = self._graph.bound
        name, own = bound.checked(self._node, values)
        return self.session.submit_work(
            lambda: bound.presented(name, bound.compute(name, own, cancel, follower.on_nodes)),
            cancel,
        )

    @cached_property
    def rules(self) -> BodyRules:
        """What JSON may give to it."""
        return BodyRules(self.parameters, name=self.name)

    @cached_property
    def graph(self) -> Graph:
        """A graph of it and what feeds it."""
        node = self._graph[self._node]
        return Graph([node], name=self.name, session=self.session)


def addresses(members: Iterable[Member]) -> dict[str, Parameter]:
    """Name the open parameters of nodes: by name where that means one thing, else by node too."""
    found: dict[str, Parameter] = {}
    owners: dict[str, list[tuple[str, Parameter]]] = {}
    for member in members:
        for name in member.open_parameters:
            parameter = member.signature.parameters[name]
            if name in member.constants:
                parameter = replace(parameter, default=member.constants[name], required=False)
            owners.setdefault(name, []).append((member.name, parameter))
    for name, owned in owners.items():
        first = owned[0][1]
        if all(_is_alike(first, other) for _, other in owned):
            found[name] = first
        else:
            found |= {f"{n}.{name}": replace(one, name=f"{n}.{name}") for n, one in owned}
    return found


def _is_alike(one: Parameter, other: Parameter) -> bool:
    return (one.annotation, repr(one.default), one.required) == (
        other.annotation,
        repr(other.default),
        other.required,
    )
