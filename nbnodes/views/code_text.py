"""The source of what a node computes, for people."""

from __future__ import annotations

import inspect
import textwrap

from nbnodes.graph.function import Function
from nbnodes.live.graph import Graph


def code_text(graph: Graph, name: str) -> tuple[str, str]:
    """Return a node's source and its language: the cells of a notebook that run, or a function."""
    body = graph.assembly.members[name].body
    if isinstance(body, Function):
        return _function_source(body), "python"
    cells = [cell.source for cell in body.steps(parameterized=True)]
    return "\n\n".join(cells), body.language


def _function_source(function: Function) -> str:
    try:
        return textwrap.dedent(inspect.getsource(function.call)).rstrip()
    except (OSError, TypeError):  # typed at a prompt, built in, or not a function
        return repr(function.call)
