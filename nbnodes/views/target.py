"""The places that nodes name themselves: a plain `Output`, framed by state, or a container."""

from __future__ import annotations

from types import MappingProxyType
from typing import Any

import ipywidgets

from nbnodes.errors import UsageError
from nbnodes.graph.node import Node
from nbnodes.live.status import Status
from nbnodes.result import Result
from nbnodes.scheduler.protocol import State
from nbnodes.views.binding import Binding
from nbnodes.views.node_view import NodeView
from nbnodes.views.shown import Outputs

_FRAME = "3px"
FRAMES: MappingProxyType[State, str | None] = MappingProxyType(
    {
        "fresh": None,
        "stale": f"dashed gray {_FRAME}",
        "queued": f"dashed gray {_FRAME}",
        "running": f"dashed green {_FRAME}",
        "failed": f"solid red {_FRAME}",
        "blocked": f"dashed gray {_FRAME}",
        "cancelled": f"dashed gray {_FRAME}",
    }
)
"""How a plain `Output` is framed, as ipywidgets-runner had it in mind."""


class OutputTarget:
    """Fills a user's `Output` with a node.

    Args:
        out: The widget.
        node: The node; once another one has taken the place, it is that one's.
    """

    def __init__(self, out: ipywidgets.Output, node: Node) -> None:
        self._out = out
        self._node = node

    def show_status(self, status: Status) -> None:
        """See `Screen.show_status`."""
        if self._out.nbnodes_node is not self._node:
            return
        frame, layout = FRAMES[status.state], self._out.layout
        with layout.hold_sync():
            for side in ("top", "right", "bottom", "left"):
                setattr(layout, f"border_{side}", frame)
            layout.padding = "0px" if frame else _FRAME  # so that nothing moves

    def show_result(self, _: Result, outputs: Outputs) -> None:
        """See `Screen.show_result`."""
        if self._out.nbnodes_node is self._node:
            self._out.outputs = outputs


class Places:
    """The places that nodes of a graph name, filled from now on.

    Args:
        binding: The graph's.

    Raises:
        UsageError: With every one that is no place to show something.
    """

    def __init__(self, binding: Binding) -> None:
        self._binding = binding
        self._targets: dict[str, OutputTarget] = {}
        self._views: dict[NodeView, ipywidgets.Box] = {}
        placed = {n: node for n, node in binding.graph.nodes.items() if node.out is not None}
        wrong = [
            f"{name}: out: expected an Output or a container, found {type(node.out).__name__}"
            for name, node in placed.items()
            if not isinstance(node.out, ipywidgets.Output | ipywidgets.Box)
        ]
        if wrong:
            raise UsageError("\n".join(wrong))
        for name, node in placed.items():
            if node.out.nbnodes_node is node:  # else another node took the place
                self._fill(name, node)

    def close(self) -> None:
        """Fill them no more; may be called twice."""
        for name, target in self._targets.items():
            self._binding.hide(name, target)
        for view, box in self._views.items():
            if view in box.children:
                box.children = ()
            view.close()

    def _fill(self, name: str, node: Node) -> None:
        if isinstance(node.out, ipywidgets.Output):
            self._targets[name] = target = OutputTarget(node.out, node)
            self._binding.show(name, target)
        else:
            view = NodeView(name, self._binding)
            self._views[view] = node.out
            node.out.children = (view,)


def nodes_within(container: Any) -> list[Node]:
    """Return the nodes that are shown somewhere within a container."""
    found: list[Node] = []
    waiting, seen = [container], set()
    while waiting:
        widget = waiting.pop()
        if id(widget) in seen:
            continue
        seen.add(id(widget))
        node = getattr(widget, "nbnodes_node", None)
        if isinstance(node, Node):
            found.append(node)
        waiting += reversed(getattr(widget, "children", ()))
    return found
