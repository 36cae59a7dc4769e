"""Values become code in a notebook's own language, as papermill writes it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from nbnodes.notebook.document import Notebook

_JAVASCRIPT = ("typescript", "javascript")  # which papermill does not know
_PAPERMILLS_NAMES = {"r": "R"}


def papermill_language(notebook: Notebook) -> str:
    """Return the name by which papermill knows the notebook's language."""
    return _PAPERMILLS_NAMES.get(notebook.language, notebook.language)


def is_known_to_papermill(notebook: Notebook) -> bool:
    """Whether papermill itself has a way to write the notebook's language."""
    return notebook.language not in _JAVASCRIPT


def parameters_code(notebook: Notebook, values: Mapping[str, Any], kernel_name: str) -> str:
    """Return code that sets the parameters, in the notebook's language.

    Raises:
        ValueError: If nbnodes and papermill know no way to write this language, or these values.
    """
    if notebook.language in _JAVASCRIPT:
        declared = "" if notebook.parameters_cells else "globalThis."
        lines = (f"{declared}{name} = {_json(name, value)};" for name, value in values.items())
        return "\n".join(lines)
    from papermill.exceptions import PapermillException
    from papermill.translators import translate_parameters

    language = papermill_language(notebook)
    try:
        code: str = translate_parameters(kernel_name, language, dict(values), "Parameters")
    except (PapermillException, NotImplementedError) as error:
        raise ValueError(str(error)) from error
    return code


def _json(name: str, value: Any) -> str:
    try:
        return json.dumps(value)
    except TypeError as error:
        raise ValueError(f"{name}: {error}") from error
