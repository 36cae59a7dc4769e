"""A live graph becomes a drawing that follows it, and in which nodes can be picked."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import replace
from typing import Any, ClassVar

import anywidget
import traitlets

from nbnodes.errors import EngineError
from nbnodes.graph.assembly import Assembly
from nbnodes.graph.drawing.layout import lay_out
from nbnodes.graph.drawing.picture import Picture
from nbnodes.graph.drawing.plane import Plane
from nbnodes.graph.drawing.svg import shown_words, svg, told_in_full
from nbnodes.live.graph import Graph
from nbnodes.live.notices import NodeMoved, Notice
from nbnodes.live.pace import Pace
from nbnodes.live.pictures import picture
from nbnodes.views.look import drawing_styles, script, styles

_USUAL_STATE, _USUAL_REASON = "fresh", "computed in 0.0123 s"  # how much room words are given


class GraphView(anywidget.AnyWidget):
    """Draws a graph, and tells where its nodes stand while they move.

    Boxes stay where they are: only states and words change, at most ten times a second, less often
    in a large graph. It follows the graph until it is closed.

    Args:
        graph: The graph.

    Attributes:
        graph: The graph.
        svg: The drawing, as it was when the graph last changed its shape.
        standings: For each box of the drawing the node's state, as many words as there is room for,
            and all that is known of it.
    """

    _esm: ClassVar[str] = script("graph_view.js")
    _css: ClassVar[str] = drawing_styles(".nbnodes-graph svg") + "\n" + styles("graph_view.css")

    svg = traitlets.Unicode().tag(sync=True)
    standings: traitlets.List[list[str]] = traitlets.List().tag(sync=True)
    _label = traitlets.Unicode().tag(sync=True)
    _picked = traitlets.Int(-1).tag(sync=True)  # the number of a box

    def __init__(self, graph: Graph, **values: Any) -> None:
        self._ends = ExitStack()  # what closing it ends
        self._pace = Pace(self._draw)
        self.graph = graph
        self._drawn: Assembly | None = None
        self._plane = Plane(boxes=(), lines=(), width=0.0, height=0.0)
        self._callbacks: list[Callable[[str], None]] = []
        super().__init__(_label=f"Graph of {graph.name}", **values)
        self.add_class("nbnodes-graph")
        self._ends.callback(self._pace.end)
        self._ends.callback(graph.subscribe(self._on_notice))
        self._draw()
        self.on_msg(self._on_message)

    @property
    def picked(self) -> str | None:
        """The node that was picked last."""
        known = 0 <= self._picked < len(self._plane.boxes)
        return self._plane.boxes[self._picked].node.name if known else None

    def on_pick(self, callback: Callable[[str], None]) -> None:
        """Have a function called with the name of each node that a person picks."""
        self._callbacks.append(callback)

    def refresh(self) -> None:
        """Draw where the nodes stand now; what only `graph.run` moved is not noticed otherwise."""
        self._pace.ask()

    def close(self) -> None:
        """Follow the graph no more, and vanish; may be called twice."""
        self._ends.close()
        super().close()

    def _on_notice(self, notice: Notice) -> None:
        if isinstance(notice, NodeMoved):
            self._pace.ask()

    def _draw(self) -> None:
        try:
            assembly, states = self.graph.assembly, self.graph.states()
        except EngineError:  # it has just been closed
            return
        now = picture(self.graph.name, assembly, states)
        is_new = assembly is not self._drawn
        plane = _roomy(now) if is_new else self._plane
        nodes = {node.name: node for node in now.nodes}
        boxes = tuple(replace(box, node=nodes[box.node.name]) for box in plane.boxes)
        self._drawn, self._plane = assembly, replace(plane, boxes=boxes)
        with self.hold_sync():
            if is_new:
                self._picked = -1
                self.svg = svg(now, self._plane)
            self.standings = [
                [box.node.state, shown_words(box), told_in_full(box.node)] for box in boxes
            ]

    def _on_message(self, _: object, content: object, __: object) -> None:
        at = content.get("at") if isinstance(content, Mapping) else None
        if not isinstance(at, int) or not 0 <= at < len(self._plane.boxes):
            return
        self._picked = at
        for callback in tuple(self._callbacks):
            callback(self._plane.boxes[at].node.name)


def _roomy(now: Picture) -> Plane:
    """Lay a picture out so that no box need grow when its words change."""
    nodes = tuple(replace(n, state=_USUAL_STATE, reason=_USUAL_REASON) for n in now.nodes)
    return lay_out(replace(now, nodes=nodes))
