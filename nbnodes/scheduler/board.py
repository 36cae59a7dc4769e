"""Where each node of a graph stands: its record, the moves that are allowed, its story. Pure."""

from __future__ import annotations

import hashlib
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from nbnodes.graph.dag import Dag
from nbnodes.scheduler.protocol import Answer, Standing, State, Traits
from nbnodes.scheduler.runs import Rank

TRANSITIONS: Mapping[State, frozenset[State]] = {
    "stale": frozenset({"stale", "queued", "running", "fresh", "failed", "blocked", "cancelled"}),
    "queued": frozenset({"queued", "running", "fresh", "failed", "cancelled", "stale"}),
    "running": frozenset({"fresh", "failed", "queued", "cancelled", "stale"}),
    "fresh": frozenset({"stale"}),
    "failed": frozenset({"stale"}),
    "blocked": frozenset({"blocked", "stale"}),
    "cancelled": frozenset({"stale"}),
}
ENDED: frozenset[State] = frozenset({"fresh", "failed", "blocked", "cancelled"})
_STORY = 200  # transitions that an error tells

Feeds = Mapping[str, tuple[tuple[str, str, str], ...]]
"""For each node (parameter, the node that feeds it, the part of its value; "" for the whole)."""


def deep_key(token: str, feeds: Iterable[tuple[str, str, str]]) -> str:
    """Name a node and all its ancestors.

    Args:
        token: Names its code and own parameters.
        feeds: For each parameter that a node feeds, it, that node's deep key, and the part.
    """
    text = "\0\0".join([token, *(f"{word}\0{deep}\0{part}" for word, deep, part in feeds)])
    return hashlib.sha256(text.encode()).hexdigest()


class InvalidTransitionError(AssertionError):
    """The scheduler broke its own rules; the message tells the node's story."""


@dataclass(slots=True)
class NodeRecord:
    """What is known of a node.

    Attributes:
        place: Its place in the topological order.
        token: Names its code and own parameters; deep: these and its ancestors' as well.
        is_recallable: Whether its deep key says all that its value depends on.
        is_asked: Whether somebody wants its value at this revision.
        is_expanded: Whether its parents were asked as well.
        is_held: Whether it is manual and waits to be told.
        is_released: Whether it is manual and was told.
        waits: How many of its parents have no answer yet.
        key: Its content key, once known; run: the key of the run that it waits for;
            failed: that of the run by which it failed.
        attempts: How often its run has failed.
    """

    place: int
    traits: Traits
    standing: Standing
    token: str = ""
    deep: str = ""
    is_recallable: bool = False
    is_asked: bool = False
    is_expanded: bool = False
    is_held: bool = False
    is_released: bool = False
    waits: int = 0
    run: str = ""
    failed: str = ""
    attempts: int = 0
    answer: Answer | None = None

    @property
    def is_settled(self) -> bool:
        """Whether it will not move by itself at this revision."""
        return self.standing.state in ENDED or self.is_held

    @property
    def rank(self) -> Rank:
        """Before which others it runs."""
        return (-self.traits.priority, self.place)


