"""A Notebook's parameters, whatever its language."""

from __future__ import annotations

from nbnodes.notebook.document import Notebook
from nbnodes.notebook.parameters import Code, Parameter, python_parameters
from nbnodes.notebook.translation import papermill_language


def infer_parameters(notebook: Notebook) -> dict[str, Parameter]:
    """Read the parameters from a notebook's `parameters` cells.

    A Python notebook's are read from its syntax tree; other languages' by papermill's inference
    (https://papermill.readthedocs.io/en/latest/usage-inspect.html), where it has one.
    """
    if notebook.is_python:
        return python_parameters(notebook)
    return _papermill_parameters(notebook) if notebook.parameters_cells else {}


def _papermill_parameters(notebook: Notebook) -> dict[str, Parameter]:
    import nbformat
    from papermill.inspection import _infer_parameters
    from papermill.translators import Translator, papermill_translators

    # inference reads text where a file has a list of lines
    cells = [
        {"cell_type": cell.kind, "metadata": {"tags": [*cell.tags]}, "source": cell.source}
        for cell in notebook.cells
    ]
    language = papermill_language(notebook)
    try:
        translator = papermill_translators.find_translator(notebook.kernel_name, language)
    except Exception:  # noqa: BLE001  # papermill has none for this language
        return {}
    if translator.inspect.__func__ is Translator.inspect.__func__:  # else it logs that it has none
        return {}
    node = nbformat.from_dict({**notebook.document, "cells": cells})
    try:
        inferred = _infer_parameters(node, name=notebook.kernel_name, language=language)
    except Exception:  # noqa: BLE001  # a translator may be missing or its inference unwritten
        return {}
    return {p.name: Parameter(name=p.name, default=Code(p.default), help=p.help) for p in inferred}
