"""The rules of the house that a machine can check (design §3 and §7)."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[2] / "nbnodes"
MODULES = sorted(FOLDER.rglob("*.py"))
TREES = {path: ast.parse(path.read_text(encoding="utf-8")) for path in MODULES}
NAMES = [str(path.relative_to(FOLDER)) for path in MODULES]
EVERY_MODULE = pytest.mark.parametrize("path", MODULES, ids=NAMES)
AVOIDED = {"manager", "handler", "helper", "helpers", "util", "utils", "service", "data", "info"}


def functions(path: Path) -> list[ast.FunctionDef | ast.AsyncFunctionDef]:
    nodes = ast.walk(TREES[path])
    return [n for n in nodes if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef)]


def length(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Count a function's lines, its docstring aside."""
    count = (node.end_lineno or node.lineno) - node.lineno + 1
    if ast.get_docstring(node) is None:
        return count
    docstring = node.body[0]
    return count - ((docstring.end_lineno or docstring.lineno) - docstring.lineno + 1)


@EVERY_MODULE
def test_a_module_has_at_most_400_lines(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 400


@EVERY_MODULE
def test_a_function_has_at_most_40_lines(path: Path) -> None:
    assert [node.name for node in functions(path) if length(node) > 40] == []


@EVERY_MODULE
def test_a_module_says_what_it_is_in_its_first_line(path: Path) -> None:
    first = (ast.get_docstring(TREES[path]) or "").partition("\n")[0]
    assert first.endswith((".", ":")), first


@EVERY_MODULE
def test_a_module_is_called_what_it_is(path: Path) -> None:
    assert path.stem not in AVOIDED


@EVERY_MODULE
def test_imports_name_the_whole_way(path: Path) -> None:
    imports = [node for node in ast.walk(TREES[path]) if isinstance(node, ast.ImportFrom)]
    assert [node.lineno for node in imports if node.level] == []


def test_there_is_a_house() -> None:
    assert len(MODULES) > 40
    assert sum(len(functions(path)) for path in MODULES) > 300
