"""Functions among notebooks: as a notebook that an engine runs; what their values show."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from nbnodes.engines.engine import RunRequest
from nbnodes.graph.node import Output as Shown
from nbnodes.notebook.document import parse
from nbnodes.result import Output
from nbnodes.scheduler.options import RunOptions
from nbnodes.session import Session

_CELLS = (("function = None", "parameters"), ("function()", "return"))
_DOCUMENT = {
    "nbformat": 4,
    "nbformat_minor": 5,
    "metadata": {},
    "cells": [
        {"cell_type": "code", "metadata": {"tags": [tag]}, "source": source, "outputs": []}
        for source, tag in _CELLS
    ],
}


def call_request(
    name: str, function: Callable[[], Any], session: Session, options: RunOptions
) -> RunRequest:
    """Return a run that calls a function in an engine."""
    notebook = parse(_DOCUMENT, name=name)
    return session.request(notebook, {"function": function}, options)


def shown_outputs(value: Any) -> tuple[Any, tuple[Output, ...]]:
    """Tell the value that a function passes on from what it shows."""
    if not isinstance(value, Shown):
        return value, ()
    display = value.display
    if isinstance(display, str):
        return value.value, ({"output_type": "stream", "name": "stdout", "text": display},)
    content = {"output_type": "display_data", "data": _bundle(display), "metadata": {}}
    return value.value, (content,)


def _bundle(display: Any) -> dict[str, Any]:
    """Draw something as Jupyter would."""
    from IPython.core.formatters import DisplayFormatter

    data, _ = DisplayFormatter().format(display)
    return dict(data)
