"""Fail if a module has over 400 lines or a function over 40."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

MODULE_LINES, FUNCTION_LINES = 400, 40


def problems(folder: Path) -> Iterator[str]:
    """Yield what is too long below a folder."""
    for path in sorted(folder.rglob("*.py")):
        source = path.read_text(encoding="utf-8")
        count = len(source.splitlines())
        if count > MODULE_LINES:
            yield f"{path}: {count} lines, at most {MODULE_LINES}"
        for node in ast.walk(ast.parse(source)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                length = _length(node)
                if length > FUNCTION_LINES:
                    where = f"{path}:{node.lineno} {node.name}"
                    yield f"{where}: {length} lines, at most {FUNCTION_LINES}"


def _length(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Count a function's lines, its docstring aside."""
    length = (node.end_lineno or node.lineno) - node.lineno + 1
    if ast.get_docstring(node) is not None:
        docstring = node.body[0]
        length -= (docstring.end_lineno or docstring.lineno) - docstring.lineno + 1
    return length


if __name__ == "__main__":
    found = [problem for folder in sys.argv[1:] for problem in problems(Path(folder))]
    print("\n".join(found) or "sizes: all modules and functions are short enough")
    sys.exit(bool(found))
