"""Top-level statements that every part repeats instead of being given values: imports and the like.

Modules and functions do not travel well, and what a module was set to does not travel at all.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from nbnodes.graph.analysis import vocabulary as known
from nbnodes.graph.analysis.expressions import innermost, names_in, qualified, root
from nbnodes.graph.analysis.scopes import BUILTINS, Context
from nbnodes.graph.analysis.text import CellText

_NONE: frozenset[str] = frozenset()
_MUTABLE = (ast.List, ast.Dict, ast.Set, ast.ListComp, ast.DictComp, ast.SetComp, ast.GeneratorExp)


@dataclass(frozen=True, slots=True, kw_only=True)
class Replayed:
    """A statement that may be repeated.

    Attributes:
        line: Where it stands in its cell.
        source: Its text.
        names: What it binds.
        reads: What it looks up when it is repeated.
        target: For an import what is imported, so that equal ones are one; else "".
        module: The module that it sets up; "*" for a magic; else "".
    """

    line: int
    source: str
    names: frozenset[str]
    reads: frozenset[str] = frozenset()
    target: str = ""
    module: str = ""

    @property
    def is_setting(self) -> bool:
        """Whether it sets a module up, and binds nothing."""
        return bool(self.module)


def replayed_in(text: CellText, context: Context) -> tuple[Replayed, ...]:
    """Return the statements of a cell that parts may repeat."""
    return tuple(each for s in text.tree.body for each in _replayed(s, text, context))


def imported_names(trees: Iterable[ast.Module]) -> dict[str, str]:
    """Map names that top-level imports bind to what is imported."""
    names: dict[str, str] = {}
    for statement in (statement for tree in trees for statement in tree.body):
        if isinstance(statement, ast.Import | ast.ImportFrom):
            names.update(_imported(statement))
    return names


def does_nothing_else(text: CellText, replayed: Iterable[Replayed]) -> bool:
    """Whether a cell has only statements that parts repeat, text and comments."""
    lines = {each.line for each in replayed}
    last = text.tree.body[-1] if text.tree.body else None
    if text.opaque or text.files or text.stores or text.is_foreign:
        return False
    return all(
        statement.lineno in lines or _does_nothing(statement, text, is_last=statement is last)
        for statement in text.tree.body
    )


def is_for_all(statement: ast.stmt) -> bool:
    """Whether an import has to be repeated by every part: of all names, or of a new syntax."""
    if not isinstance(statement, ast.ImportFrom):
        return False
    return statement.module == "__future__" or statement.names[0].name == "*"


def _does_nothing(statement: ast.stmt, text: CellText, *, is_last: bool) -> bool:
    """Whether a statement is `pass`, text that is not shown, or for all parts."""
    if isinstance(statement, ast.Pass):
        return statement.lineno not in text.magics
    if isinstance(statement, ast.Expr):
        return isinstance(statement.value, ast.Constant) and not is_last
    return is_for_all(statement)


def statement_source(statement: ast.stmt, text: CellText) -> str:
    """Return a statement's text, its decorators included."""
    decorators = getattr(statement, "decorator_list", [])
    first = min([statement.lineno, *(each.lineno for each in decorators)])
    lines = list(text.lines[first - 1 : statement.end_lineno])
    lines[-1] = lines[-1].encode()[: statement.end_col_offset].decode()
    if not decorators:
        lines[0] = lines[0].encode()[statement.col_offset :].decode()
    return "\n".join(lines)


def _replayed(statement: ast.stmt, text: CellText, context: Context) -> Iterator[Replayed]:
    line = statement.lineno
    if line in text.magics:
        if text.magics[line].is_setting:
            yield Replayed(line=line, source=text.magics[line].text, names=_NONE, module="*")
        return
    source = statement_source(statement, text)
    if isinstance(statement, ast.Import | ast.ImportFrom):
        yield from _import(statement, source)
    elif (function := _function(statement)) is not None:
        name, arguments, reads = function
        if not has_state(arguments):
            yield Replayed(line=line, source=source, names=frozenset({name}), reads=reads)
    elif module := _module_set_up(statement, context):
        reads = frozenset(names_in(statement)) - BUILTINS
        yield Replayed(line=line, source=source, names=_NONE, reads=reads, module=module)


