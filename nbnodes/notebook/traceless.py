"""Whether cells can leave anything in their process but names of their own. Pure.

Those that cannot are run in the same process again and again, and nobody can tell. What is not
known to be harmless (`harmless`) counts as a trace. What such cells make is of Python's own types,
so no code of theirs runs by itself, nor after them.
"""

from __future__ import annotations

import ast
import builtins
import datetime as dt
import string
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain
from typing import Any, Self

from nbnodes.notebook.binding import name_bound_by
from nbnodes.notebook.document import Cell
from nbnodes.notebook.harmless import BUILTINS, IN_ANNOTATIONS, METHODS, MODULES, SYNTAX
from nbnodes.notebook.plain import is_ipythons, plain_trees

_SIMPLE = (bool, bytes, float, int, str, type(None), dt.date, dt.timedelta)
_MOST_VALUES = 2000  # of what is given: to look at more would take longer than it saves


@lru_cache(maxsize=256)
def trace_of(cells: tuple[Cell, ...], given: frozenset[str] = frozenset()) -> str:
    """Name something in cells that may leave a trace in their process; "" for none.

    Args:
        cells: The cells that run, in order.
        given: Names that are given to them.
    """
    nodes = _nodes(cells)
    if nodes is None:
        return "not plain Python"
    scan = _Scan.of(nodes, given)
    return scan.ambiguous or next(filter(None, map(scan.trace, nodes)), "")


@lru_cache(maxsize=256)
def modules_without_trace(
    cells: tuple[Cell, ...], given: frozenset[str] = frozenset()
) -> frozenset[str] | None:
    """Return the modules that cells import if they leave no trace; None if they may leave one."""
    if trace_of(cells, given):
        return None
    return frozenset(home for _, home, _ in _imports(_nodes(cells) or []))


def are_plain(values: Iterable[Any]) -> bool:
    """Whether values are of Python's own types, throughout, so that no code comes with them."""
    left = list(values)
    seen = 0
    while left:
        if seen + len(left) > _MOST_VALUES:
            return False
        value = left.pop()
        seen += 1
        kind = type(value)
        if kind in (list, tuple, set, frozenset, dict) and len(value) > _MOST_VALUES:
            return False
        if kind in (list, tuple, set, frozenset):
            left += value
        elif kind is dict:
            left += chain(value, value.values())
        elif kind not in _SIMPLE and not (kind is dt.datetime and value.tzinfo is None):
            return False
    return True


