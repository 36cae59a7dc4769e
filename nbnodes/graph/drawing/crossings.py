"""Layers are put in an order in which few lines cross."""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections.abc import Sequence

from nbnodes.graph.drawing.layers import Layered

_SMALL, _MEDIUM = 700, 10_000  # vertices
_SWEEPS = (24, 8, 3)  # in small, medium and large drawings


def untangle(layered: Layered) -> None:
    """Order each layer from left to right; never worse than the order in which it comes."""
    rows = layered.rows
    best, fewest = [row.copy() for row in rows], crossings(rows, layered.below)
    place = [0] * len(layered.above)
    _number(rows, place)
    size = len(place)
    sweeps = _SWEEPS[0 if size <= _SMALL else 1 if size <= _MEDIUM else 2]
    for sweep in range(sweeps):
        if not fewest:
            break
        _sweep(layered, place, down=sweep % 2 == 0, turn_ties=sweep % 4 >= 2)  # noqa: PLR2004
        if size <= _SMALL:
            _swap_neighbours(layered, place)
        found = crossings(rows, layered.below)
        if found < fewest:
            best, fewest = [row.copy() for row in rows], found
    layered.rows[:] = best
    for row in layered.rows:
        _centre(row, layered)


def crossings(rows: Sequence[Sequence[int]], below: Sequence[Sequence[int]]) -> int:
    """Count the pairs of lines that cross between neighbouring layers."""
    place = [0] * len(below)
    _number(rows, place)
    total = 0
    for row in rows:
        ends: list[int] = []
        for vertex in row:
            for end in sorted(place[lower] for lower in below[vertex]):
                total += len(ends) - bisect_right(ends, end)
                insort(ends, end)
    return total


def _centre(row: list[int], layered: Layered) -> None:
    """Put each bend amid the ends beside it that hang on the same node; no crossing changes."""

    def is_twin(index: int, vertex: int) -> bool:
        if not 0 <= index < len(row) or layered.below[row[index]]:
            return False
        return layered.above[row[index]] == layered.above[vertex]

    for bend in [vertex for vertex in row if vertex >= layered.count]:
        left = right = row.index(bend)
        while is_twin(left - 1, bend):
            left -= 1
        while is_twin(right + 1, bend):
            right += 1
        row.remove(bend)
        row.insert((left + right) // 2, bend)


def _number(rows: Sequence[Sequence[int]], place: list[int]) -> None:
    for row in rows:
        for index, vertex in enumerate(row):
            place[vertex] = index


def _sweep(layered: Layered, place: list[int], *, down: bool, turn_ties: bool) -> None:
    """Put each vertex at the mean of its neighbours in the layer just passed.

    Those without a neighbour there keep their places.
    """
    toward = layered.above if down else layered.below
    for row in layered.rows if down else reversed(layered.rows):
        movable = [vertex for vertex in row if toward[vertex]]
        means = {v: sum(place[n] for n in toward[v]) / len(toward[v]) for v in movable}
        sign = -1 if turn_ties else 1
        ranked = iter(sorted(movable, key=lambda v: (means[v], sign * place[v])))
        row[:] = [next(ranked) if vertex in means else vertex for vertex in row]
        _number([row], place)


def _swap_neighbours(layered: Layered, place: list[int]) -> None:
    """Exchange neighbours in a layer as long as that saves crossings."""
    for _ in range(8):
        saved = False
        for row in layered.rows:
            for index in range(len(row) - 1):
                if _gain(layered, place, row[index], row[index + 1]) > 0:
                    row[index], row[index + 1] = row[index + 1], row[index]
                    place[row[index]], place[row[index + 1]] = index, index + 1
                    saved = True
        if not saved:
            return


def _gain(layered: Layered, place: list[int], left: int, right: int) -> int:
    """Return how many crossings exchanging two neighbours would save."""
    gain = 0
    for toward in (layered.above, layered.below):
        lefts = sorted(place[n] for n in toward[left])
        rights = sorted(place[n] for n in toward[right])
        gain += sum(bisect_left(rights, p) for p in lefts)
        gain -= sum(bisect_left(lefts, p) for p in rights)
    return gain
