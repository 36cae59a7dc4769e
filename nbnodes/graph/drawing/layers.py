"""Edges become layers: every edge leads down, long ones pass through bends, one in each layer.

All edges out of one node share their bends, so that a value used far and wide is one line that
branches. Vertices are numbers: first the nodes, in their topological order, then the bends.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

Edge: TypeAlias = tuple[int, int]

_ROUNDS = 4  # of tightening; each is linear, and later ones hardly ever move anything
_FEWEST_IN_A_FULL_LAYER = 8
_MOST_BENDS = 30_000  # more would take longer to place than anybody looks at them


@dataclass(slots=True, kw_only=True)
class Layered:
    """Vertices in layers.

    Attributes:
        count: How many of the vertices are nodes.
        rows: The vertices of each layer, from left to right.
        above: For each vertex, those of the layer before it that lead into it.
        below: For each vertex, those of the next layer that it leads into.
        bends: For each node, the bends that its long edges share, from the top.
        last: For each drawn edge, the vertex from which its last stretch starts.
        broken: Edges that were too long to be drawn through.
    """

    count: int
    rows: list[list[int]]
    above: list[list[int]]
    below: list[list[int]]
    bends: dict[int, list[int]] = field(default_factory=dict)
    last: dict[Edge, int] = field(default_factory=dict)
    broken: list[Edge] = field(default_factory=list)


def layered(count: int, edges: Sequence[Edge]) -> Layered:
    """Put nodes and bends into layers, each layer in the nodes' own order.

    Args:
        count: How many nodes.
        edges: Pairs (source, target), each source less than its target, no pair twice.
    """
    rank = ranks(count, edges)
    rows: list[list[int]] = [[] for _ in range(max(rank, default=-1) + 1)]
    for node in range(count):
        rows[rank[node]].append(node)
    empty: list[list[int]] = [[] for _ in range(count)]
    made = Layered(count=count, rows=rows, above=empty, below=[[] for _ in range(count)])
    reach = _reach(rank, edges, made)
    for node in sorted(reach):
        _lead(node, range(rank[node] + 1, reach[node]), made)
    for source, target in edges:
        if rank[target] <= reach.get(source, -1):
            passed = rank[target] - rank[source] - 1
            start = made.bends[source][passed - 1] if passed else source
            made.last[source, target] = start
            _join(start, target, made)
    origin = {bend: node for node, bends in made.bends.items() for bend in bends}
    for row in rows:
        row.sort(key=lambda vertex: (origin.get(vertex, vertex), vertex))
    return made


def ranks(count: int, edges: Sequence[Edge]) -> list[int]:
    """Return each node's layer: below all that feed it, and as near to its neighbours as can be."""
    before: list[list[int]] = [[] for _ in range(count)]
    after: list[list[int]] = [[] for _ in range(count)]
    for source, target in edges:
        before[target].append(source)
        after[source].append(target)
    rank = [0] * count
    for node in range(count):
        rank[node] = max((rank[n] + 1 for n in before[node]), default=0)
    for _ in range(_ROUNDS):
        earlier = rank.copy()
        _tighten(rank, before, after)
        if rank == earlier:
            break
    _fold(rank, after)
    return rank


def _tighten(rank: list[int], before: list[list[int]], after: list[list[int]]) -> None:
    """Move nodes down to what they feed, then up to what feeds them, where edges get shorter."""
    for node in reversed(range(len(rank))):
        if after[node] and len(after[node]) >= len(before[node]):
            rank[node] = min(rank[n] for n in after[node]) - 1
    for node in range(len(rank)):
        if len(before[node]) > len(after[node]):
            rank[node] = max(rank[n] for n in before[node]) + 1


def _fold(rank: list[int], after: list[list[int]]) -> None:
    """Move nodes that feed nothing on to the next layer, where a layer holds too many.

    An even number stays, so that the line to the others can pass in the middle.
    """
    most = max(_FEWEST_IN_A_FULL_LAYER, math.ceil(1.6 * math.sqrt(len(rank))))
    rows: dict[int, list[int]] = {}
    for node, layer in enumerate(rank):
        rows.setdefault(layer, []).append(node)
    layer = 0
    while layer in rows:
        surplus = len(rows[layer]) - most
        ends = [node for node in rows[layer] if not after[node]]
        if surplus > 0 and ends:
            moved = ends[max(0, len(ends) - surplus) // 2 * 2 :]
            rows.setdefault(layer + 1, []).extend(moved)
            for node in moved:
                rank[node] = layer + 1
        layer += 1


def _reach(rank: list[int], edges: Sequence[Edge], made: Layered) -> dict[int, int]:
    """Return the lowest layer to which each node's edges are drawn; note the others as broken."""
    wanted: dict[int, list[int]] = {}
    for source, target in edges:
        wanted.setdefault(source, []).append(target)
    reach: dict[int, int] = {}
    left = _MOST_BENDS
    for source in sorted(wanted, key=lambda node: max(rank[t] for t in wanted[node]) - rank[node]):
        layers = sorted({rank[target] for target in wanted[source]})
        near = [layer for layer in layers if layer - rank[source] - 1 <= left]
        reach[source] = near[-1] if near else rank[source]
        left -= max(0, reach[source] - rank[source] - 1)
        made.broken += [(source, t) for t in wanted[source] if rank[t] > reach[source]]
    return reach


def _lead(node: int, layers: range, made: Layered) -> None:
    """Lead a line from a node down through these layers."""
    vertex = node
    for layer in layers:
        bend = len(made.above)
        made.above.append([])
        made.below.append([])
        made.rows[layer].append(bend)
        made.bends.setdefault(node, []).append(bend)
        _join(vertex, bend, made)
        vertex = bend


def _join(upper: int, lower: int, made: Layered) -> None:
    made.below[upper].append(lower)
    made.above[lower].append(upper)
