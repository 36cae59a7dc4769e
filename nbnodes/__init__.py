"""nbnodes: a Jupyter notebook, unchanged, as a function.

>>> import nbnodes as nb
>>> fib = nb.Model("model_notebooks/fibonacci.ipynb")
>>> fib(n=10)
55

The package is laid out as a run flows, each stage importing only what comes before it:

    notebook/   1  a file becomes a Notebook, given values become the values its cells see
    cache/      3  what a run's key is, and where its Result lives
    engines/    3  run one Notebook once
    scheduler/  4  one run: from the store, or an engine
    session.py  5  Session and Model: parameters in, Results out
    project.py  6  a folder and its Settings become a Session
    cli/        9  the command line
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from nbnodes.errors import (
        CacheError,
        CacheWarning,
        EngineError,
        KernelDiedError,
        NbnodesError,
        NotebookError,
        NotebookWarning,
        ParameterError,
        RunCancelledError,
        RunFailedError,
        RunTimeoutError,
    )
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
    "KernelDiedError",
    "KernelModel",
    "Model",
    "NbnodesError",
    "NotebookError",
    "NotebookWarning",
    "Parameter",
    "ParameterError",
    "Project",
    "PythonModel",
    "Result",
    "RunCancelledError",
    "RunFailedError",
    "RunTimeoutError",
    "Session",
    "Settings",
    "Success",
    "current_session",
    "execute_notebook",
]

_HOMES = {
    "nbnodes.errors": (
        "CacheError CacheWarning EngineError KernelDiedError NbnodesError NotebookError "
        "NotebookWarning ParameterError RunCancelledError RunFailedError RunTimeoutError"
    ),
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
