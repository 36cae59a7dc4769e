"""A notebook of plain cells, compiled with its parameters bound; it can be sent to a process."""

from __future__ import annotations

import ast
import hashlib
import marshal
import os
import re
import warnings
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from functools import lru_cache
from types import CodeType

from nbnodes.engines.engine import RunRequest
from nbnodes.notebook.binding import bind_parameters
from nbnodes.notebook.document import PARAMETERS, RETURN, Cell
from nbnodes.notebook.plain import plain_trees
from nbnodes.notebook.quiet import quietly


@dataclass(frozen=True, slots=True, kw_only=True)
class PlainCell:
    """A cell, compiled.

    Attributes:
        number: Its place among the cells that run, counted from 1.
        source: Its text.
        file_name: What tracebacks call it.
        body: The statements before the last expression, marshalled; b"" for none.
        last: The last expression, marshalled, if the cell ends with one; b"" for none.
        is_shown: Whether that expression's value is shown: no semicolon follows.
        returns: Whether it is the notebook's value.
        declares: Whether it declares parameters.
    """

    number: int
    source: str
    file_name: str
    body: bytes
    last: bytes
    is_shown: bool
    returns: bool
    declares: bool

    @property
    def codes(self) -> tuple[CodeType | None, CodeType | None]:
        """Body and last expression, ready to run."""
        body: CodeType | None = marshal.loads(self.body) if self.body else None  # noqa: S302  # made below
        last: CodeType | None = marshal.loads(self.last) if self.last else None  # noqa: S302  # as above
        return body, last

    @property
    def lines(self) -> list[str]:
        """The text's lines, as tracebacks look them up."""
        return [f"{line}\n" for line in self.source.splitlines()]


Program = tuple[PlainCell, ...]


def plain_program(request: RunRequest) -> Program | None:
    """Compile the cells to run; None if one of them is not plain."""
    if not request.notebook.is_python:
        return None
    return compiled(request.steps, frozenset(request.values))


def cell_file_name(source: str) -> str:
    """Return what tracebacks and warnings call a cell: a path as ipykernel makes one.

    There is no such file. IPython draws cells named in another way with other colours.
    """
    digest = hashlib.sha1(source.encode(errors="replace"), usedforsecurity=False).hexdigest()
    return os.path.join(os.sep, "tmp", "nbnodes", f"{digest[:10]}.py")


@lru_cache(maxsize=256)
def compiled(cells: tuple[Cell, ...], names: AbstractSet[str]) -> Program | None:
    """Compile cells with assignments of `names` replaced; None if one of them is not plain."""
    trees = plain_trees(cell.source for cell in cells)
    if trees is None:
        return None
    try:
        with quietly():
            warnings.simplefilter("error")  # what Python warns of, IPython is to show
            return tuple(
                _compile(tree, cell, number, names)
                for number, (tree, cell) in enumerate(zip(trees, cells, strict=True), 1)
            )
    except (SyntaxError, SyntaxWarning, ValueError, RecursionError, MemoryError):
        return None


def _compile(tree: ast.Module, cell: Cell, number: int, names: AbstractSet[str]) -> PlainCell:
    if names and PARAMETERS in cell.tags:
        tree = bind_parameters(tree, names)
    file_name = cell_file_name(cell.source)
    last = tree.body[-1] if tree.body else None
    last = last if isinstance(last, ast.Expr) else None
    tree.body = tree.body[:-1] if last else tree.body
    return PlainCell(
        number=number,
        source=cell.source,
        file_name=file_name,
        body=_code(tree, file_name, "exec") if tree.body else b"",
        last=_code(ast.Expression(last.value), file_name, "eval") if last else b"",
        is_shown=last is not None and not _ends_with_semicolon(cell.source, last),
        returns=RETURN in cell.tags,
        declares=PARAMETERS in cell.tags,
    )


def _ends_with_semicolon(source: str, last: ast.stmt) -> bool:
    """Whether one follows the last expression: its value is then not to be shown."""
    lines = source.splitlines()[(last.end_lineno or 1) - 1 :]
    rest = [lines[0].encode()[last.end_col_offset :].decode(), *lines[1:]]
    return "".join(re.sub("#.*", "", line) for line in rest).rstrip().endswith(";")


def _code(tree: ast.Module | ast.Expression, file_name: str, mode: str) -> bytes:
    return marshal.dumps(compile(tree, file_name, mode, dont_inherit=True))
