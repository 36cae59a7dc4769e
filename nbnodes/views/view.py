"""`nb.view`: controls and node views of a graph, put together as one widget."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType
from typing import Any, TypeAlias

import ipywidgets

from nbnodes.errors import UsageError
from nbnodes.graph.node import Node
from nbnodes.live.graph import Graph
from nbnodes.session import Model
from nbnodes.views.arrangement import Arrangement
from nbnodes.views.beginnings import begin_with
from nbnodes.views.binding import Binding, Mode
from nbnodes.views.cell_owned import close_earlier, close_with_cell
from nbnodes.views.event_log import EventLog
from nbnodes.views.graph_view import GraphView
from nbnodes.views.node_view import NodeView
from nbnodes.views.panel import Panel, panel_of
from nbnodes.views.query import url_values
from nbnodes.views.run_button import RunButton
from nbnodes.views.target import Places
from nbnodes.views.view_head import ViewHead

Viewable: TypeAlias = (
    Graph | Node | Model | str | os.PathLike[str] | Iterable[Node | Model | str | os.PathLike[str]]
)


class View(ipywidgets.VBox):
    """Controls at the side, node views beside them; live from the moment that it is made.

    Args:
        what: A Graph, whose last nodes are shown; or nodes, Models or notebooks; or a folder.
        layout: What goes where: a list of rows, each an entry or a list of columns, and so on; a
            dict of titles and layouts makes tabs. An entry is a node or its name, the address of a
            parameter ("window"), a widget, or one of "controls", "graph", "log", "run".
        mode: "auto": all that is shown follows each change; "lazy": a node whose value is not known
            already runs when its button is pressed; "manual": and changes hold only then, all at
            once.
        title: A heading; "" for none.
        controls: What to make controls of, by address; see `panel_of`.
        debug: Whether to show what happens.

    Attributes:
        graph: The graph.
        controls: The widgets that set parameters, by address.
        nodes: The node views, by name.

    Raises:
        UsageError: If there is no such mode, node or parameter.
        GraphError: With every mistake in how the nodes are wired.
    """

    def __init__(
        self,
        what: Viewable,
        *,
        layout: Any = None,
        mode: Mode = "auto",
        title: str = "",
        controls: Mapping[str, Any] | None = None,
        debug: bool = False,
    ) -> None:
        self.nodes: dict[str, NodeView] = {}
        self._run_button: Any = None
        self._others: list[Any] = []  # that are closed with it
        self._arrangement = Arrangement(self._found)
        close_earlier()  # a graph that this cell showed may be shown in another mode now
        self.graph, shown = _graph_of(what)
        self._binding = Binding.of(self.graph, mode)
        try:
            self._put_together(shown, layout, title, controls or {}, debug=debug)
        except BaseException:
            self.close()
            self._binding.close_unused()
            raise
        close_with_cell(self)

    def close(self) -> None:
        """Close all that it has made; what nobody looks at then runs no more.

        Widgets that were given stay open. May be called twice.
        """
        self.children = ()
        self._arrangement.close()
        for widget in (*self.nodes.values(), *self._others):
            widget.close()
        super().close()

    def _put_together(
        self,
        shown: Iterable[str],
        layout: Any,
        title: str,
        overrides: Mapping[str, Any],
        *,
        debug: bool,
    ) -> None:
        panel = panel_of(self.graph, shown, overrides)
        self.controls: dict[str, Any] = panel.widgets
        head = ViewHead(title, begin_with(panel, url_values()))
        self._others.append(head)
        self._binding.connect(panel.made)
        if self._binding.mode != "auto":
            self._run_button = self._special("run")
        self._side = self._side_of(panel)
        self._others.append(Places(self._binding))
        content = self._default(shown) if layout is None else self._arrangement.arranged(layout)
        log = [self._special("log")] if debug else []
        super().__init__([head, content, *log])
        self.add_class("nbnodes-view")

    def _default(self, shown: Iterable[str]) -> Any:
        column = self._arrangement.arranged([self._node(name) for name in shown])
        column.add_class("nbnodes-content")
        return self._arrangement.beside(self._side, column) if self._side.children else column

    def _side_of(self, panel: Panel) -> Any:
        widgets = {id(widget): widget for widget in panel.widgets.values()}
        drawn = [one for one in widgets.values() if isinstance(one, ipywidgets.DOMWidget)]
        buttons = [] if self._run_button is None else [self._run_button]
        return self._arrangement.column([*drawn, *buttons], "nbnodes-controls")

    def _found(self, entry: Any) -> Any:
        """Return the widget of one entry of a layout.

        Raises:
            UsageError: If it is none.
        """
        if isinstance(entry, ipywidgets.Widget):
            return entry
        if isinstance(entry, Node):
            return self._node(self._named(entry))
        if entry in self.graph:
            return self._node(entry)
        if entry in self.controls:
            return self.controls[entry]
        if entry in _SPECIAL:
            return self._special(entry)
        names = ", ".join([*self.graph, *self.controls, *_SPECIAL])
        raise UsageError(f"layout: {entry!r} is nothing that can be shown (there are: {names})")

    def _named(self, node: Node) -> str:
        for name, one in self.graph.nodes.items():
            if one is node:
                return name
        raise UsageError(f"layout: {node!r} is no node of {self.graph!r}")

    def _node(self, name: str) -> NodeView:
        if name not in self.nodes:
            self.nodes[name] = NodeView(name, self._binding)
        return self.nodes[name]

    def _special(self, name: str) -> Any:
        if name == "controls":
            return self._side
        if name == "run" and self._run_button is not None:
            return self._run_button
        made = _MADE[name](self._binding)
        self._others.append(made)
        return made


_MADE: Mapping[str, Callable[[Binding], Any]] = MappingProxyType(
    {
        "run": RunButton,
        "graph": lambda binding: GraphView(binding.graph),
        "log": lambda binding: EventLog(binding.graph),
    }
)
_SPECIAL = ("controls", *_MADE)


def _graph_of(what: Viewable) -> tuple[Graph, list[str]]:
    """Return a graph, made if need be, and the names of the nodes to show."""
    if isinstance(what, Graph):
        return what, list(what.assembly.dag.sinks)
    if isinstance(what, str | os.PathLike) and (os.path.isdir(what) or str(what).endswith(".toml")):
        graph = Graph.from_folder(what)
        return graph, list(graph.assembly.dag.sinks)
    many = not isinstance(what, Node | Model | str | os.PathLike)
    if many and not isinstance(what, Iterable):
        kind = type(what).__name__
        raise UsageError(f"a view is of a Graph, Nodes, Models or notebooks, not of a {kind}")
    given = list(what) if many else [what]  # type: ignore[arg-type]
    nodes = [one if isinstance(one, Node) else Node(one) for one in given]
    session = next((one.session for one in given if isinstance(one, Model)), None)
    graph = Graph(nodes, session=session)
    chosen = {id(node) for node in nodes}
    return graph, [name for name, node in graph.nodes.items() if id(node) in chosen]


view = View
"""The same, as a verb."""
