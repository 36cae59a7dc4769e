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
        CacheError as CacheError,
    )
    from nbnodes.errors import (
        CacheWarning as CacheWarning,
    )
    from nbnodes.errors import (
        EngineError as EngineError,
    )
    from nbnodes.errors import (
        KernelDiedError as KernelDiedError,
    )
    from nbnodes.errors import (
        NbnodesError as NbnodesError,
    )
    from nbnodes.errors import (
        NotebookError as NotebookError,
    )
    from nbnodes.errors import (
        NotebookWarning as NotebookWarning,
    )
    from nbnodes.errors import (
        ParameterError as ParameterError,
    )
    from nbnodes.errors import (
        RunCancelledError as RunCancelledError,
    )
    from nbnodes.errors import (
        RunFailedError as RunFailedError,
    )
    from nbnodes.errors import (
        RunTimeoutError as RunTimeoutError,
    )
    from nbnodes.notebook.parameters import Parameter as Parameter
    from nbnodes.project import Project as Project
    from nbnodes.restified import (
        KernelModel as KernelModel,
    )
    from nbnodes.restified import (
        PythonModel as PythonModel,
    )
    from nbnodes.restified import (
        execute_notebook as execute_notebook,
    )
    from nbnodes.result import Failure as Failure
    from nbnodes.result import Result as Result
    from nbnodes.result import Success as Success
    from nbnodes.session import (
        Model as Model,
    )
    from nbnodes.session import (
        Session as Session,
    )
    from nbnodes.session import (
        current_session as current_session,
    )
    from nbnodes.settings import Settings as Settings

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

__all__ = sorted(_PUBLIC)  # noqa: PLE0605  # one table of names


def __getattr__(name: str) -> Any:
    """Import a public name when it is first asked for (PEP 562)."""
    if name not in _PUBLIC:
        raise AttributeError(f"module 'nbnodes' has no attribute {name!r}")
    value = getattr(importlib.import_module(_PUBLIC[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return __all__
