"""nbnodes: a Jupyter notebook, unchanged, as a function, a node of a graph, a dashboard.

>>> import nbnodes as nb
>>> fib = nb.Model("model_notebooks/fibonacci.ipynb")
>>> fib(n=10)
55

The package is laid out as a run flows, each stage importing only what comes before it:

    notebook/   1  a file becomes a Notebook, given values become the values its cells see
    graph/      2  notebooks and functions become Nodes, Nodes a graph
    cache/      3  what a run's key is, and where its Result lives
    engines/    3  run one Notebook once
    scheduler/  4  what must run, runs; the rest comes from the store
    session.py  5  Session and Model: parameters in, Results out
    live/       5  Graph: nodes bound to a Session, run once or kept up to date
    control/    5  a Parameter as a control: what people may set, as data
    project.py  6  a folder and its Settings become a Session
    client/     7  a server's models, called like local ones
    views/      7  a live graph as ipywidgets
    cli/        9  the command line
"""

from __future__ import annotations

import importlib
import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from nbnodes.cache.equality import Tolerance
    from nbnodes.cache.intervals import Interval
    from nbnodes.client.client import connect
    from nbnodes.control.control import Control
    from nbnodes.engines.reporting import progress
    from nbnodes.engines.said import Said
    from nbnodes.errors import (
        CacheError,
        CacheWarning,
        EngineError,
        GraphError,
        KernelDiedError,
        NbnodesError,
        NotebookError,
        NotebookWarning,
        ParameterError,
        RunCancelledError,
        RunFailedError,
        RunTimeoutError,
        ServerError,
    )
    from nbnodes.graph.node import Node, OutNode, Output
    from nbnodes.live.graph import Graph
    from nbnodes.live.notices import GraphProgress, NodeMoved, Published
    from nbnodes.notebook.parameters import Parameter
    from nbnodes.project import Project
    from nbnodes.restified import KernelModel, PythonModel, execute_notebook
    from nbnodes.result import Failure, Result, Success
    from nbnodes.session import Model, Session, current_session
    from nbnodes.settings import Settings
    from nbnodes.views.generators import yield_for_change, yield_for_click, yield_for_event
    from nbnodes.views.graph_view import GraphView
    from nbnodes.views.interact import interact
    from nbnodes.views.node_view import NodeView
    from nbnodes.views.runner import display, start
    from nbnodes.views.view import View, view
    from nbnodes.views.waiting import (
        wait_for_change,
        wait_for_click,
        wait_for_event,
    )

__all__ = [
    "CacheError",
    "CacheWarning",
    "Control",
    "EngineError",
    "Failure",
    "Graph",
    "GraphError",
    "GraphProgress",
    "GraphView",
    "Interval",
    "KernelDiedError",
    "KernelModel",
    "Model",
    "NbnodesError",
    "Node",
    "NodeMoved",
    "NodeView",
    "NotebookError",
    "NotebookWarning",
    "OutNode",
    "Output",
    "Parameter",
    "ParameterError",
    "Project",
    "Published",
    "PythonModel",
    "Result",
    "RunCancelledError",
    "RunFailedError",
    "RunTimeoutError",
    "Said",
    "ServerError",
    "Session",
    "Settings",
    "Success",
    "Tolerance",
    "View",
    "connect",
    "current_session",
    "display",
    "execute_notebook",
    "interact",
    "progress",
    "start",
    "view",
    "wait_for_change",
    "wait_for_click",
    "wait_for_event",
    "yield_for_change",
    "yield_for_click",
    "yield_for_event",
]

_HOMES = {
    "nbnodes.cache.equality": "Tolerance",
    "nbnodes.cache.intervals": "Interval",
    "nbnodes.client.client": "connect",
    "nbnodes.control.control": "Control",
    "nbnodes.engines.reporting": "progress",
    "nbnodes.engines.said": "Said",
    "nbnodes.errors": (
        "CacheError CacheWarning EngineError GraphError KernelDiedError NbnodesError NotebookError "
        "NotebookWarning ParameterError RunCancelledError RunFailedError RunTimeoutError "
        "ServerError"
    ),
    "nbnodes.graph.node": "Node OutNode Output",
    "nbnodes.live.graph": "Graph",
    "nbnodes.live.notices": "GraphProgress NodeMoved Published",
    "nbnodes.notebook.parameters": "Parameter",
    "nbnodes.project": "Project",
    "nbnodes.restified": "KernelModel PythonModel execute_notebook",
    "nbnodes.result": "Failure Result Success",
    "nbnodes.session": "Model Session current_session",
    "nbnodes.settings": "Settings",
    "nbnodes.views.graph_view": "GraphView",
    "nbnodes.views.interact": "interact",
    "nbnodes.views.node_view": "NodeView",
    "nbnodes.views.runner": "display start",
    "nbnodes.views.generators": "yield_for_change yield_for_click yield_for_event",
    "nbnodes.views.view": "View view",
    "nbnodes.views.waiting": "wait_for_change wait_for_click wait_for_event",
}
_PUBLIC = {name: module for module, names in _HOMES.items() for name in names.split()}

if not TYPE_CHECKING:  # a type checker must see which names there are

    def __getattr__(name: str) -> Any:
        """Import a public name when it is first asked for (PEP 562)."""
        if name not in _PUBLIC:
            raise AttributeError(f"module 'nbnodes' has no attribute {name!r}")
        value = getattr(importlib.import_module(_PUBLIC[name]), name)
        globals()[name] = value
        _show_in_notebooks()
        return value

    def load_ipython_extension(shell: Any) -> None:
        """Register the magics: `%load_ext nbnodes`."""
        from nbnodes.views.blocking import load

        load(shell)
        _show_in_notebooks()

    def _jupyter_server_extension_points() -> list[dict[str, Any]]:
        """Say where Jupyter Server finds its extension."""
        name = "nbnodes.rest.jupyter.extension"
        return [{"module": name, "app": importlib.import_module(name).NbnodesExtension}]

    def _show_in_notebooks() -> None:
        """Have nodes show themselves live where a notebook runs."""
        if "ipykernel" in sys.modules:
            from nbnodes.engines.own_shell import own_shell

            shell = own_shell()
            if shell is not None:
                from nbnodes.views.showing import install

                install(shell)


def __dir__() -> list[str]:
    return __all__
