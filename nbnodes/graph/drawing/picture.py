"""What a drawing shows: nodes with their states, and what feeds what. Checked when it is made."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, TypeAlias

Kind: TypeAlias = Literal["notebook", "function", "cell", "input"]
State: TypeAlias = Literal[
    "", "fresh", "stale", "queued", "running", "failed", "blocked", "cancelled"
]
KINDS: tuple[Kind, ...] = ("notebook", "function", "cell", "input")
STATES: tuple[State, ...] = (
    "fresh", "stale", "queued", "running", "failed", "blocked", "cancelled",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class PictureNode:
    """One node as it is shown.

    Attributes:
        name: Its name, unique in the picture; any text.
        kind: What it is.
        state: One of `STATES`, or "" where there is none to tell.
        reason: Why it is in that state.
        detail: A few words more: "0.3 s", "window=12".
    """

    name: str
    kind: Kind
    state: str = ""
    reason: str = ""
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PictureEdge:
    """One node feeds another.

    Attributes:
        source: The name of the node that gives the value.
        target: The name of the node that takes it.
        label: The parameter that takes it; "" for none to tell.
    """

    source: str
    target: str
    label: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """A directed acyclic graph as it is shown.

    Attributes:
        name: What the whole is called.
        nodes: The nodes, each behind those that feed it.
        edges: What feeds what, in the order in which inputs are listed.

    Raises:
        ValueError: With every name that stands twice or is not there, every unknown state or kind,
            and every edge that does not lead onward.
    """

    name: str
    nodes: tuple[PictureNode, ...]
    edges: tuple[PictureEdge, ...]

    def __post_init__(self) -> None:
        problems = list(self._problems())
        if problems:
            raise ValueError(f"the picture of {self.name} is not one: {'; '.join(problems)}")

    def arrows(self) -> dict[tuple[str, str], str]:
        """Return each pair of nodes that an edge joins, with its labels joined by commas."""
        labels: dict[tuple[str, str], list[str]] = {}
        for edge in self.edges:
            found = labels.setdefault((edge.source, edge.target), [])
            if edge.label:
                found.append(edge.label)
        return {pair: ", ".join(found) for pair, found in labels.items()}

    def _problems(self) -> Iterator[str]:
        place: dict[str, int] = {}
        for index, node in enumerate(self.nodes):
            if place.setdefault(node.name, index) != index:
                yield f"the name {node.name!r} stands twice"
            if node.state not in ("", *STATES):
                yield f"{node.name!r} has the unknown state {node.state!r}"
            if node.kind not in KINDS:
                yield f"{node.name!r} is of the unknown kind {node.kind!r}"
        for edge in self.edges:
            missing = [name for name in (edge.source, edge.target) if name not in place]
            if missing:
                yield from (f"an edge names {name!r}, which is not there" for name in missing)
            elif place[edge.source] >= place[edge.target]:
                yield f"the edge from {edge.source!r} to {edge.target!r} does not lead onward"
