"""What a live graph tells of: where nodes stand, how far they are, their Results."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from nbnodes.engines.said import Said
from nbnodes.result import Result
from nbnodes.scheduler.protocol import State


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeMoved:
    """A node stands elsewhere.

    Attributes:
        name: The node.
        state: Where it stands.
        reason: Why, for people.
        revision: What it is about.
    """

    name: str
    state: State
    reason: str
    revision: int


@dataclass(frozen=True, slots=True, kw_only=True)
class GraphProgress:
    """How far a graph is.

    Attributes:
        done: Nodes that are up to date, of those asked for.
        total: Nodes asked for, as far as that is known.
        running: For each node that runs, its cells that have ended and all of them; (0, 0) where it
            has none.
        eta_s: Seconds that the rest is expected to take, by earlier runs; None if unknown.
        said: How far nodes that run say they are: a function, or a notebook's present cell. Nothing
            of those that do not say (`nbnodes.progress`).
        left_s: Seconds that nodes that run are expected to need still: by what a function says,
            else by earlier runs. Nothing of those of which that is unknown, or that take longer.
    """

    done: int
    total: int
    running: Mapping[str, tuple[int, int]]
    eta_s: float | None = None
    said: Mapping[str, Said] = field(default_factory=dict)
    left_s: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """All that is looked at is settled: show this, and nothing of another revision.

    Attributes:
        revision: What it is about.
        results: The Results of the nodes looked at; a Failure for those that failed. Nodes that are
            blocked, were stopped, or wait to be run by hand are not in it.
    """

    revision: int
    results: Mapping[str, Result]


Notice: TypeAlias = NodeMoved | GraphProgress | Published
