"""A Part becomes a Notebook that computes it: any engine runs it, and the cache keys it. Pure."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from nbnodes.graph.analysis.assembly import Part
from nbnodes.graph.analysis.text import cell_text
from nbnodes.graph.split import Split
from nbnodes.notebook.document import PARAMETERS, RAISES, RETURN, Cell, Notebook, parse

VALUE = "return"
"""The key of the value that the notebook's own `return` cell gives."""
_KEPT = "__nbnodes_value__"
_GIVEN = "__nbnodes_given__"


def part_notebook(
    part: Part, split: Split, notebook: Notebook, names: Iterable[str] | None = None
) -> Notebook:
    """Make the notebook of a part.

    Its value is a dictionary of the names that the part defines; what may be unbound may lack. Of
    the part with the notebook's `return` cell it also has that cell's value, under `VALUE`. What
    other parts give are its parameters, with the graph's own. Its cells show what they showed.

    Args:
        part: The part.
        split: What it is of.
        notebook: The notebook that was split.
        names: Those of the names it defines that are wanted; default: all. One that cannot be sent
            makes all that is given fail: `part.gives` are those that others need.
    """
    if names is not None:
        wanted = frozenset(names)
        part = replace(part, defines=tuple(name for name in part.defines if name in wanted))
    if not notebook.is_python:
        return notebook
    cells = [_json(source, tags, i) for i, (source, tags, _) in enumerate(_cells(part, split))]
    made = parse(_document(notebook, part, cells), name=f"{notebook.name}:{part.name}")
    return replace(made, folder=notebook.folder)


def origins(part: Part, split: Split) -> dict[int, int]:
    """Map the indices of a part's cells in its own notebook to those in the original."""
    found = enumerate(origin for _, _, origin in _cells(part, split))
    return {i: origin for i, origin in found if origin is not None}


def _cells(part: Part, split: Split) -> Iterator[tuple[str, list[str], int | None]]:
    """Yield each cell's text, tags, and index in the original."""
    if part.prelude:
        yield _quiet(part.prelude), [], None
    declared = [split.parameters[name].source for name in part.parameters]
    declared += [f"{name} = None" for name in part.reads]
    if declared:
        yield "\n".join(declared), [PARAMETERS], None
    for cell in part.cells:
        kept = [RAISES] if RAISES in cell.tags else []
        yield _own_source(cell), kept, cell.index
    yield _giving(part), [RETURN], None


def _quiet(prelude: str) -> str:
    """Return a prelude that shows nothing, though its last line sets something up."""
    body = cell_text(prelude).tree.body
    shows = bool(body) and isinstance(body[-1], ast.Expr | ast.Pass)
    return f"{prelude}\npass" if shows else prelude


def _own_source(cell: Cell) -> str:
    """Return a cell's text; of the `return` cell's, its value is kept too.

    Lines stay what they are, so that errors name the right ones.
    """
    last = _last_expression(cell.source) if RETURN in cell.tags else None
    if last is None:
        return cell.source
    lines = [line.encode() for line in cell.source.split("\n")]
    end, start = (last.end_lineno or 1) - 1, last.lineno - 1
    behind = last.end_col_offset or 0
    lines[end] = lines[end][:behind] + b"))" + lines[end][behind:]
    before = last.col_offset
    lines[start] = lines[start][:before] + f"({_KEPT} := (".encode() + lines[start][before:]
    return b"\n".join(lines).decode()


def _last_expression(source: str) -> ast.Expr | None:
    """Return a cell's last statement if it is a Python expression that stands there as such."""
    text = cell_text(source)
    last = text.tree.body[-1] if text.tree.body else None
    if not isinstance(last, ast.Expr):
        return None
    written = source.split("\n")
    lines = range(last.lineno - 1, last.end_lineno or last.lineno)
    is_same = all(i < len(written) and written[i] == text.lines[i] for i in lines)
    return last if is_same else None


def _giving(part: Part) -> str:
    """Return the text of the cell that gives what the part defines, and shows nothing."""
    unsure = [name for name in part.defines if name in part.may_define]
    sure = [name for name in part.defines if name not in unsure]
    entries = [f'"{name}": {name}' for name in sure]
    if part.returns:
        cell = next(cell for cell in part.cells if RETURN in cell.tags)
        kept = "None" if _last_expression(cell.source) is None else _KEPT
        entries.append(f'"{VALUE}": {kept}')
    given = "{" + ", ".join(entries) + "}"
    if not unsure:
        return f"{given};"
    tries = (
        f'try:\n    {_GIVEN}["{name}"] = {name}\nexcept NameError:\n    pass' for name in unsure
    )
    return "\n".join([f"{_GIVEN} = {given}", *tries, f"{_GIVEN};"])


def _document(notebook: Notebook, part: Part, cells: list[dict[str, Any]]) -> dict[str, Any]:
    metadata = dict(notebook.document.get("metadata", {}))
    options = dict(notebook.options)
    extras = options.get("extras", {})
    extras = dict(extras) if isinstance(extras, Mapping) else {}
    files = list(dict.fromkeys([*extras.get("files", []), *part.files]))
    metadata["nbnodes"] = options | {"extras": extras | ({"files": files} if files else {})}
    return {"nbformat": 4, "nbformat_minor": 5, "metadata": metadata, "cells": cells}


def _json(source: str, tags: list[str], number: int) -> dict[str, Any]:
    return {
        "id": f"part-{number}",
        "cell_type": "code",
        "execution_count": None,
        "metadata": {"tags": tags},
        "outputs": [],
        "source": source,
    }
