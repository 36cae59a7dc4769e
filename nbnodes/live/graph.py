"""A Graph: nodes bound to a Session; run once like a function, or kept up to date."""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Callable, Iterable, Mapping
from difflib import get_close_matches
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from nbnodes.engines.engine import CancelToken
from nbnodes.errors import ParameterError, UsageError
from nbnodes.graph.assembly import Assembly, assemble
from nbnodes.graph.drawing.mermaid import mermaid
from nbnodes.graph.drawing.picture import Picture
from nbnodes.graph.drawing.svg import svg
from nbnodes.graph.drawing.text import text
from nbnodes.graph.node import Node
from nbnodes.live.inputs import addressed, current, missing
from nbnodes.live.notices import GraphProgress, Notice, Published
from nbnodes.live.pictures import picture
from nbnodes.live.updates import Updates
from nbnodes.result import Result
from nbnodes.scheduler.protocol import Standing
from nbnodes.session import Session, current_session

if TYPE_CHECKING:  # brings queues and heaps, which drawing a graph does not need
    from nbnodes.scheduler.workers import RunFuture

_log = logging.getLogger("nbnodes")


class Graph:
    """Nodes and all that feeds them. Making one reads the notebooks and runs nothing.

    `run` and its like compute one node for given values, as a function does. `set` and `watch`
    keep nodes up to date while values change; what they say never mixes two revisions.

    Args:
        nodes: The nodes; what they depend on is added.
        name: What messages call it.
        session: Where its nodes run; default: the current Session.
        workers: How many nodes may run at once; default: the Session's.

    Raises:
        GraphError: With every mistake in how the nodes are wired.
    """

    def __init__(
        self,
        nodes: Iterable[Node],
        *,
        name: str = "graph",
        session: Session | None = None,
        workers: int | None = None,
    ) -> None:
        if workers is not None and workers < 1:
            raise UsageError(f"workers={workers!r}: expected 1 or more")
        self.name = name
        self.assembly: Assembly = assemble(nodes, name=f"the graph {name!r}")
        self.session = session or current_session()
        self.workers = workers or self.session.settings.workers
        self._given: dict[str, dict[str, Any]] = {}
        self._live: Updates | None = None
        self._listeners: list[Callable[[Notice], None]] = []
        self._lock = threading.RLock()

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

    @property
    def nodes(self) -> Mapping[str, Node]:
        """The nodes by name, in topological order."""
        return {name: member.node for name, member in self.assembly.members.items()}

    def __getitem__(self, name: str) -> Node:
        """Return a node by its name."""
        return self.assembly.members[self._named(name)].node

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
        name, own = self._checked(node, {**(values or {}), **given})
        result = self._computed(name, own, CancelToken(), on_progress)
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
        name, own = self._checked(node, {**(values or {}), **given})
        cancel = CancelToken()
        return self.session.submit_work(lambda: self._computed(name, own, cancel), cancel)

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

    # ------------------------------------------------------------ kept up to date

    def set(self, values: Mapping[str, Any] | None = None, /, **given: Any) -> None:
        """Change parameters, all at once; what is watched follows.

        Args:
            values: Parameters by name or by "node.name"; they hold from now on.
            **given: More parameters by name.

        Raises:
            ParameterError: For wrong and unknown parameters; nothing has changed then.
        """
        everything = {**(values or {}), **given}
        changed = addressed(self.name, self.assembly, everything, self.assembly.members)
        with self._lock:
            for node, own in changed.items():
                self._given[node] = {**self._given.get(node, {}), **own}
            if self._live is not None:
                self._live.set(self._own(changed), _reasons(changed))

    def watch(self, *nodes: str | Node) -> None:
        """Keep nodes up to date from now on; default: those on which nothing depends.

        Nodes with `trigger="lazy"` are left to `get`.

        Raises:
            ParameterError: If a parameter has no value.
        """
        names = [self._named(node) for node in nodes] or list(self.assembly.dag.sinks)
        members = self.assembly.members
        chosen = [name for name in names if members[name].options.trigger != "lazy"]
        self._check_complete(self.assembly.dag.ancestors(chosen))
        self._updates().watch(chosen)

    def unwatch(self, *nodes: str | Node) -> None:
        """Undo one `watch` of each of these nodes."""
        self._updates().unwatch([self._named(node) for node in nodes])

    def get(self, node: str | Node, *, check: bool = True) -> Result:
        """Return a node's Result for the values that hold now; wait for it.

        Raises:
            RunFailedError: If a node failed, unless `check` is False.
            EngineError: If the machine failed, or somebody stopped it.
        """
        name = self._named(node)
        self._check_complete(self.assembly.dag.ancestors([name]))
        updates = self._updates()
        updates.watch([name])
        try:
            result = updates.result_of(name)
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
        updates = self._updates()
        updates.settle(timeout_s)
        return updates.published

    @property
    def published(self) -> Published:
        """What to show: the Results of the latest revision that is settled, and no other."""
        return self._updates().published

    def states(self) -> Mapping[str, Standing]:
        """Return where every node stands, and why."""
        if self._live is None:
            return dict.fromkeys(self.assembly.members, Standing("stale", "never asked for"))
        return self._live.standings()

    def refresh(self, *nodes: str | Node) -> None:
        """Run nodes that are run by hand, have failed or were stopped; default: all."""
        names = [self._named(node) for node in nodes] or list(self.assembly.members)
        self._updates().refresh(names)

    def cancel(self, *nodes: str | Node) -> None:
        """Stop nodes that are not up to date yet; default: all."""
        self._updates().cancel([self._named(node) for node in nodes] or None)

    def subscribe(self, listener: Callable[[Notice], None]) -> Callable[[], None]:
        """Have a function called with every Notice, on a thread of the graph.

        It should be quick, and must not wait for the graph.

        Returns:
            What ends it.
        """
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    def close(self) -> None:
        """Stop what runs and watch nothing any more; may be called twice."""
        with self._lock:
            live, self._live = self._live, None
        if live is not None:
            live.close()

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

    def _repr_mimebundle_(self, **_: object) -> dict[str, str]:
        """Draw it where Jupyter shows it."""
        return {"text/plain": self.to_text(), "image/svg+xml": self.to_svg()}

    # ------------------------------------------------------------ inside

    def _named(self, node: str | Node) -> str:
        """Return a node's name here.

        Raises:
            UsageError: If it is not in this graph.
        """
        members = self.assembly.members
        if isinstance(node, Node):
            found = [name for name, member in members.items() if member.node is node]
        else:
            found = [node] if node in members else []
        if not found:
            near = get_close_matches(str(node), members, n=1, cutoff=0.5)
            hint = f"; did you mean {near[0]}?" if near else ""
            known = ", ".join(members) or "none"
            raise UsageError(f"{self.name} has no node {node!s}{hint} (there are: {known})")
        return found[0]

    def _checked(
        self, node: str | Node, given: Mapping[str, Any]
    ) -> tuple[str, dict[str, dict[str, Any]]]:
        """Return a node's name, and all values that a run of it needs."""
        name = self._named(node)
        needed = self.assembly.dag.ancestors([name])
        order = [one for one in self.assembly.members if one in needed]
        own = self._own(order, addressed(self.name, self.assembly, given, order))
        self._check_complete(order, own)
        return name, own

    def _own(
        self, names: Iterable[str], given: Mapping[str, Mapping[str, Any]] | None = None
    ) -> dict[str, dict[str, Any]]:
        members = self.assembly.members
        return {
            name: current(
                members[name], {**self._given.get(name, {}), **(given or {}).get(name, {})}
            )
            for name in names
        }

    def _check_complete(
        self, names: Iterable[str], own: Mapping[str, Mapping[str, Any]] | None = None
    ) -> None:
        own = self._own(names) if own is None else own
        problems = missing((self.assembly.members[name], own[name]) for name in names)
        if problems:
            raise ParameterError(self.name, problems)

    def _computed(
        self,
        name: str,
        own: Mapping[str, Mapping[str, Any]],
        cancel: CancelToken,
        on_progress: Callable[[GraphProgress], None] | None = None,
    ) -> Result:
        part = self.assembly.restricted(own)
        listener = _progress_listener(on_progress) if on_progress else None
        with Updates(part, self.session, workers=self.workers, notify=listener) as updates:
            cancel.on_cancel(updates.close)
            updates.set(own)
            updates.watch([name])
            return updates.result_of(name)

    def _updates(self) -> Updates:
        with self._lock:
            if self._live is None:
                self._live = Updates(
                    self.assembly,
                    self.session,
                    workers=self.workers,
                    notify=self._notify,
                    is_live=True,
                )
                self._live.set(self._own(self.assembly.members))
            return self._live

    def _notify(self, notice: Notice) -> None:
        for listener in tuple(self._listeners):
            try:
                listener(notice)
            except Exception:  # noqa: BLE001  # its failure is its own; the graph goes on
                _log.exception("a listener of %s failed", self.name)

    def _picture(self) -> Picture:
        return picture(self.name, self.assembly, self.states() if self._live else {})


def _reasons(changed: Mapping[str, Iterable[str]]) -> dict[str, str]:
    """Say what changed at each node."""
    return {node: f"{', '.join(parameters)} changed" for node, parameters in changed.items()}


def _progress_listener(
    on_progress: Callable[[GraphProgress], None],
) -> Callable[[Notice], None]:
    def listen(notice: Notice) -> None:
        if isinstance(notice, GraphProgress):
            on_progress(notice)

    return listen
