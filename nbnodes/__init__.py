"""nbnodes: a Jupyter notebook, unchanged, as a function and as a node of a graph.

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
    project.py  6  a folder and its Settings become a Session
    cli/        9  the command line
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from nbnodes.cache.equality import Tolerance
    from nbnodes.cache.intervals import Interval
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
    )
    from nbnodes.graph.node import Node, OutNode, Output
    from nbnodes.live.graph import Graph
    from nbnodes.live.notices import GraphProgress, NodeMoved, Published
    from nbnodes.live.seed import display, start
    from nbnodes.notebook.parameters import Parameter
    from nbnodes.project import Project
    from nbnodes.restified import KernelModel, PythonModel, execute_notebook
    from nbnodes.result import Failure, Result, Success
    from nbnodes.session import Model, Session, current_session
    from nbnodes.settings import Settings

__all__ = [
    "CacheError",
    "CacheWarning",
    "EngineError",
    "Failure",
    "Graph",
    "GraphError",
    "GraphProgress",
    "Interval",
    "KernelDiedError",
    "KernelModel",
    "Model",
    "NbnodesError",
    "Node",
    "NodeMoved",
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
    "Session",
    "Settings",
    "Success",
    "Tolerance",
    "current_session",
    "display",
    "execute_notebook",
    "start",
]

_HOMES = {
    "nbnodes.cache.equality": "Tolerance",
    "nbnodes.cache.intervals": "Interval",
    "nbnodes.errors": (
        "CacheError CacheWarning EngineError GraphError KernelDiedError NbnodesError NotebookError "
        "NotebookWarning ParameterError RunCancelledError RunFailedError RunTimeoutError"
    ),
    "nbnodes.graph.node": "Node OutNode Output",
    "nbnodes.live.graph": "Graph",
    "nbnodes.live.notices": "GraphProgress NodeMoved Published",
    "nbnodes.live.seed": "display start",
    "nbnodes.notebook.parameters": "Parameter",
    "nbnodes.project": "Project",
    "nbnodes.restified": "KernelModel PythonModel execute_notebook",
    "nbnodes.result": "Failure Result Success",
    "nbnodes.session": "Model Session current_session",
    "nbnodes.settings": "Settings",
}
_PUBLIC = {name: module for module, names in _HOMES.items() for name in names.split()}

if not TYPE_CHECKING:  # a type checker must see which names there are

    def __getattr__(name: str) -> Any:
        """Import a public name when it is first asked for (PEP 562)."""
        if name not in _PUBLIC:
            raise AttributeError(f"module 'nbnodes' has no attribute {name!r}")
        value = getattr(importlib.import_module(_PUBLIC[name]), name)
        globals()[name] = value
        return value


def __dir__() -> list[str]:
    return __all__
