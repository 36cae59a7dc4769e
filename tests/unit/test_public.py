"""`import nbnodes` gives the names that are promised, each when it is first asked for."""

from __future__ import annotations

import ast
import importlib
import inspect
import subprocess
import sys

import pytest

import nbnodes

PROMISED = [
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


def for_type_checkers() -> dict[str, str]:
    """Return the names that `if TYPE_CHECKING:` imports, and where from."""
    tree = ast.parse(inspect.getsource(nbnodes))
    block = next(node for node in tree.body if isinstance(node, ast.If))
    imports = [node for node in block.body if isinstance(node, ast.ImportFrom)]
    return {alias.name: str(node.module) for node in imports for alias in node.names}


def test_the_promised_names_are_all() -> None:
    assert sorted(PROMISED) == nbnodes.__all__


def test_type_checkers_see_what_runs() -> None:
    assert for_type_checkers() == nbnodes._PUBLIC


@pytest.mark.parametrize("name", PROMISED)
def test_each_name_is_there(name: str) -> None:
    home = importlib.import_module(nbnodes._PUBLIC[name])
    assert getattr(nbnodes, name) is getattr(home, name)


def test_names_are_listed_before_they_are_loaded() -> None:
    program = "import nbnodes; print(*dir(nbnodes)); print('Model' in vars(nbnodes))"
    words = [sys.executable, "-c", program]
    ended = subprocess.run(words, capture_output=True, text=True, check=True)
    assert ended.stdout.splitlines() == [" ".join(sorted(PROMISED)), "False"]


def test_a_star_import_gives_the_promised_names() -> None:
    found: dict[str, object] = {}
    exec("from nbnodes import *", found)
    assert sorted(set(found) - {"__builtins__"}) == sorted(PROMISED)


@pytest.mark.parametrize("name", ["Modell", "models", "_Model", "__wrapped__"])
def test_another_name_is_refused_as_python_does(name: str) -> None:
    with pytest.raises(AttributeError, match=f"module 'nbnodes' has no attribute '{name}'"):
        getattr(nbnodes, name)
    with pytest.raises(ImportError, match=f"cannot import name '{name}'"):
        exec(f"from nbnodes import {name}")


def test_modules_stay_reachable() -> None:
    assert importlib.import_module("nbnodes.session") is nbnodes.session


def test_the_package_ships_its_types() -> None:
    from importlib.resources import files

    assert (files("nbnodes") / "py.typed").is_file()
