"""In a notebook, nodes and graphs that a cell ends with show themselves live."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from nbnodes.graph.node import Node
    from nbnodes.live.graph import Graph
    from nbnodes.views.node_view import NodeView


def install(shell: Any) -> None:
    """Have a shell show nodes and graphs; once is enough, and again changes nothing."""
    formatter = shell.display_formatter.mimebundle_formatter
    formatter.for_type_by_name("nbnodes.graph.node", "Node", _node_bundle)
    formatter.for_type_by_name("nbnodes.live.graph", "Graph", _graph_bundle)


def live_graph(nodes: Iterable[Node]) -> Graph:
    """Return a graph that shows these nodes live.

    It is the one that does so already, else the one that was made of them last, else a new one.

    Raises:
        GraphError: With every mistake in how they are wired.
    """
    from nbnodes.live.graph import Graph
    from nbnodes.views.binding import Binding
    from nbnodes.views.cell_owned import close_with_cell
    from nbnodes.views.target import Places

    nodes = list(nodes)
    shown = _showing(nodes)
    if shown is not None:
        if Places in shown.attached:
            close_with_cell(shown.attached[Places])
        return shown
    made = [node.graph for node in nodes if node.graph is not None]
    graph = next((one for one in made if _holds(one, nodes)), None) or Graph(nodes)
    graph.attached[Places] = places = Places(Binding.of(graph))
    close_with_cell(places)
    return graph


def live_view(node: Node) -> NodeView:
    """Return a live view of a node, a new one for each place.

    Raises:
        GraphError: With every mistake in how it is wired.
    """
    from nbnodes.views.binding import Binding
    from nbnodes.views.cell_owned import close_with_cell
    from nbnodes.views.node_view import NodeView

    graph = live_graph([node])
    name = next(name for name, one in graph.nodes.items() if one is node)
    view = NodeView(name, Binding.of(graph))
    close_with_cell(view)
    return view


def _showing(nodes: Collection[Node]) -> Graph | None:
    """Return the graph by which nodes are shown live, if it is one."""
    graphs = {node.shown_in for node in nodes} - {None}
    return next((one for one in graphs if _is_shown(one) and _holds(one, nodes)), None)


def _holds(graph: Graph, nodes: Collection[Node]) -> bool:
    return {*nodes} <= {*graph.nodes.values()}


def _is_shown(graph: Graph) -> bool:
    from nbnodes.views.binding import Binding

    binding = graph.attached.get(Binding)
    return binding is not None and not binding.is_closed


def _node_bundle(node: Node, include: Any = None, exclude: Any = None) -> Any:
    return live_view(node)._repr_mimebundle_(include=include, exclude=exclude)


def _graph_bundle(graph: Graph, include: Any = None, exclude: Any = None) -> Any:
    from nbnodes.views.cell_owned import close_with_cell
    from nbnodes.views.graph_view import GraphView

    followed = graph if _is_shown(graph) else _showing(graph.nodes.values()) or graph
    drawing = GraphView(followed)
    close_with_cell(drawing)
    live: Any = drawing._repr_mimebundle_(include=include, exclude=exclude)
    data, metadata = live if isinstance(live, tuple) else (live, {})
    return {**data, **graph._repr_mimebundle_()}, metadata
