"""Nodes that hang together become a Plane: layers from top to bottom, lines between them.

Lines leave at the middle of a box's lower edge and enter at ports along the upper edge, each below
its label. They curve only between layers and pass layers upright, so no line meets a foreign box.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from nbnodes.graph.drawing.coordinates import places
from nbnodes.graph.drawing.crossings import untangle
from nbnodes.graph.drawing.layers import Edge, Layered, layered
from nbnodes.graph.drawing.measure import cut, one_line, pixels, width
from nbnodes.graph.drawing.picture import PictureNode
from nbnodes.graph.drawing.plane import Box, Line, Plane, Point
from nbnodes.graph.drawing.words import second_line

NAME_SIZE, WORDS_SIZE, LABEL_SIZE = 13.0, 11.0, 10.5  # of type
BOLDNESS = 1.08  # how much broader bold type is
PADDING, ICON = 12.0, 20.0  # beside the words in a box; the room of an icon before them
ARROW, LABEL = 9.0, 17.0  # the heights of an arrow's head and of a label's row
_NARROWEST, _WIDEST_WORDS, _WIDEST_LABEL = 104.0, 236.0, 92.0
_BETWEEN_BOXES, _BETWEEN_LINES = 28.0, 16.0
_PORT, _LABEL_GAP = 16.0, 10.0
_FLATTEST, _SHORTEST, _TALLEST = 0.13, 34.0, 120.0  # a gap between layers, by how far lines go


@dataclass(frozen=True, slots=True, kw_only=True)
class _Port:
    """Where a line enters a box, from its middle, and how much of its label there is room for."""

    offset: float
    shown: str


def lay_out_part(nodes: Sequence[PictureNode], arrows: Mapping[Edge, str], height: float) -> Plane:
    """Place connected nodes.

    Args:
        nodes: The nodes, in topological order.
        arrows: The label of each edge, edges being pairs of indices.
        height: Of every box.
    """
    made = layered(len(nodes), list(arrows))
    untangle(made)
    widths = [_words_width(node) for node in nodes]
    ports = _ports(nodes, arrows, made, widths)
    halves = [(w + _BETWEEN_BOXES) / 2 for w in widths]
    halves += [_BETWEEN_LINES / 2] * (len(made.above) - len(nodes))
    entries = {(start, edge[1]): ports[edge].offset for edge, start in made.last.items()}
    x = [float(round(at)) for at in places(made, halves, entries)]
    tops, doors = _heights(made, x, ports, height)
    rank = {vertex: layer for layer, row in enumerate(made.rows) for vertex in row}
    boxes = tuple(
        Box(node=node, x=x[v] - widths[v] / 2, y=tops[rank[v]], width=widths[v], height=height)
        for v, node in enumerate(nodes)
    )
    drawn = _Lines(nodes, made, x, rank, tops, doors, height)
    lines = (*drawn.shared(), *drawn.last(arrows, ports), *drawn.broken(arrows, ports))
    left = min([box.x for box in boxes] + [at - _BETWEEN_LINES / 2 for at in x])
    right = max([b.x + b.width for b in boxes] + [at + _BETWEEN_LINES / 2 for at in x])
    plane = Plane(boxes=boxes, lines=lines, width=right - left, height=tops[-1] + height)
    return plane.moved(-left, 0.0)


def _words_width(node: PictureNode) -> float:
    name = width(one_line(node.name), pixels(NAME_SIZE * BOLDNESS)) + ICON
    second = width(second_line(node), pixels(WORDS_SIZE)) + ICON
    words = min(max(name, second), _WIDEST_WORDS)
    return _even(max(words + 2 * PADDING, _NARROWEST))


def _even(number: float) -> float:
    return 2.0 * math.ceil(number / 2)


def _ports(
    nodes: Sequence[PictureNode], arrows: Mapping[Edge, str], made: Layered, widths: list[float]
) -> dict[Edge, _Port]:
    """Spread lines over the upper edges, in the order in which they come; widen boxes for labels.

    Labels are never above each other, so a box with many is a wide one.
    """
    place = {vertex: index for row in made.rows for index, vertex in enumerate(row)}
    entering: dict[int, list[Edge]] = {}
    for edge in sorted(arrows, key=lambda e: place.get(made.last.get(e, -1), -1)):
        entering.setdefault(edge[1], []).append(edge)
    ports: dict[Edge, _Port] = {}
    for target, edges in entering.items():
        shown = [_shown(nodes[e[0]], arrows[e], broken=e not in made.last) for e in edges]
        rooms = [_label_room(label) for label in shown]
        if any(shown):
            widths[target] = max(widths[target], _even(sum(rooms) + _LABEL_GAP))
        scale = min(1.0, (widths[target] - 2 * PADDING) / sum(rooms)) if not any(shown) else 1.0
        at = -sum(rooms) * scale / 2
        for edge, label, room in zip(edges, shown, rooms, strict=True):
            ports[edge] = _Port(offset=float(round(at + room * scale / 2)), shown=label)
            at += room * scale
    return ports


def _shown(source: PictureNode, label: str, *, broken: bool) -> str:
    told = f"↑ {one_line(source.name)}" if broken else one_line(label)
    return cut(told, _WIDEST_LABEL, pixels(LABEL_SIZE))


def _label_room(label: str) -> float:
    return max(_PORT, width(label, pixels(LABEL_SIZE)) + _LABEL_GAP) if label else _PORT


def _heights(
    made: Layered, x: list[float], ports: Mapping[Edge, _Port], height: float
) -> tuple[list[float], list[float]]:
    """Return where each layer begins, and where the lines into it have become upright."""
    labelled = {target for (_, target), port in ports.items() if port.shown}
    shifts = {(made.last[e], e[1]): port.offset for e, port in ports.items() if e in made.last}
    tops, doors = [0.0], [0.0]
    for upper, lower in zip(made.rows, made.rows[1:], strict=False):
        farthest = max(
            (abs(x[w] + shifts.get((v, w), 0.0) - x[v]) for v in upper for w in made.below[v]),
            default=0.0,
        )
        gap = round(min(max(_SHORTEST, _FLATTEST * farthest), _TALLEST))
        doors.append(tops[-1] + height + gap)
        has_labels = any(vertex in labelled for vertex in lower)
        tops.append(doors[-1] + ARROW + LABEL * has_labels)
    return tops, doors


@dataclass(frozen=True, slots=True)
class _Lines:
    nodes: Sequence[PictureNode]
    made: Layered
    x: list[float]
    rank: dict[int, int]
    tops: list[float]
    doors: list[float]
    height: float

    def shared(self) -> list[Line]:
        """Draw the stretches that a node's long lines share."""
        lines = []
        for node, bends in self.made.bends.items():
            points = [self._exit(node)]
            for bend in bends:
                points += [(self.x[bend], self.doors[self.rank[bend]]), self._exit(bend)]
            lines.append(Line(source=self.nodes[node].name, target=None, points=tuple(points)))
        return lines

    def last(self, arrows: Mapping[Edge, str], ports: Mapping[Edge, _Port]) -> list[Line]:
        """Draw the last stretch of each line, with its label."""
        return [
            self._line(edge, arrows[edge], ports[edge], [self._exit(start)])
            for edge, start in self.made.last.items()
        ]

    def broken(self, arrows: Mapping[Edge, str], ports: Mapping[Edge, _Port]) -> list[Line]:
        """Draw the ends of the lines that are not drawn through."""
        lines = []
        for edge in self.made.broken:
            x = self.x[edge[1]] + ports[edge].offset
            above = (x, self.doors[self.rank[edge[1]]] - ARROW)
            lines.append(self._line(edge, arrows[edge], ports[edge], [above], broken=True))
        return lines

    def _exit(self, vertex: int) -> Point:
        return self.x[vertex], self.tops[self.rank[vertex]] + self.height

    def _line(
        self, edge: Edge, label: str, port: _Port, start: list[Point], *, broken: bool = False
    ) -> Line:
        source, target = edge
        x, layer = self.x[target] + port.offset, self.rank[target]
        return Line(
            source=self.nodes[source].name,
            target=self.nodes[target].name,
            label=label,
            shown=port.shown,
            points=(*start, (x, self.doors[layer]), (x, self.tops[layer])),
            broken=broken,
        )
