"""A Picture becomes a Plane: its connected parts, each laid out for itself, side by side."""

from __future__ import annotations

import math
from collections.abc import Sequence

from nbnodes.graph.drawing.layers import Edge
from nbnodes.graph.drawing.part import lay_out_part
from nbnodes.graph.drawing.picture import Picture
from nbnodes.graph.drawing.plane import Box, Line, Plane

_BETWEEN = 40.0  # parts
_NARROWEST = 560.0  # before parts go below each other
_ASPECT = 1.6


def lay_out(picture: Picture) -> Plane:
    """Place a picture's boxes and lines."""
    number = {node.name: index for index, node in enumerate(picture.nodes)}
    arrows = {(number[s], number[t]): label for (s, t), label in picture.arrows().items()}
    has_words = any(node.state or node.reason or node.detail for node in picture.nodes)
    height = 50.0 if has_words else 34.0
    members = _parts(len(picture.nodes), list(arrows))
    part_of = {node: part for part, nodes in enumerate(members) for node in nodes}
    index = {node: place for nodes in members for place, node in enumerate(nodes)}
    inside: list[dict[Edge, str]] = [{} for _ in members]
    for (source, target), label in arrows.items():
        inside[part_of[source]][index[source], index[target]] = label
    return _packed(
        [
            lay_out_part([picture.nodes[node] for node in nodes], edges, height)
            for nodes, edges in zip(members, inside, strict=True)
        ]
    )


def _parts(count: int, edges: Sequence[Edge]) -> list[list[int]]:
    """Return the nodes that belong together, in the order of their first; the lonely ones last."""
    root = list(range(count))

    def find(node: int) -> int:
        while root[node] != node:
            root[node] = root[root[node]]
            node = root[node]
        return node

    for source, target in edges:
        one, other = sorted((find(source), find(target)))
        root[other] = one
    parts: dict[int, list[int]] = {}
    for node in range(count):
        parts.setdefault(find(node), []).append(node)
    return sorted(parts.values(), key=lambda members: len(members) == 1)


def _packed(parts: Sequence[Plane]) -> Plane:
    """Put parts beside each other; begin anew below where a row is full, and for lonely nodes."""
    area = sum((part.width + _BETWEEN) * (part.height + _BETWEEN) for part in parts)
    widest = max((part.width for part in parts), default=0.0)
    limit = max(widest, _NARROWEST, math.sqrt(area * _ASPECT))
    boxes: list[Box] = []
    lines: list[Line] = []
    right = down = deepest = reached = 0.0
    for before, part in zip([None, *parts], parts, strict=False):
        first_lonely = not part.lines and before is not None and bool(before.lines)
        if right and (first_lonely or right + part.width > limit):
            right, down = 0.0, deepest + _BETWEEN
        placed = part.moved(right, down)
        boxes += placed.boxes
        lines += placed.lines
        reached, deepest = max(reached, right + part.width), max(deepest, down + part.height)
        right += part.width + _BETWEEN
    return Plane(boxes=tuple(boxes), lines=tuple(lines), width=reached, height=deepest)
