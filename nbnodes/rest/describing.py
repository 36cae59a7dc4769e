"""An Endpoint is described: what `/api/models` and the OpenAPI document tell of it."""

from __future__ import annotations

import hashlib
from typing import Any
from urllib.parse import quote

from nbnodes.notebook.parameters import Code, Parameter
from nbnodes.page.drawing.prose import words_of
from nbnodes.rest.desk import Desk
from nbnodes.rest.endpoint import Endpoint, described
from nbnodes.rest.schemas import parameters_schema

_SHOWN = 240  # characters of a summary
_LONGEST = 1_000  # characters of a default


def description_of(desk: Desk, endpoint: Endpoint, base_path: str) -> dict[str, Any]:
    """Describe an Endpoint.

    Args:
        desk: Knows how long its runs took.
        endpoint: It.
        base_path: The path under which all routes stand.
    """
    title, description = described(endpoint.notebook, endpoint.name)
    path = f"{base_path}api/models/{quote(endpoint.name)}"
    return {
        "name": endpoint.name,
        "title": title,
        "description": description,
        "parameters": parameters_schema(endpoint.parameters),
        "declared": {name: _declared(one) for name, one in endpoint.parameters.items()},
        "return": _returned(endpoint),
        "edges": dict(endpoint.feeds),
        "digest": _digest(endpoint),
        "median_run_s": desk.metrics.median_s(endpoint.name),
        "links": {
            "self": path,
            "run": f"{path}/run",
            "batch": f"{path}/batch",
            "page": f"{base_path}pages/{quote(endpoint.name)}",
        },
    }


def summary(description: str) -> str:
    """Return the beginning of a description in Markdown as plain words."""
    words = words_of(description)
    if len(words) <= _SHOWN:
        return words
    begun = words[:_SHOWN].rpartition(" ")[0] or words[:_SHOWN]
    return f"{begun.rstrip(' .,;:')}…"


def _declared(parameter: Parameter) -> dict[str, Any]:
    """Say of a parameter what the notebook says, as written."""
    default = parameter.default
    text = str(default) if isinstance(default, Code) else repr(default)
    return {
        "annotation": parameter.annotation,
        "default": None if parameter.required else text[:_LONGEST],
        "help": parameter.help,
    }


def _returned(endpoint: Endpoint) -> dict[str, Any] | None:
    """Say what its value is: the cell that gives it, as written."""
    cell = endpoint.notebook.return_cell if endpoint.notebook else None
    if cell is None:
        return None
    return {"cell": cell.index + 1, "source": cell.source}


def _digest(endpoint: Endpoint) -> str:
    """Name the notebook's code: what runs, as written."""
    notebook = endpoint.notebook
    steps = notebook.steps(parameterized=False) if notebook else ()
    text = "\0".join(cell.source for cell in steps)
    return hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()
