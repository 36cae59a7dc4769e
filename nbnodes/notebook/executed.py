"""A Notebook, its values and a Result become the executed notebook, as papermill saves it."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from nbnodes.notebook.document import INJECTED, PARAMETERS, Notebook
from nbnodes.notebook.translation import parameters_code
from nbnodes.result import Result


def executed_document(
    notebook: Notebook, values: Mapping[str, Any], result: Result
) -> dict[str, Any]:
    """Write a run's outputs, and its parameters as papermill does, into a copy of the notebook.

    Returns:
        nbformat 4 JSON with a cell tagged `injected-parameters` after the first `parameters` cell
        (or at the top), replacing an earlier one, when parameters were given.
    """
    document = copy.deepcopy(dict(notebook.document))
    steps = notebook.steps(parameterized=bool(values))
    for cell in document["cells"]:
        if cell["cell_type"] == "code":
            cell["outputs"], cell["execution_count"] = [], None
    for run in result.cells:
        cell = document["cells"][steps[run.ordinal].index]
        cell["outputs"] = [dict(output) for output in run.outputs]
        cell["execution_count"] = run.ordinal + 1
    document.setdefault("metadata", {})["papermill"] = {
        "default_parameters": {},
        "parameters": spelled_values(values),
        "duration": result.duration_s,
        "exception": None if result.ok else True,
        "input_path": notebook.path,
        "version": _papermill_version(),
    }
    if values:
        inject_parameters(document, notebook, values)
    return document


def spelled_values(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values as papermill can write them down: JSON's own, and text for all others."""
    return {name: _spelled(value) for name, value in values.items()}


def inject_parameters(
    document: dict[str, Any], notebook: Notebook, values: Mapping[str, Any]
) -> None:
    """Put a cell that sets the parameters where papermill puts it."""
    kernel_name = notebook.kernel_name or "python3"
    source = parameters_code(notebook, spelled_values(values), kernel_name)
    cells = document["cells"]
    cells[:] = [cell for cell in cells if INJECTED not in _tags(cell)]
    at = next((i + 1 for i, cell in enumerate(cells) if PARAMETERS in _tags(cell)), 0)
    injected: dict[str, Any] = {
        "cell_type": "code",
        "execution_count": None,
        "metadata": {"tags": [INJECTED]},
        "outputs": [],
        "source": source,
    }
    if any("id" in cell for cell in cells):
        injected["id"] = INJECTED
    cells.insert(at, injected)


def _tags(cell: Mapping[str, Any]) -> list[str]:
    tags: list[str] = cell.get("metadata", {}).get("tags", [])
    return tags


def _spelled(value: Any) -> Any:
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, list):
        return [_spelled(element) for element in value]
    if isinstance(value, dict) and all(isinstance(name, str) for name in value):
        return {name: _spelled(element) for name, element in value.items()}
    return str(value)


@lru_cache(maxsize=1)
def _papermill_version() -> str:
    from importlib.metadata import version

    return version("papermill")
