"""Nodes bound to a Session: values in by address, Results out, once or kept up to date."""

from __future__ import annotations

import copy
import logging
import threading
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from difflib import get_close_matches
from typing import Any

from nbnodes.engines.engine import CancelToken
from nbnodes.errors import EngineError, GraphError, ParameterError, UsageError
from nbnodes.graph.assembly import Assembly, assemble
from nbnodes.graph.node import Node, WidgetTrait
from nbnodes.live.inputs import (
    Reading,
    addressed,
    current,
    missing,
    option_problems,
    places,
)
from nbnodes.live.notebook_parts import NotebookParts
from nbnodes.live.notices import GraphProgress, Notice
from nbnodes.live.updates import OwnOrRefused, Updates
from nbnodes.result import Failure, Result
from nbnodes.scheduler.protocol import Standing
from nbnodes.session import Session

_log = logging.getLogger("nbnodes")

OwnValues = Mapping[str, Mapping[str, Any]]
"""For each node, its parameters that no other node feeds."""


class BoundNodes:
    """What a Graph stands on. Safe from several threads.

    Args:
        nodes: The nodes, or the notebook that they are parts of.
        name: What messages call them.
        session: Where they run.
        workers: How many may run at once.

    Raises:
        GraphError: With every mistake in how the nodes are wired.
    """

    def __init__(
        self, nodes: Iterable[Node] | NotebookParts, *, name: str, session: Session, workers: int
    ) -> None:
        self.name = name
        self.session = session
        self.workers = workers
        self._lends = False
        self.parts = nodes if isinstance(nodes, NotebookParts) else None
        found = nodes.nodes() if isinstance(nodes, NotebookParts) else nodes
        self.assembly: Assembly = assemble(found, name=f"the graph {name!r}")
        problems = option_problems(self.assembly)
        if problems:
            raise GraphError(f"the graph {name!r}", problems)
        self._begin()

    def sibling(self, *, lends: bool = False) -> BoundNodes:
        """Return the same nodes, read and wired once; see `Graph.sibling`."""
        made = copy.copy(self)
        made._lends = lends  # noqa: SLF001  # as below
        made.parts = None if self.parts is None else self.parts.sibling()
        made._begin()  # noqa: SLF001  # it is one of us
        return made

    def _begin(self) -> None:
        self.listeners: list[Callable[[Notice], None]] = []
        self.live: Updates | None = None
        self._given: dict[str, dict[str, Any]] = {}
        self._connected: dict[str, dict[str, WidgetTrait]] = {}
        self._stood: dict[str, Standing] = {}  # when the latest run ended
        self._lock = threading.RLock()

    def named(self, node: str | Node) -> str:
        """Return a node's name here.

        Raises:
            UsageError: If it is not among them.
        """
        members = self.assembly.members
        found: str | None = None
        if isinstance(node, Node):
            found = next((name for name, one in members.items() if one.node is node), None)
        elif node in members:
            found = node
        elif self.parts is not None:
            found = self.parts.named(node)
            if found is not None and not self.parts.offers(node):
                self._rebuild(self.parts)
        if found is None:
            near = get_close_matches(str(node), members, n=1, cutoff=0.5)
            hint = f"; did you mean {near[0]}?" if near else ""
            known = ", ".join(members) or "none"
            raise UsageError(f"{self.name} has no node {node!s}{hint} (there are: {known})")
        return found

    def checked(self, node: str | Node, given: Mapping[str, Any]) -> tuple[str, OwnValues]:
        """Return a node's name, and all values that a run of it needs.

        Raises:
            ParameterError: For wrong, unknown and missing parameters.
        """
        name = self.named(node)
        needed = self.assembly.dag.ancestors([name])
        order = [one for one in self.assembly.members if one in needed]
        own = self._own(order, addressed(self.name, self.assembly, given))
        self.check_complete(order, own)
        return name, own

    def check_complete(self, names: Iterable[str], own: OwnValues | None = None) -> None:
        """See that no parameter lacks a value.

        Raises:
            ParameterError: With all that do.
        """
        names = list(names)
        own = self._own(names) if own is None else own
        problems = missing((self.assembly.members[name], own[name]) for name in names)
        if problems:
            raise ParameterError(self.name, problems)

    def compute(
        self,
        name: str,
        own: OwnValues,
        cancel: CancelToken,
        on_progress: Callable[[GraphProgress], None] | None = None,
    ) -> Result:
        """Compute a node; where it shows that parts of a notebook belong together, once more."""
        result = self._once(name, own, cancel, on_progress)
        parts = self.parts
        if parts is None:
            return result
        values = {word: value for given in own.values() for word, value in given.items()}
        place = parts.place(name)
        while isinstance(result, Failure) and parts.mend(result):
            self._rebuild(parts)
            name, own = self.checked(parts.at(place), values)
            result = self._once(name, own, cancel, on_progress)
        return result

    def presented(self, node: str | Node, result: Result) -> Result:
        """Return a node's Result as the caller wants it who named the node."""
        if self.parts is None:
            return result
        return self.parts.presented(node if isinstance(node, str) else self.named(node), result)

    def set(self, given: Mapping[str, Any]) -> None:
        """Change parameters, all at once.

        Raises:
            ParameterError: For wrong and unknown parameters; nothing has changed then.
        """
        changed = addressed(self.name, self.assembly, given)
        with self._lock:
            for node, own in changed.items():
                self._given[node] = {**self._given.get(node, {}), **own}
            if self.live is not None:
                self.live.set(self._own_or_refused(changed), _reasons(changed))

    def reset(self, addresses: Iterable[str]) -> None:
        """Take back what parameters were set to, all at once.

        Raises:
            ParameterError: For unknown parameters; nothing has changed then.
        """
        changed: dict[str, dict[str, None]] = {}
        for node, parameter in places(self.name, self.assembly, addresses):
            changed.setdefault(node, {})[parameter] = None
        self.follow_widgets(changed)

    def updates(self, *, by_hand: bool = False) -> Updates:
        """Return what keeps the nodes up to date; begun when first asked for.

        Args:
            by_hand: Whether no node is to run before it is told to.

        Raises:
            UsageError: If some are kept up to date otherwise already.
        """
        with self._lock:
            if by_hand and self.live is not None and self.live.upkeep != "by hand":
                text = f"{self.name} is kept up to date already: make another Graph of its nodes"
                raise UsageError(text)
            if self.live is None:
                self.session.follow(self)
                self.live = Updates(
                    self.assembly,
                    self.session,
                    workers=self.workers,
                    notify=self._notify,
                    upkeep="by hand" if by_hand else "live",
                    lends=self._lends,
                )
                self.live.set(self._own_or_refused(self.assembly.members))
            return self.live

    def look_again(self, names: Iterable[str]) -> None:
        """Take what widgets, modules and the names that functions refer to say now."""
        with self._lock:
            if self.live is not None:
                self.live.set(self._own(names))

    @property
    def is_live(self) -> bool:
        """Whether nodes are kept up to date."""
        return self.live is not None

    def look_at(self, *nodes: str | Node, by_hand: bool = False) -> None:
        """Keep nodes up to date as `Graph.watch` does, lazy ones too; raise nothing for values.

        A node that has no value for a parameter, or a wrong one, fails until it has a right one.

        Args:
            *nodes: The nodes.
            by_hand: Whether from now on no node runs before `Graph.refresh` tells it to; what is
                kept already is told all the same.

        Raises:
            UsageError: If nodes are watched otherwise already.
        """
        names = [self.named(node) for node in nodes]  # may take a notebook apart anew
        self.updates(by_hand=by_hand).watch(names)

    def rest(self) -> None:
        """Close it if nothing is watched."""
        with self._lock:
            is_idle = self.live is not None and not self.live.watched()
        if is_idle:
            self.close()

    def connect(self, widgets: Mapping[str, Mapping[str, WidgetTrait]]) -> None:
        """Have widgets say what parameters are, from now on; for each node by parameter."""
        with self._lock:
            for node, traits in widgets.items():
                self._connected[node] = {**self._connected.get(node, {}), **traits}
        self.follow_widgets(widgets)

    def disconnect(self, widgets: Mapping[str, Mapping[str, WidgetTrait]]) -> None:
        """Undo `connect`; what a widget said last holds no more."""
        with self._lock:
            for node, traits in widgets.items():
                own = self._connected.get(node, {})
                self._connected[node] = {n: one for n, one in own.items() if n not in traits}
        self.follow_widgets(widgets)

    def widgets(self) -> dict[str, dict[str, WidgetTrait]]:
        """Return for each node the widgets that feed it, by parameter."""
        members = self.assembly.members.values()
        return {one.name: {**one.widgets, **self._connected.get(one.name, {})} for one in members}

    def follow_widgets(self, changed: Mapping[str, Iterable[str]]) -> None:
        """Take what widgets say by the time that it is needed, which is soon.

        Args:
            changed: For each node the parameters that a widget feeds and that have changed; what
                was set before holds no more.
        """
        if self.parts is not None:
            changed = _renamed(changed, self.parts)
        names = tuple(changed)
        with self._lock:
            for node, parameters in changed.items():
                own = self._given.get(node, {})
                self._given[node] = {n: value for n, value in own.items() if n not in parameters}
            if self.live is not None:
                self.live.set(lambda: self._own_or_refused(names), _reasons(changed))

    def forget(self, listener: Callable[[Notice], None]) -> None:
        """Call a listener no more; may be told twice."""
        with suppress(ValueError):
            self.listeners.remove(listener)

    def standings(self) -> dict[str, Standing]:
        """Return where every node stands; unless one is watched, where it stood in the last run."""
        if self.live is not None:
            return self.live.standings()
        unasked = Standing("stale", "never asked for")
        return {name: self._stood.get(name, unasked) for name in self.assembly.members}

    def close(self) -> None:
        """Stop what runs; may be called twice."""
        with self._lock:
            live, self.live = self.live, None
        if live is not None:
            live.close()

    def _once(
        self,
        name: str,
        own: OwnValues,
        cancel: CancelToken,
        on_progress: Callable[[GraphProgress], None] | None,
    ) -> Result:
        part = self.assembly.restricted(own)
        listener = _progress_listener(on_progress) if on_progress else None
        with Updates(part, self.session, workers=self.workers, notify=listener) as updates:
            cancel.on_cancel(updates.close)
            updates.set(own)
            updates.watch([name])
            result = updates.result_of(name)
            self._stood = {**self._stood, **updates.standings()}
            return result

    def _own(
        self,
        names: Iterable[str],
        given: OwnValues | None = None,
        reading: Reading | None = None,
    ) -> dict[str, Any]:
        members, given = self.assembly.members, given or {}
        reading = reading or Reading()
        return {
            name: current(
                members[name],
                {**self._given.get(name, {}), **given.get(name, {})},
                self._connected.get(name, {}),
                reading,
            )
            for name in names
        }

    def _own_or_refused(self, names: Iterable[str]) -> dict[str, OwnOrRefused]:
        found: dict[str, OwnOrRefused] = {}
        reading = Reading()
        for name in names:
            try:
                own = self._own([name], reading=reading)
                self.check_complete([name], own)
                found |= own
            except ParameterError as error:
                found[name] = error
            except UsageError as error:  # a control that says nothing that it can mean
                found[name] = ParameterError(name, [str(error)])
            except Exception as error:  # noqa: BLE001  # a widget's value may fail in being copied
                found[name] = ParameterError(name, [f"{type(error).__name__}: {error}"])
        return found

    def _rebuild(self, parts: NotebookParts) -> None:
        """Assemble a notebook's parts anew; what was set, fed or watched still is."""
        live, watched = self.live, {}
        if live is not None:
            with suppress(EngineError):  # closed meanwhile
                watched = live.watched()
        self.close()
        with self._lock:
            values = {word: value for own in self._given.values() for word, value in own.items()}
            connected, self._connected = self._connected, {}
            for name, traits in connected.items():
                self._connected.setdefault(parts.name_now(name), {}).update(traits)
            self.assembly = assemble(parts.nodes(), name=f"the graph {self.name!r}")
            self._given = {
                name: {word: values[word] for word in member.open_parameters if word in values}
                for name, member in self.assembly.members.items()
            }
        if live is not None and watched:
            again = [parts.name_now(name) for name, times in watched.items() for _ in range(times)]
            self.updates(by_hand=live.upkeep == "by hand").watch(again)

    def _notify(self, notice: Notice) -> None:
        _log.debug("%s: %s", self.name, notice)
        for listener in tuple(self.listeners):
            try:
                listener(notice)
            except BaseException:  # noqa: BLE001  # its failure is its own; the graph goes on
                _log.exception("a listener of %s failed", self.name)


def _reasons(changed: Mapping[str, Iterable[str]]) -> dict[str, str]:
    """Say what changed at each node."""
    return {node: f"{', '.join(parameters)} changed" for node, parameters in changed.items()}


def _renamed(changed: Mapping[str, Iterable[str]], parts: NotebookParts) -> dict[str, set[str]]:
    """Tell of nodes that are parts of others by now by the names of these."""
    found: dict[str, set[str]] = {}
    for name, parameters in changed.items():
        found.setdefault(parts.name_now(name), set()).update(parameters)
    return found


def _progress_listener(
    on_progress: Callable[[GraphProgress], None],
) -> Callable[[Notice], None]:
    def listen(notice: Notice) -> None:
        if isinstance(notice, GraphProgress):
            on_progress(notice)

    return listen
