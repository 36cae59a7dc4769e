"""A cell's text becomes a syntax tree, IPython's own syntax (magics, `!shell`) put aside. Pure.

IPython itself is not asked: its import costs more than all else on the way to a cached Result.
"""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass

from nbnodes.notebook.quiet import quietly

_PYTHON_BODY = re.compile(r"\s*%%(time|capture|prun)\b[^\n]*")
_INDENT = re.compile(r"[ \t]+(?=\S)")
_ESCAPE = re.compile(
    r"^(?P<indent>\s*)(?P<lhs>[\w\s,.:|\[\]'\"*]+=\s*)?"
    r"(?:%%?[A-Za-z_].*|!(?!=).*|\?.*|[\w.]+\?{1,2}\s*)$"  # `% 3` and `!= 3` go on a Python line
)
_SHELL_CALL = "get_ipython()"  # stands for what IPython computes: no literal, whatever it gives


@dataclass(frozen=True, slots=True, kw_only=True)
class PythonCell:
    """A cell's tree.

    Attributes:
        tree: Its syntax tree; its lines are those of the source.
        escapes: The lines that are IPython's and not Python's; the tree has `pass` or a call there.
    """

    tree: ast.Module
    escapes: tuple[str, ...] = ()


def parse_cell(source: str) -> PythonCell | None:
    """Parse a cell; None where it is not Python (a `%%bash` cell, a syntax error)."""
    indent = _INDENT.match(source)  # IPython takes the first line's indent off every line
    if indent:
        source = re.sub(f"^{indent.group()}", "", source, flags=re.MULTILINE)
    tree = parse_source(source)
    if tree is not None:
        return PythonCell(tree=tree)
    escapes: list[str] = []
    head = _PYTHON_BODY.match(source)
    if head:
        escapes.append(head.group().strip())
        source = "\n" * head.group().count("\n") + source[head.end() :]
    elif source.lstrip().startswith("%%"):
        return None
    tree = parse_source("\n".join(_put_aside(line, escapes) for line in source.split("\n")))
    return None if tree is None else PythonCell(tree=tree, escapes=tuple(escapes))


def parse_source(source: str | bytes) -> ast.Module | None:
    """Parse Python; None where it is not Python, or deeper than Python itself reads."""
    with quietly():  # Python warns of odd escapes
        try:
            return ast.parse(source)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return None


def code_text(tree: ast.Module) -> str | None:
    """Write a tree as text that says all that counts and no layout; None if it is too deep."""
    try:
        return ast.dump(tree)
    except (RecursionError, ValueError):  # ValueError: a number of too many digits
        return None


def _put_aside(line: str, escapes: list[str]) -> str:
    """Replace a line of IPython's syntax by Python of the same meaning to names."""
    match = _ESCAPE.match(line)
    if match is None:
        return line
    escapes.append(line.strip())
    assigned = match["lhs"]
    return f"{match['indent']}{assigned}{_SHELL_CALL}" if assigned else f"{match['indent']}pass"
