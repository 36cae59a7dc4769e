"""Cells as text become a Notebook: `notebook(("n = 15", "parameters"), ("n", "return"))`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, TypeAlias

from nbnodes.notebook.document import Notebook
from nbnodes.notebook.reader import read

CellText: TypeAlias = "str | tuple[str, ...] | dict[str, Any]"
"""A code cell's source; the same with its tags behind it; or a whole nbformat cell (`markdown`)."""


def notebook(
    *cells: CellText,
    kernel: str = "python3",
    language: str = "python",
    metadata: dict[str, Any] | None = None,
) -> Notebook:
    """Make a Notebook that has no file."""
    return read(document(*cells, kernel=kernel, language=language, metadata=metadata))


def write_notebook(
    path: str | Path,
    *cells: CellText,
    kernel: str = "python3",
    language: str = "python",
    metadata: dict[str, Any] | None = None,
) -> Path:
    """Write a notebook file; return its path."""
    made = document(*cells, kernel=kernel, language=language, metadata=metadata)
    path = Path(path)
    path.write_text(json.dumps(made), encoding="utf-8")
    return path


def document(
    *cells: CellText,
    kernel: str = "python3",
    language: str = "python",
    metadata: dict[str, Any] | None = None,
) -> dict[str, Any]:
    """Make nbformat 4.5 JSON."""
    spec = {"name": kernel, "language": language, "display_name": kernel}
    return {
        "nbformat": 4,
        "nbformat_minor": 5,
        "metadata": {"kernelspec": spec, **(metadata or {})},
        "cells": [{"id": f"cell-{i}"} | _cell(cell) for i, cell in enumerate(cells)],
    }


def markdown(text: str) -> dict[str, Any]:
    """Make a markdown cell."""
    return {"cell_type": "markdown", "metadata": {}, "source": text}


def _cell(cell: CellText) -> dict[str, Any]:
    if isinstance(cell, dict):
        return cell
    source, *tags = (cell,) if isinstance(cell, str) else cell
    return {
        "cell_type": "code",
        "execution_count": None,
        "metadata": {"tags": tags},
        "outputs": [],
        "source": source,
    }


_GENERATOR = """\
def fibonacci_generator():
    a, b = 0, 1
    while True:
        yield b
        a, b = b, a + b"""
SEED_FIBONACCI: tuple[CellText, ...] = (  # notebook_restified's model.ipynb
    markdown("# Fibonacci"),
    markdown("A generator:"),
    _GENERATOR,
    markdown("What it is:"),
    ("gen = fibonacci_generator()\ngen", "skip"),
    ("for i in range(15):\n    print('Fib sequence', i, next(gen))", "skip"),
    markdown("Which one?"),
    ("n = 15", "parameters"),
    markdown("Count:"),
    "gen = fibonacci_generator()",
    "n = int(n)\nfor i in range(n):\n    answer = next(gen)",
    markdown("The answer:"),
    ("answer", "return"),
)