class Board:
    """The records of all nodes, in topological order.

    Args:
        dag: The graph.
        feeds: What feeds each node.
        traits: What is particular about nodes.

    Attributes:
        nodes: The records by name.
        parents: What each depends on, each once.
        unsettled: The nodes that somebody looks at and that are not settled.
        story: The latest transitions: revision, node, from, to, reason.
        moved: Nodes that moved, for the driver to take and tell of.
        has_news: Whether anything moved since it was last set to False.
    """

    def __init__(self, dag: Dag, feeds: Feeds, traits: Mapping[str, Traits]) -> None:
        self.dag = dag
        self._feeds = feeds
        default, unset = Traits(), Standing("stale", "never asked for")
        self.nodes = {
            name: NodeRecord(place=place, traits=traits.get(name, default), standing=unset)
            for place, name in enumerate(dag.order)
        }
        self.parents = {name: tuple(dict.fromkeys(a)) for name, a in dag.parents.items()}
        for name in recallable(dag, traits):
            self.nodes[name].is_recallable = True
        self._wanted: dict[str, int] = {}
        self.unsettled: set[str] = set()
        self.story: deque[tuple[int, str, State, State, str]] = deque(maxlen=_STORY)
        self.moved: list[str] = []
        self.has_news = False

    @property
    def wanted(self) -> tuple[str, ...]:
        """The nodes that somebody looks at."""
        return tuple(self._wanted)

    @property
    def times_wanted(self) -> dict[str, int]:
        """How many look at each of them."""
        return dict(self._wanted)

    def want(self, name: str) -> None:
        """Note that one more looks at a node."""
        self._wanted[name] = self._wanted.get(name, 0) + 1
        self.has_news = True
        self._note(name)

    def unwant(self, name: str) -> None:
        """Note that one less looks at a node."""
        if name not in self._wanted:  # nobody does
            return
        self._wanted[name] -= 1
        if not self._wanted[name]:
            del self._wanted[name]
        self._note(name)

    def move(self, name: str, state: State, reason: str, *, revision: int) -> None:
        """Move a node to a state.

        Raises:
            InvalidTransitionError: If that is not allowed.
        """
        node = self.nodes[name]
        before = node.standing
        if state not in TRANSITIONS[before.state]:
            told = "\n".join(str(line) for line in self.story if line[1] == name)
            raise InvalidTransitionError(f"{name}: {before} → {state} ({reason})\n{told}")
        node.standing = Standing(state, reason)
        self.moved.append(name)
        self.story.append((revision, name, before.state, state, reason))
        self.has_news = True
        if name in self._wanted:
            self._note(name)

    def deep_key(self, name: str) -> str:
        """Name a node's code and parameters and those of all its ancestors."""
        feeds = ((word, self.nodes[one].deep, part) for word, one, part in self._feeds[name])
        return deep_key(self.nodes[name].token, feeds)

    def in_order(self, names: set[str]) -> list[str]:
        """Sort names topologically."""
        return sorted(names, key=lambda name: self.nodes[name].place)

    def needed(self) -> set[str]:
        """Return the nodes without an answer that are looked at, or that such nodes wait for."""
        needed: set[str] = set()
        waiting = [name for name in self._wanted if self.nodes[name].answer is None]
        while waiting:
            name = waiting.pop()
            if name in needed:
                continue
            needed.add(name)
            if self.nodes[name].is_expanded:
                waiting += [one for one in self.parents[name] if self.nodes[one].answer is None]
        return needed

    def blocking(self, name: str) -> str:
        """Say why a node gives no value at this revision."""
        node = self.nodes[name]
        if node.is_held:
            return f"{name} is run by hand, and is not up to date"
        words = {"failed": "failed", "cancelled": "was stopped", "blocked": "is blocked"}
        return f"{name} {words[node.standing.state]}"

    def problems(self) -> Iterator[str]:
        """Say of each record which rule it breaks."""
        for name, node in self.nodes.items():
            state = node.standing.state
            if (state == "fresh") != (node.answer is not None):
                yield f"{name} is {state}, but has {node.answer}"
            if not node.standing.reason:
                yield f"{name} is {state} for no reason"
            if (name in self._wanted and not node.is_settled) != (name in self.unsettled):
                yield f"{name} is {state}, and it is not known whether it is settled"

    def _note(self, name: str) -> None:
        if name in self._wanted and not self.nodes[name].is_settled:
            self.unsettled.add(name)
        else:
            self.unsettled.discard(name)


def recallable(dag: Dag, traits: Mapping[str, Traits]) -> set[str]:
    """Return the nodes whose deep key says all that their value depends on, and that have parents.

    A node without any is known by its content key at once.
    """
    default = Traits()
    sure: set[str] = set()
    for name, above in dag.parents.items():
        known = all(one in sure and not traits.get(one, default).is_tolerant for one in above)
        if known and not traits.get(name, default).is_volatile:
            sure.add(name)
    return {name for name in sure if dag.parents[name]}
