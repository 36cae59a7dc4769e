"""ipywidgets-runner's two functions: a container of widgets is shown, and what feeds it is live."""

from __future__ import annotations

from typing import Any

from nbnodes.graph.node import Node
from nbnodes.live.graph import Graph


def start(container: Any, debug: bool = False) -> None:
    """Show a container of widgets; nodes that are shown within it are live from now on.

    Args:
        container: A widget; or a Node, or a Graph, of which all that is to be shown then is.
        debug: Whether to show below it what happens.
    """
    from IPython.display import display as show

    from nbnodes.views.cell_owned import close_with_cell
    from nbnodes.views.event_log import EventLog
    from nbnodes.views.showing import live_graph
    from nbnodes.views.target import nodes_within

    if isinstance(container, Node | Graph):
        show(container)
        return
    nodes = nodes_within(container)
    graph = live_graph(nodes) if nodes else None
    show(container)
    if debug and graph is not None:
        log = EventLog(graph)
        close_with_cell(log)
        show(log)


def display(container: Any, debug: bool = False) -> None:
    """Show a container of widgets, as ipywidgets-runner does; the same as `start`."""
    start(container, debug)
