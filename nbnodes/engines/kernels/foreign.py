"""Values from kernels of other languages: the richest form of what a cell shows."""

from __future__ import annotations

import ast
import json
from collections.abc import Mapping
from typing import Any

from nbnodes.engines.engine import RunRequest
from nbnodes.engines.raised import RaisedError
from nbnodes.errors import ParameterError
from nbnodes.notebook.failing import bare
from nbnodes.result import CellRun, Output

_TABLE = "application/vnd.dataresource+json"


def refused(request: RunRequest, error: RaisedError) -> ParameterError:
    """Return the error of parameters that the notebook's language did not take."""
    notebook = request.notebook
    problem = f"{notebook.language} did not take them: {error.ename}: {error.evalue}"
    return ParameterError(notebook.name, [problem])


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
        return _spelled(bare(_joined(bundle["text/plain"])))
    return dict(bundle)


def _joined(text: str | list[str]) -> str:
    return text if isinstance(text, str) else "".join(text)


def _spelled(text: str) -> Any:
    if text[:1] == "`" and text[-1:] == "`":
        return text[1:-1]
    if text[:1] == "'" and text[-1:] == "'":  # as JavaScript and R show text
        try:
            return str(ast.literal_eval(text))
        except (ValueError, SyntaxError):
            return text
    try:
        return json.loads(text)
    except ValueError:
        return text
