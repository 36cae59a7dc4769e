"""Whether a notebook's `setup` cells give the same when they run before all others."""

from __future__ import annotations

import ast
import symtable
from collections.abc import Iterator

from nbnodes.notebook.binding import name_bound_by
from nbnodes.notebook.document import PARAMETERS, RETURN, SETUP, Cell
from nbnodes.notebook.python import parse_cell


def why_not_first(steps: tuple[Cell, ...]) -> str:
    """Say why the `setup` cells cannot run before all others; "" if they can."""
    setters: dict[str, tuple[Cell, str]] = {}
    for cell in steps:
        parsed = parse_cell(cell.source)
        if SETUP not in cell.tags:
            bound = _bindings(parsed.tree) if parsed else ()
            setters.update({name: (cell, how) for name, how in bound})
            continue
        place = f"cell {cell.index + 1}"
        if parsed is None:
            return f"{place} is not Python"
        other = {PARAMETERS, RETURN} & set(cell.tags)
        if other:
            return f"{place} is tagged `{other.pop()}` too"
        imports = dict(_bindings(parsed.tree))
        for name in sorted(_global_names(parsed.tree) & setters.keys()):
            setter, how = setters[name]
            if not how or imports.get(name) != how:  # the same import gives the same, twice
                return f"{place} uses {name!r}, which cell {setter.index + 1} sets"
    return ""


def _bindings(tree: ast.Module) -> Iterator[tuple[str, str]]:
    """Yield the names that a cell binds; with each the import that does, or "" for another way."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import | ast.ImportFrom):
            origin = "" if isinstance(node, ast.Import) else f"{node.level} {node.module}"
            for alias in node.names:
                yield name_bound_by(alias) or "", f"{origin} {alias.name} {alias.asname}"
        elif not isinstance(node, ast.alias):
            yield name_bound_by(node) or "", ""


def _global_names(tree: ast.Module) -> set[str]:
    """Return the names of the notebook's that a cell sets or uses, within functions too."""
    try:
        table = symtable.symtable(ast.unparse(tree), "cell", "exec")
    except SyntaxError:  # an `await` at the top
        return {n for node in ast.walk(tree) for n in (_name(node), name_bound_by(node)) if n}
    return set(table.get_identifiers()) | set(_used_within(table))


def _name(node: ast.AST) -> str | None:
    return node.id if isinstance(node, ast.Name) else None


def _used_within(table: symtable.SymbolTable) -> Iterator[str]:
    for inner in table.get_children():
        yield from (s.get_name() for s in inner.get_symbols() if s.is_global())
        yield from _used_within(inner)
