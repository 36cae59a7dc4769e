"""Cells go in, a Result of one engine comes out."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeAlias

from notebooks import CellText, notebook

from nbnodes.engines.engine import Engine, RunRequest
from nbnodes.result import Result

ENGINES = ("fork", "inprocess", "kernel", "papermill", "spawn")

Run: TypeAlias = Callable[..., Result]


def run_cells(
    engine: Engine,
    folder: Path,
    *cells: CellText,
    values: dict[str, Any] | None = None,
    timeout_s: float = 60.0,
    **options: Any,
) -> Result:
    """Run a notebook of these cells."""
    return engine.run(
        RunRequest(
            notebook=notebook(*cells),
            values=values or {},
            folder=str(folder),
            timeout_s=timeout_s,
            **options,
        )
    )
