"""A Graph: nodes bound to a Session; run once like a function, or kept up to date."""

from __future__ import annotations

import copy
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from nbnodes.engines.engine import CancelToken
from nbnodes.errors import UsageError
from nbnodes.graph.assembly import Assembly
from nbnodes.graph.drawing.mermaid import mermaid
from nbnodes.graph.drawing.picture import Picture
from nbnodes.graph.drawing.svg import svg
from nbnodes.graph.drawing.text import text
from nbnodes.graph.node import Node
from nbnodes.live.bound import BoundNodes
from nbnodes.live.notebook_parts import NotebookParts
from nbnodes.live.notices import GraphProgress, Notice, Published
from nbnodes.live.pictures import picture
from nbnodes.live.recalled import recalled
from nbnodes.notebook.reader import Source
from nbnodes.result import Result, Success
from nbnodes.scheduler.protocol import Standing
from nbnodes.session import Session, current_session

if TYPE_CHECKING:  # brings queues and heaps, which drawing a graph does not need
    from nbnodes.scheduler.workers import RunFuture


class Graph:
    """Nodes and all that feeds them. Making one reads the notebooks and runs nothing.

    `run` and its like compute one node for given values, as a function does. `set` and `watch`
    keep nodes up to date while values change; what they say never mixes two revisions.

    Args:
        nodes: The nodes; what they depend on is added. Or a notebook's parts.
        name: What messages call it.
        session: Where its nodes run; default: the current Session.
        workers: How many nodes may run at once; default: the Session's.

    Attributes:
        bound: What it stands on; surfaces, such as views, have widgets feed it there.
        attached: What surfaces keep with the graph, by their own keys, for as long as it lives.

    Raises:
        GraphError: With every mistake in how the nodes are wired.
    """

    def __init__(
        self,
        nodes: Iterable[Node] | Node | NotebookParts,
        *,
        name: str = "graph",
        session: Session | None = None,
        workers: int | None = None,
    ) -> None:
        asked: object = workers
        if asked is not None and not (isinstance(asked, int) and asked >= 1):
            raise UsageError(f"workers={workers!r}: expected 1 or more")
        nodes = [nodes] if isinstance(nodes, Node) else nodes
        given: object = nodes
        if not isinstance(given, Iterable | NotebookParts):
            raise UsageError(f"a Graph is made of Nodes, not of a {type(given).__name__}")
        session = session or current_session()
        workers = workers or session.settings.workers
        self.bound = BoundNodes(nodes, name=name, session=session, workers=workers)
        self.attached: dict[object, Any] = {}
        for node in self.nodes.values():
            node.graph = self

    @classmethod
    def from_folder(cls, folder: str | os.PathLike[str], **arguments: Any) -> Self:
        """Wire the notebooks of a folder by names; see `nbnodes.graph.wiring`.

        Args:
            folder: The folder, or its graph.toml.
            **arguments: As of Graph; they go before what the graph.toml says.
        """
        from nbnodes.cache.intervals import Interval
        from nbnodes.graph.wiring import wired_folder

        wired = wired_folder(folder, interval=Interval)
        return cls(wired.nodes, **{"name": wired.name, "workers": wired.workers, **arguments})

    @classmethod
    def from_notebook(cls, source: Source, **arguments: Any) -> Self:
        """Split one ordinary notebook into cell nodes; see `nbnodes.live.notebook_parts`.

        A part is named by what it gives: `run("trend")` gives the value of that variable.

        Args:
            source: A path, a URL, or an nbformat `NotebookNode`.
            **arguments: As of Graph.

        Raises:
            NotebookError: If it cannot be read.
        """
        parts = NotebookParts(source)
        return cls(parts, **{"name": parts.notebook.name, **arguments})

    @property
    def name(self) -> str:
        """What messages call it."""
        return self.bound.name

    @property
    def session(self) -> Session:
        """Where its nodes run."""
        return self.bound.session

    @property
    def workers(self) -> int:
        """How many nodes may run at once."""
        return self.bound.workers

    @property
    def assembly(self) -> Assembly:
        """The nodes as they were read, and what depends on what."""
        return self.bound.assembly

    @property
    def doubts(self) -> tuple[str, ...]:
        """What the text of a notebook does not tell of its parts, and what runs have found out."""
        return () if self.bound.parts is None else self.bound.parts.doubts

    @property
    def nodes(self) -> Mapping[str, Node]:
        """The nodes by name, in topological order."""
        return {name: member.node for name, member in self.assembly.members.items()}

    def __getitem__(self, name: str) -> Node:
        """Return a node by its name."""
        return self.assembly.members[self.bound.named(name)].node

    def __iter__(self) -> Iterator[str]:
        """Go through the names of its nodes, in topological order."""
        return iter(self.assembly.members)

    def __contains__(self, name: object) -> bool:
        return name in self.assembly.members

    def __len__(self) -> int:
        return len(self.assembly.members)

    # ------------------------------------------------------------ once

    def run(
        self,
        node: str | Node,
        values: Mapping[str, Any] | None = None,
        /,
        *,
        check: bool = True,
        on_progress: Callable[[GraphProgress], None] | None = None,
        **given: Any,
    ) -> Result:
        """Compute one node.

        Args:
            node: The node, or its name.
            values: Parameters by name or by "node.name"; they hold for this run only.
            check: Whether a failure is raised rather than returned.
            on_progress: Hears how far it is.
            **given: More parameters by name.

        Returns:
            The node's Result; where a node that it depends on failed, that one's Failure.

        Raises:
            ParameterError: For wrong, unknown and missing parameters; nothing has run then.
            RunFailedError: If a node failed, unless `check` is False.
            EngineError: If the machine failed.
        """
        name, own = self.bound.checked(node, {**(values or {}), **given})
        result = self.bound.presented(
            node, self.bound.compute(name, own, CancelToken(), on_progress)
        )
        if check:
            result.unwrap()
        return result

    def submit(
        self, node: str | Node, values: Mapping[str, Any] | None = None, /, **given: Any
    ) -> RunFuture:
        """Compute one node on one of the Session's workers; arguments as `run`.

        The future gives the Result, a Failure too; its `cancel` interrupts what runs.

        Raises:
            ParameterError: At once, as `run`.
        """
        name, own = self.bound.checked(node, {**(values or {}), **given})
        cancel = CancelToken()
        return self.session.submit_work(
            lambda: self.bound.presented(node, self.bound.compute(name, own, cancel)), cancel
        )

    async def arun(
        self,
        node: str | Node,
        values: Mapping[str, Any] | None = None,
        /,
        *,
        check: bool = True,
        **given: Any,
    ) -> Result:
        """Compute one node while the event loop goes on; arguments as `run`.

        Cancelling the task interrupts what runs.
        """
        import asyncio

        result = await asyncio.wrap_future(self.submit(node, values, **given))
        if check:
            result.unwrap()
        return result

    def recall(
        self, node: str | Node, values: Mapping[str, Any] | None = None, /, **given: Any
    ) -> Success | None:
        """Return what is remembered of one node; arguments as `run`. Nothing runs, nothing waits.

        Returns:
            Its Result; None if it is not known without a run.

        Raises:
            ParameterError: As `run`.
        """
        name, own = self.bound.checked(node, {**(values or {}), **given})
        found = recalled(self.assembly, self.session, name, own)
        shown = None if found is None else self.bound.presented(node, found)
        return shown if isinstance(shown, Success) else None

    def sibling(self, *, lends: bool = False) -> Self:
        """Return another Graph of the same nodes, read once; it has values and a life of its own.

        What was set here is not set there. Its cost is next to nothing.

        Args:
            lends: Whether what it publishes are no copies: quicker, for those who change nothing.
        """
        made = copy.copy(self)
        made.bound, made.attached = self.bound.sibling(lends=lends), {}
        return made

    # ------------------------------------------------------------ kept up to date

    def set(self, values: Mapping[str, Any] | None = None, /, **given: Any) -> None:
        """Change parameters, all at once; what is watched follows.

        Args:
            values: Parameters by name or by "node.name"; they hold from now on.
            **given: More parameters by name.

        Raises:
            ParameterError: For wrong and unknown parameters; nothing has changed then.
        """
        self.bound.set({**(values or {}), **given})

    def reset(self, *addresses: str) -> None:
        """Have parameters be again what they are if nothing sets them; default: all.

        Args:
            *addresses: Parameters by name or by "node.name".

        Raises:
            ParameterError: For unknown parameters; nothing has changed then.
        """
        members = self.assembly.members.values()
        every = [f"{one.name}.{word}" for one in members for word in one.open_parameters]
        self.bound.reset(addresses or every)

    def watch(self, *nodes: str | Node) -> None:
        """Keep nodes up to date from now on; default: those on which nothing depends.

        Nodes with `trigger="lazy"` are left to `get`.

        Raises:
            ParameterError: If a parameter has no value.
        """
        names = [self.bound.named(node) for node in nodes] or list(self.assembly.dag.sinks)
        members = self.assembly.members
        chosen = [name for name in names if members[name].options.trigger != "lazy"]
        self.bound.check_complete(self.assembly.dag.ancestors(chosen))
        self.bound.updates().watch(chosen)

    def unwatch(self, *nodes: str | Node) -> None:
        """Undo one `watch` of each of these nodes."""
        names = [self.bound.named(node) for node in nodes]
        self.bound.updates().unwatch(names)

    def get(self, node: str | Node, *, check: bool = True) -> Result:
        """Return a node's Result for the values that hold now; wait for it.

        Raises:
            RunFailedError: If a node failed, unless `check` is False.
            EngineError: If the machine failed, or somebody stopped it.
        """
        name = self.bound.named(node)
        self.bound.check_complete(self.assembly.dag.ancestors([name]))
        updates = self.bound.updates()
        self.bound.look_again(self.assembly.dag.ancestors([name]))
        updates.watch([name])
        try:
            result = self.bound.presented(node, updates.result_of(name))
        finally:
            updates.unwatch([name])
        if check:
            result.unwrap()
        return result

    def settle(self, timeout_s: float | None = None) -> Published:
        """Wait until all that is watched is up to date, or cannot be; return what to show.

        Raises:
            TimeoutError: If it is not by then.
        """
        updates = self.bound.updates()
        updates.settle(timeout_s)
        return updates.published

    @property
    def published(self) -> Published:
        """The Results of the latest revision that is settled, and of no other."""
        return self.bound.updates().published

    def states(self) -> Mapping[str, Standing]:
        """Return where every node stands, and why; unless one is watched, as of the latest run."""
        return self.bound.standings()

    def refresh(self, *nodes: str | Node) -> None:
        """Run nodes that are run by hand, have failed or were stopped; default: all."""
        names = [self.bound.named(node) for node in nodes] or list(self.assembly.members)
        self.bound.updates().refresh(names)

    def cancel(self, *nodes: str | Node) -> None:
        """Stop nodes that are not up to date yet; default: all."""
        self.bound.updates().cancel([self.bound.named(node) for node in nodes] or None)

    def subscribe(self, listener: Callable[[Notice], None]) -> Callable[[], None]:
        """Have a function called with every Notice, on a thread of the graph.

        It should be quick, and must not wait for the graph.

        Returns:
            What ends it.
        """
        self.bound.listeners.append(listener)
        return partial(self.bound.forget, listener)

    def close(self) -> None:
        """Stop what runs and watch nothing any more; may be called twice."""
        self.bound.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None
    ) -> None:
        self.close()

    # ------------------------------------------------------------ shown

    def to_mermaid(self) -> str:
        """Draw it in Mermaid's language (https://mermaid.js.org/syntax/flowchart.html)."""
        return mermaid(self._picture())

    def to_svg(self) -> str:
        """Draw it as SVG."""
        return svg(self._picture())

    def to_text(self, width: int = 80) -> str:
        """Draw it for a terminal."""
        return text(self._picture(), width)

    def __repr__(self) -> str:
        return f"Graph({self.name!r}: {len(self)} nodes)"

    def __str__(self) -> str:
        return self.to_text()

    def _repr_mimebundle_(self, **_: object) -> dict[str, str]:
        """Draw it where Jupyter shows it."""
        return {"text/plain": self.to_text(), "image/svg+xml": self.to_svg()}

    def _picture(self) -> Picture:
        return picture(self.name, self.assembly, self.states())