def _function(statement: ast.stmt) -> tuple[str, ast.arguments, frozenset[str]] | None:
    """Return the name of the function that a statement defines, and what is evaluated for it."""
    match statement:
        case ast.FunctionDef(name=name, args=arguments):
            return name, arguments, _evaluated(statement)
        case ast.AsyncFunctionDef(name=name, args=arguments):
            return name, arguments, _evaluated(statement)
        case ast.Assign(targets=[ast.Name(id=name)], value=ast.Lambda(args=arguments)):
            return name, arguments, frozenset(_defaults(arguments)) - BUILTINS
        case ast.AnnAssign(target=ast.Name(id=name), value=ast.Lambda(args=arguments)):
            found = _defaults(arguments) | names_in(statement.annotation)
            return name, arguments, frozenset(found) - BUILTINS
        case _:
            return None


def _import(statement: ast.Import | ast.ImportFrom, source: str) -> Iterator[Replayed]:
    if is_for_all(statement):
        return
    for name, target in _imported(statement).items():
        yield Replayed(line=statement.lineno, source=source, names=frozenset({name}), target=target)


def _imported(statement: ast.Import | ast.ImportFrom) -> dict[str, str]:
    if isinstance(statement, ast.Import):
        return {
            alias.asname or alias.name.partition(".")[0]: (
                alias.name if alias.asname else alias.name.partition(".")[0]
            )
            for alias in statement.names
        }
    module = "." * statement.level + (statement.module or "")
    names = (alias for alias in statement.names if alias.name != "*")
    return {alias.asname or alias.name: f"{module}.{alias.name}" for alias in names}


def has_state(arguments: ast.arguments) -> bool:
    """Whether a default is an object that calls may change, or that a call makes."""
    defaults = [*arguments.defaults, *filter(None, arguments.kw_defaults)]
    return any(
        isinstance(node, (*_MUTABLE, ast.Call))
        for default in defaults
        for node in ast.walk(default)
    )


def _defaults(arguments: ast.arguments) -> set[str]:
    defaults = [*arguments.defaults, *filter(None, arguments.kw_defaults)]
    return {name for default in defaults for name in names_in(default)}


def _evaluated(statement: ast.FunctionDef | ast.AsyncFunctionDef) -> frozenset[str]:
    """Name what a `def` looks up where it stands: decorators, defaults, annotations."""
    found = _defaults(statement.args)
    for decorator in statement.decorator_list:
        found |= names_in(decorator)
    for node in ast.walk(statement.args):
        if isinstance(node, ast.arg) and node.annotation:
            found |= names_in(node.annotation)
    if statement.returns:
        found |= names_in(statement.returns)
    return frozenset(found) - BUILTINS


def _module_set_up(statement: ast.stmt, context: Context) -> str:
    """Name the module that a statement sets up, if it does that alone and can be repeated."""
    match statement:
        case ast.Expr(value=ast.Call() as call) if _is_setter(call, context):
            target: ast.expr = call.func
            parts = [*call.args, *(keyword.value for keyword in call.keywords)]
        case ast.Assign(targets=[ast.Attribute() | ast.Subscript() as target], value=value):
            parts = [value]
        case ast.AugAssign(target=ast.Attribute() | ast.Subscript() as target, value=value):
            return ""
        case _:
            return ""
    name = root(target, through_calls=True) or innermost(target)
    module = context.imports.get(name, "")
    if not module or not all(_is_repeatable(part, context) for part in parts):
        return ""
    return module


def _is_setter(call: ast.Call, context: Context) -> bool:
    name = qualified(call.func, context.imports)
    if not name and isinstance(call.func, ast.Attribute):  # logging.getLogger("x").setLevel(…)
        return bool(known.SETTERS.match(call.func.attr))
    last = name.rpartition(".")[2]
    if known.SEEDING.search(name) or known.PYPLOT_DRAWS.match(name):
        return False
    return bool(known.SETTERS.match(last)) or bool(
        known.SETTING_PLACES.match(name)
        and last in ("append", "insert", "update", "setdefault", "use", "pop", "extend", "remove")
    )


def _is_repeatable(node: ast.expr, context: Context) -> bool:
    """Whether an argument is the same wherever it is evaluated: constants, and what is imported."""
    names = names_in(node) - BUILTINS
    calls = (each for each in ast.walk(node) if isinstance(each, ast.Call))
    return names <= context.imports.keys() and not any(
        known.CLOCK.match(qualified(call.func, context.imports)) for call in calls
    )