@dataclass(frozen=True, slots=True, kw_only=True)
class _Scan:
    """What is known of all cells together.

    Attributes:
        bound: All names that they bind.
        modules: The modules among them.
        types: The names that annotations only may use.
        imported: The names that come from modules.
        in_notes: The nodes within annotations, by `id`.
        bases: The names that an attribute is asked of, by `id`.
        ambiguous: A name that is imported and bound in another way, too; "" for none.
    """

    bound: frozenset[str]
    modules: Mapping[str, str]
    types: frozenset[str]
    imported: frozenset[str]
    in_notes: frozenset[int]
    bases: frozenset[int]
    ambiguous: str

    @classmethod
    def of(cls, nodes: list[ast.AST], given: frozenset[str]) -> Self:
        """Look at the nodes of all cells."""
        imports = set(_imports(nodes))
        origins = [name for name, _, _ in imports]
        others = {_bound(n) for n in nodes if not isinstance(n, ast.alias)} | given
        twice = sorted(n for n in set(origins) if origins.count(n) > 1 or n in others)
        return cls(
            bound=frozenset(filter(None, map(_bound, nodes))) | given,
            modules={name: home for name, home, of in imports if not of},
            types=frozenset(name for name, home, of in imports if of and home == "typing"),
            imported=frozenset(name for name, _, of in imports if of),
            in_notes=frozenset(id(n) for note in _notes(nodes) for n in ast.walk(note)),
            bases=frozenset(id(n.value) for n in nodes if isinstance(n, ast.Attribute)),
            ambiguous=twice[0] if twice else "",
        )

    def trace(self, node: ast.AST) -> str:
        """Name what a node may leave by itself; "" for nothing."""
        is_note = id(node) in self.in_notes
        if not isinstance(node, IN_ANNOTATIONS if is_note else SYNTAX):
            return type(node).__name__.lower()
        bound = _bound(node) or ""
        if bound.startswith("__") or (bound != "_" and is_ipythons(bound)):
            return bound
        return self._trace_of_use(node, is_note=is_note)

    def _trace_of_use(self, node: ast.AST, *, is_note: bool) -> str:
        match node:
            case (  # what is added to is read, too
                (ast.Name(ctx=ast.Load()) as name) | ast.AugAssign(target=ast.Name() as name)
            ) if not self._is_harmless(name, is_note=is_note):
                return name.id
            case ast.Attribute() if not self._may_get(node, is_note=is_note):
                return f".{node.attr}"
            case ast.Import():
                return next((alias.name for alias in node.names if alias.name not in MODULES), "")
            case ast.ImportFrom():
                return _refused_import(node)
            case ast.Try() if any(isinstance(n, ast.Yield | ast.YieldFrom) for n in ast.walk(node)):
                return "yield in try"  # its ending runs whenever the generator is thrown away
            case _:
                return ""

    def _is_harmless(self, name: ast.Name, *, is_note: bool) -> bool:
        if name.id in self.modules:
            return id(name) in self.bases
        if name.id in self.types:
            return is_note
        if hasattr(builtins, name.id):
            return name.id in BUILTINS
        return name.id in (self.imported if is_note else self.bound)

    def _may_get(self, node: ast.Attribute, *, is_note: bool) -> bool:
        if not isinstance(node.ctx, ast.Load):
            return False
        home = self.modules.get(node.value.id) if isinstance(node.value, ast.Name) else None
        if home is not None:
            return (home != "typing" or is_note) and _is_offered(home, node.attr)
        if node.attr == "format":
            return isinstance(node.value, ast.Constant) and _is_plain_format(node.value.value)
        return node.attr in METHODS


def _nodes(cells: tuple[Cell, ...]) -> list[ast.AST] | None:
    trees = plain_trees(cell.source for cell in cells)
    return None if trees is None else [node for tree in trees for node in ast.walk(tree)]


def _imports(nodes: Iterable[ast.AST]) -> Iterator[tuple[str, str, str]]:
    """Yield each name that is imported, its module, and what it is there; "" for the module."""
    for node in nodes:
        if isinstance(node, ast.Import):
            yield from ((alias.asname or alias.name, alias.name, "") for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            for alias in node.names:
                yield alias.asname or alias.name, node.module or "", alias.name


def _bound(node: ast.AST) -> str | None:
    if isinstance(node, ast.arg):
        return node.arg
    if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Del):
        return node.id
    return name_bound_by(node)


def _notes(nodes: Iterable[ast.AST]) -> Iterator[ast.AST]:
    """Yield the annotations."""
    for node in nodes:
        for field in ("annotation", "returns"):
            note = getattr(node, field, None)
            if note is not None:
                yield note


def _refused_import(node: ast.ImportFrom) -> str:
    home = node.module or ""
    if node.level or home not in MODULES:
        return home or "."
    return next((a.name for a in node.names if not _is_offered(home, a.name)), "")


def _is_offered(home: str, name: str) -> bool:
    offered = MODULES[home]
    return not name.startswith("_") if offered is None else name in offered


def _is_plain_format(text: object) -> bool:
    """Whether a format asks for no attributes or items: they are reached by what the text names."""
    if not isinstance(text, str):
        return False
    try:
        fields = [(name or "", spec or "") for _, name, spec, _ in string.Formatter().parse(text)]
    except ValueError:
        return False
    return all(not {*name} & {*".["} and "{" not in spec for name, spec in fields)
