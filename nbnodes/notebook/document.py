"""nbformat 4 JSON becomes a Notebook: cells with their tags, kernel and options. Pure."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from nbnodes.errors import NotebookError

PARAMETERS, SKIP, RETURN, OVERRIDE = "parameters", "skip", "return", "override"
SETUP = "setup"
INJECTED, RAISES = "injected-parameters", "raises-exception"


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """One cell.

    Attributes:
        index: Position in the file, counted from 0.
        kind: "code", "markdown" or "raw".
        source: Its text.
        tags: Its tags, in the file's order.
    """

    index: int
    kind: str
    source: str
    tags: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, eq=False)
class Notebook:
    """A notebook as a value: what its file said when it was read.

    Attributes:
        name: What messages call it: the file's name.
        path: The file, absolute (or its URL); None for a notebook without one.
        folder: Where it runs: the file's folder, or the working directory.
        cells: All cells.
        kernel_name: The kernelspec it names; "" for none.
        language: Its language in lower case; Python where it names none.
        document: The nbformat 4 JSON itself. Not to be changed.
    """

    name: str
    path: str | None
    folder: str
    cells: tuple[Cell, ...]
    kernel_name: str
    language: str
    document: Mapping[str, Any] = field(repr=False)

    @property
    def is_python(self) -> bool:
        """Whether its cells are Python."""
        return self.language == "python"

    @property
    def options(self) -> Mapping[str, Any]:
        """The notebook's own `nbnodes` metadata: `cache`, `extras`."""
        found = self.document.get("metadata", {}).get("nbnodes", {})
        return found if isinstance(found, Mapping) else {}

    @cached_property
    def parameters_cells(self) -> tuple[Cell, ...]:
        """The cells that declare parameters."""
        return tuple(c for c in self._executable if PARAMETERS in c.tags)

    @cached_property
    def return_cell(self) -> Cell | None:
        """The cell that gives the value, if there is one."""
        return next((c for c in self._executable if RETURN in c.tags), None)

    def steps(self, *, parameterized: bool) -> tuple[Cell, ...]:
        """The code cells that run, in order: none tagged `skip`, none after the `return` cell.

        Args:
            parameterized: Whether the caller gave parameters; `override` cells then do not run.
        """
        chosen = []
        for cell in self._executable:
            if not (parameterized and OVERRIDE in cell.tags):
                chosen.append(cell)
            if cell is self.return_cell:
                break
        return tuple(chosen)

    @cached_property
    def _executable(self) -> tuple[Cell, ...]:
        return tuple(
            c
            for c in self.cells
            if c.kind == "code" and c.source.strip() and not {SKIP, INJECTED} & set(c.tags)
        )


def parse(document: Mapping[str, Any], *, name: str, path: str | None = None) -> Notebook:
    """Turn nbformat 4 JSON into a Notebook.

    Args:
        document: The parsed JSON.
        name: What messages call it.
        path: Where it came from: an absolute path or a URL.

    Raises:
        NotebookError: With every place where the JSON is not a notebook's.
    """
    problems = list(_problems(document))
    if problems:
        raise NotebookError(path or name, problems)
    metadata = document.get("metadata", {})
    kernelspec = metadata.get("kernelspec", {})
    kernel_name = kernelspec.get("name") or ""
    local = path is not None and "://" not in path
    return Notebook(
        name=name,
        path=path,
        folder=os.path.dirname(path) if path and local else os.getcwd(),
        cells=tuple(_cell(i, raw) for i, raw in enumerate(document["cells"])),
        kernel_name=kernel_name,
        language=_plain_language(_language(metadata), kernel_name),
        document=document,
    )


def _language(metadata: Mapping[str, Any]) -> str | None:
    """Return the language that the metadata names; for text notebooks that is jupytext's."""
    places = (("kernelspec", "language"), ("language_info", "name"), ("jupytext", "main_language"))
    named = (metadata.get(table, {}).get(field) for table, field in places)
    return next(filter(None, named), None)


def _plain_language(language: str | None, kernel_name: str) -> str:
    """Name the language; a kernel that says none and looks like no Python's is left unnamed."""
    if language:
        lowered = language.lower()
        return "python" if lowered in ("ipython", "python3", "python") else lowered
    return "python" if kernel_name in ("", "python") or kernel_name.startswith("py") else ""


def _cell(index: int, raw: Mapping[str, Any]) -> Cell:
    tags = tuple(raw.get("metadata", {}).get("tags", ()))
    return Cell(index=index, kind=raw["cell_type"], source=_text(raw["source"]), tags=tags)


def _text(source: str | list[str]) -> str:
    return source if isinstance(source, str) else "".join(source)


def _problems(document: object) -> Iterator[str]:
    """Say where the JSON departs from what nbnodes reads of nbformat 4.

    The full schema is not checked: jsonschema alone takes longer to import than most notebooks to
    run. See https://nbformat.readthedocs.io/en/latest/format_description.html.
    """
    if not isinstance(document, Mapping):
        yield f"expected a JSON object, found {type(document).__name__}"
        return
    if not isinstance(document.get("cells"), list):
        yield "it has no list named `cells`"
    else:
        for index, cell in enumerate(document["cells"]):
            yield from _cell_problems(f"cells[{index}]", cell)
    metadata = document.get("metadata", {})
    if not isinstance(metadata, Mapping):
        yield f"metadata: expected an object, found {type(metadata).__name__}"
        return
    for name in ("kernelspec", "language_info", "jupytext"):
        yield from _table_problems(f"metadata.{name}", metadata.get(name, {}))


def _table_problems(where: str, table: object) -> Iterator[str]:
    if not isinstance(table, Mapping):
        yield f"{where}: expected an object, found {type(table).__name__}"
        return
    for name in ("name", "language", "main_language"):
        if not isinstance(table.get(name, ""), str | None):
            yield f"{where}.{name}: expected text, found {type(table[name]).__name__}"


def _cell_problems(where: str, cell: object) -> Iterator[str]:
    if not isinstance(cell, Mapping):
        yield f"{where}: expected an object, found {type(cell).__name__}"
        return
    kind, source = cell.get("cell_type"), cell.get("source")
    if kind not in ("code", "markdown", "raw"):
        yield f"{where}.cell_type: expected code, markdown or raw, found {kind!r}"
    lines = source if isinstance(source, list) else [source]
    if not all(isinstance(line, str) for line in lines):
        yield f"{where}.source: expected text or a list of lines"
    if not isinstance(cell.get("outputs", []), list):
        yield f"{where}.outputs: expected a list"
    metadata = cell.get("metadata", {})
    if not isinstance(metadata, Mapping):
        yield f"{where}.metadata: expected an object, found {type(metadata).__name__}"
        return
    tags = metadata.get("tags", [])
    if not isinstance(tags, list) or not all(isinstance(tag, str) for tag in tags):
        yield f"{where}.metadata.tags: expected a list of words"
