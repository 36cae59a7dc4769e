"""Ordered layers become positions from left to right: near their neighbours, never overlapping."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from nbnodes.graph.drawing.layers import Layered

_SMALL, _MEDIUM = 700, 10_000  # vertices
_ROUNDS = (20, 5, 2)
_STIFF, _FIRM, _LOOSE = 12.0, 3.0, 1.0  # between bends, between a node and a bend, between nodes
_IDLE, _RIGID = 0.05, 30.0  # the weight of staying where one is, at first, and at last for bends
_NUDGE = 24.0  # how far a node goes to make a line straight


@dataclass(slots=True, kw_only=True)
class _Pull:
    """A neighbour, and where it wants the vertex: so far beside itself."""

    neighbour: int
    shift: float
    weight: float


def places(
    layered: Layered, halves: Sequence[float], ports: dict[tuple[int, int], float]
) -> list[float]:
    """Return where the middle of each vertex lies.

    Args:
        layered: The layers, in their order.
        halves: For each vertex, the room it needs to either side.
        ports: For each last stretch (its start, its target): where it enters, from the target's
            middle; the middle where there is nothing said.
    """
    x = _packed(layered, halves)
    ups, downs = _pulls(layered, ports)
    _relax(layered, x, halves, (ups, downs))
    straightening = _Straightening(
        layered,
        x,
        halves,
        row_of={vertex: row for row in layered.rows for vertex in row},
        index_of={vertex: index for row in layered.rows for index, vertex in enumerate(row)},
    )
    straightening.lines(downs)
    straightening.nodes(ups)
    straightening.nodes(downs)
    return x


def _packed(layered: Layered, halves: Sequence[float]) -> list[float]:
    """Put each layer close together, its middle at 0."""
    x = [0.0] * len(halves)
    for row in layered.rows:
        offsets = _offsets(row, halves)
        for vertex, offset in zip(row, offsets, strict=True):
            x[vertex] = offset - offsets[-1] / 2
    return x


def _relax(
    layered: Layered,
    x: list[float],
    halves: Sequence[float],
    pulls: tuple[list[list[_Pull]], list[list[_Pull]]],
) -> None:
    """Let neighbours pull: down and up by turns, then on both sides; in the end lines stiffen."""
    rounds = _ROUNDS[0 if len(x) <= _SMALL else 1 if len(x) <= _MEDIUM else 2]
    ups, downs = pulls
    both = [up + down for up, down in zip(ups, downs, strict=True)]
    for _ in range(rounds):
        for row in layered.rows:
            _settle(row, x, halves, ups)
        for row in reversed(layered.rows):
            _settle(row, x, halves, downs)
    for row in layered.rows * rounds:
        _settle(row, x, halves, both)
    for _ in range(rounds):
        _gather(layered, x)
        for row in layered.rows:
            _settle(row, x, halves, both, stiff_from=layered.count)


def _gather(layered: Layered, x: list[float]) -> None:
    """Put all bends of a line below each other, for now."""
    for bends in layered.bends.values():
        middle = sum(x[bend] for bend in bends) / len(bends)
        for bend in bends:
            x[bend] = middle


def _offsets(row: Sequence[int], halves: Sequence[float]) -> list[float]:
    """Return how far the vertices of a layer are from the first, when packed."""
    found, at = [], 0.0
    for index, vertex in enumerate(row):
        at += halves[row[index - 1]] + halves[vertex] if index else 0.0
        found.append(at)
    return found


def _pulls(
    layered: Layered, ports: dict[tuple[int, int], float]
) -> tuple[list[list[_Pull]], list[list[_Pull]]]:
    ups: list[list[_Pull]] = [[] for _ in layered.above]
    downs: list[list[_Pull]] = [[] for _ in layered.above]
    weights = (_STIFF, _FIRM, _LOOSE)
    for upper, lowers in enumerate(layered.below):
        for lower in lowers:
            weight = weights[(upper < layered.count) + (lower < layered.count)]
            port = ports.get((upper, lower), 0.0)
            ups[lower].append(_Pull(neighbour=upper, shift=-port, weight=weight))
            downs[upper].append(_Pull(neighbour=lower, shift=port, weight=weight))
    return ups, downs


def _settle(
    row: Sequence[int],
    x: list[float],
    halves: Sequence[float],
    pulls: list[list[_Pull]],
    stiff_from: int | None = None,
) -> None:
    """Put a layer where its neighbours pull it, least squares, keeping order and distance.

    Measured from where packing would put it, each vertex may lie no further left than the one
    before it: an isotonic regression, solved by pooling neighbours that are in each other's way.
    """
    offsets = _offsets(row, halves)
    pools: list[tuple[float, float, int]] = []  # mean, weight, how many
    for vertex, offset in zip(row, offsets, strict=True):
        is_stiff = stiff_from is not None and vertex >= stiff_from
        mean, weight = _wish(vertex, x, pulls, _RIGID if is_stiff else _IDLE)
        mean, size = mean - offset, 1
        while pools and pools[-1][0] > mean:
            other, heavier, more = pools.pop()
            mean = (mean * weight + other * heavier) / (weight + heavier)
            weight, size = weight + heavier, size + more
        pools.append((mean, weight, size))
    means = [mean for mean, _, size in pools for _ in range(size)]
    for vertex, offset, mean in zip(row, offsets, means, strict=True):
        x[vertex] = mean + offset


def _wish(
    vertex: int, x: list[float], pulls: list[list[_Pull]], weight: float
) -> tuple[float, float]:
    """Return where a vertex would be, and how much it matters."""
    total = weight * x[vertex]
    for pull in pulls[vertex]:
        weight += pull.weight
        total += pull.weight * (x[pull.neighbour] + pull.shift)
    return total / weight, weight


@dataclass(frozen=True, slots=True)
class _Straightening:
    """What is moved by the way, once everything has its place, each within the room it has."""

    layered: Layered
    x: list[float]
    halves: Sequence[float]
    row_of: dict[int, list[int]]
    index_of: dict[int, int]

    def lines(self, downs: list[list[_Pull]]) -> None:
        """Make long lines straight, below where they start or above where they end if possible."""
        for node, bends in self.layered.bends.items():
            ends = [self.x[p.neighbour] + p.shift for p in downs[bends[-1]]]
            for start, end, low, high in _runs([self._room(bend) for bend in bends]):
                run = bends[start:end]
                middle = sum(self.x[bend] for bend in run) / len(run)
                is_last = end == len(bends) and len(ends) == 1
                wishes = [self.x[node]] * (start == 0) + ends * is_last
                fitting = [wish for wish in wishes if low <= wish <= high]
                for bend in run:
                    self.x[bend] = fitting[0] if fitting else min(max(middle, low), high)

    def nodes(self, pulls: list[list[_Pull]]) -> None:
        """Put nodes exactly below, or above, their only neighbour if they nearly are."""
        for vertex in (v for row in self.layered.rows for v in row if v < self.layered.count):
            if len(pulls[vertex]) == 1:
                wish = self.x[pulls[vertex][0].neighbour] + pulls[vertex][0].shift
                low, high = self._room(vertex)
                if abs(wish - self.x[vertex]) <= _NUDGE and low <= wish <= high:
                    self.x[vertex] = wish

    def _room(self, vertex: int) -> tuple[float, float]:
        row, index = self.row_of[vertex], self.index_of[vertex]
        low, high = float("-inf"), float("inf")
        if index:
            left = row[index - 1]
            low = self.x[left] + self.halves[left] + self.halves[vertex]
        if index + 1 < len(row):
            right = row[index + 1]
            high = self.x[right] - self.halves[right] - self.halves[vertex]
        return low, high


def _runs(rooms: list[tuple[float, float]]) -> list[tuple[int, int, float, float]]:
    """Cut a line into as few straight runs as there is room for: (start, end, low, high)."""
    runs: list[tuple[int, int, float, float]] = []
    for index, (low, high) in enumerate(rooms):
        if runs:
            start, _, lowest, highest = runs[-1]
            if max(lowest, low) <= min(highest, high):
                runs[-1] = (start, index + 1, max(lowest, low), min(highest, high))
                continue
        runs.append((index, index + 1, low, high))
    return runs
