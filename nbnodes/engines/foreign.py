"""Kernels of other languages: parameters as papermill writes them, values as cells show them."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from nbnodes.notebook.document import Notebook
from nbnodes.result import CellRun, Output

_ANSI = re.compile(r"\x1b\[[0-9;]*m")
_JAVASCRIPT = ("typescript", "javascript")
_TABLE = "application/vnd.dataresource+json"


def parameters_code(notebook: Notebook, values: Mapping[str, Any], kernel_name: str) -> str:
    """Return code that sets the parameters, in the notebook's language.

    Raises:
        ValueError: If nbnodes and papermill know no way to write this language.
    """
    if notebook.language in _JAVASCRIPT:
        return "\n".join(f"{name} = {json.dumps(value)};" for name, value in values.items())
    from papermill.exceptions import PapermillException
    from papermill.translators import translate_parameters

    try:
        code: str = translate_parameters(kernel_name, notebook.language, dict(values), "Parameters")
    except PapermillException as error:
        raise ValueError(str(error)) from error
    return code


def shown_value(cell: CellRun) -> Any:
    """Return what a cell shows, as data: the richest of JSON, table and text.

    Returns:
        JSON as it is; a table as a list of records; text that spells JSON as what it spells, other
        text as a str; None if nothing was shown.
    """
    results = [o for o in cell.outputs if o["output_type"] in ("execute_result", "display_data")]
    if results:
        return _from_bundle(results[-1]["data"])
    text = "".join(o["text"] for o in cell.outputs if _is_stdout(o))
    return _spelled(text.strip()) if text else None


def _is_stdout(output: Output) -> bool:
    return bool(output["output_type"] == "stream" and output["name"] == "stdout")


def _from_bundle(bundle: Mapping[str, Any]) -> Any:
    if "application/json" in bundle:
        return bundle["application/json"]
    if _TABLE in bundle:
        return bundle[_TABLE].get("data", bundle[_TABLE])
    if "text/csv" in bundle:
        import csv

        return list(csv.DictReader(_joined(bundle["text/csv"]).splitlines()))
    if "text/plain" in bundle:
        return _spelled(_ANSI.sub("", _joined(bundle["text/plain"])))
    return dict(bundle)


def _joined(text: str | list[str]) -> str:
    return text if isinstance(text, str) else "".join(text)


def _spelled(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text
