"""Where things are on a drawing, in pixels: boxes and lines, from the left upper corner."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TypeAlias

from nbnodes.graph.drawing.picture import PictureNode

Point: TypeAlias = tuple[float, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Box:
    """A node's place: its left upper corner and its size."""

    node: PictureNode
    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A line from one node toward another.

    Attributes:
        source: The name of the node that it comes from.
        target: The node that it leads to; None for the stretch that a node's long lines share.
        label: The parameter that it feeds, if that is told.
        shown: As much of the label as there is room for.
        points: Where it passes, from the top. Between points that do not stand below each other
            it is a curve, upright at both.
        broken: Whether only its end is drawn.
    """

    source: str
    target: str | None
    label: str = ""
    shown: str = ""
    points: tuple[Point, ...]
    broken: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Plane:
    """Everything in its place, with the size of the whole."""

    boxes: tuple[Box, ...]
    lines: tuple[Line, ...]
    width: float
    height: float

    def moved(self, right: float, down: float) -> Plane:
        """Return the same, further right and down."""
        return replace(
            self,
            boxes=tuple(replace(box, x=box.x + right, y=box.y + down) for box in self.boxes),
            lines=tuple(
                replace(line, points=tuple((x + right, y + down) for x, y in line.points))
                for line in self.lines
            ),
        )
