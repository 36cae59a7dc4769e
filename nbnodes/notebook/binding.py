"""A cell's tree with the caller's values in it: overridden assignments are replaced, all else runs.

    n = 15                      n = __nbnodes_values__['n']
    twice = 2 * n      →        twice = 2 * n

Values are looked up, never written as source text, so an array, a date or a Decimal arrives as the
object it is; what is given for an enum of the notebook's own becomes its member. This file is also
sent, as text, into kernels that have no nbnodes: standard library only, and it must run on the
oldest Python that a kernel may have.
"""

from __future__ import annotations

import ast
from collections.abc import Set as AbstractSet
from typing import Any

VALUES = "__nbnodes_values__"
RETURN = "__nbnodes_return__"
DECLARED = "__nbnodes_declared__"
_PLAIN = {"bool", "bytes", "dict", "float", "int", "list", "set", "str", "tuple"}
_SCOPES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)  # names of their own


def bind_parameters(tree: ast.Module, names: AbstractSet[str]) -> ast.Module:
    """Replace every assignment of `names` at module level by a look-up in `VALUES`."""
    tree.body = _bound(tree.body, names)
    return ast.fix_missing_locations(tree)


def capture_return(tree: ast.Module) -> ast.Module:
    """Pass the last expression's value through the function `RETURN`."""
    if tree.body and isinstance(tree.body[-1], ast.Expr):
        last = tree.body[-1]
        call = ast.Call(func=ast.Name(id=RETURN, ctx=ast.Load()), args=[last.value], keywords=[])
        last.value = ast.copy_location(call, last.value)
    return ast.fix_missing_locations(tree)


def name_bound_by(node: ast.AST) -> str | None:
    """Return the name that a node itself binds, in whatever way; None for none.

    Nodes are told by their fields where the oldest Python has not all their classes.
    """
    if isinstance(node, ast.Name):
        return node.id if isinstance(node.ctx, ast.Store) else None
    if isinstance(node, ast.alias):
        return node.asname or node.name.split(".")[0]
    name = getattr(node, "name", None) or getattr(node, "rest", None)  # def, class, except, match
    return name if isinstance(name, str) else None


def _bound(body: list[ast.stmt], names: AbstractSet[str]) -> list[ast.stmt]:
    return [new for statement in body for new in _bound_statement(statement, names)]


def _bound_statement(statement: ast.stmt, names: AbstractSet[str]) -> list[ast.stmt]:
    """Return what stands in a statement's place."""
    target = _single_target(statement)
    if target is not None and target in names:
        if isinstance(statement, ast.AugAssign):
            return [_assignment(target, statement)]
        annotation = getattr(statement, "annotation", None)
        is_class = isinstance(annotation, ast.Name) and annotation.id not in _PLAIN
        look_up = _look_up_declared if is_class else _lookup
        statement.value = look_up(target, statement)  # type: ignore[attr-defined]
        return [statement]
    if not isinstance(statement, _SCOPES):
        for block in ("body", "orelse", "finalbody"):
            if getattr(statement, block, None):
                setattr(statement, block, _bound(getattr(statement, block), names))
        for inner in [*getattr(statement, "handlers", []), *getattr(statement, "cases", [])]:
            inner.body = _bound(inner.body, names)
    again = sorted(_names_bound_in(statement) & set(names))
    return [statement, *(_assignment(name, statement) for name in again)]


def _single_target(statement: ast.stmt) -> str | None:
    """Name what an assignment of one plain name assigns."""
    if isinstance(statement, ast.Assign) and len(statement.targets) == 1:
        target: ast.expr = statement.targets[0]
    elif isinstance(statement, (ast.AnnAssign, ast.AugAssign)):
        target = statement.target
    else:
        return None
    return target.id if isinstance(target, ast.Name) else None


def _names_bound_in(statement: ast.stmt) -> set[str]:
    """Name all that a statement may bind; the blocks inside it count, as they may not run."""
    found: set[str] = set()
    nodes: list[ast.AST] = [statement]
    while nodes:
        node = nodes.pop()
        found.add(name_bound_by(node) or "")
        if not isinstance(node, _SCOPES):
            nodes += ast.iter_child_nodes(node)
    return found


def _look_up_declared(name: str, where: Any) -> ast.expr:
    """Look a value up by the function `DECLARED`, which is told the name of its declared class."""
    function = ast.Name(id=DECLARED, ctx=ast.Load())
    told: list[ast.expr] = [ast.Constant(value=where.annotation.id), ast.Constant(value=name)]
    return ast.copy_location(ast.Call(func=function, args=told, keywords=[]), where)


def _assignment(name: str, where: ast.stmt) -> ast.stmt:
    target = ast.Name(id=name, ctx=ast.Store())
    return ast.copy_location(ast.Assign(targets=[target], value=_lookup(name, where)), where)


def _lookup(name: str, where: ast.AST) -> ast.expr:
    values = ast.Name(id=VALUES, ctx=ast.Load())
    node = ast.Subscript(value=values, slice=ast.Constant(value=name), ctx=ast.Load())
    return ast.copy_location(node, where)
