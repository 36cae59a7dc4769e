"""An annotation or a plain default, as a tree, becomes a type or a value. No cell runs for it.

Only names that are known to be harmless are looked up (`typing`, `datetime`, `pydantic.Field`, …);
anything else is unknown, and an unknown type accepts every value.
"""

from __future__ import annotations

import ast
import builtins
import importlib
import typing
from collections.abc import Iterable, Mapping
from typing import Any

_BUILTINS = frozenset(
    {
        "bool",
        "bytes",
        "complex",
        "dict",
        "float",
        "frozenset",
        "int",
        "list",
        "object",
        "set",
        "str",
        "tuple",
        "None",
    }
)
_MODULES = frozenset(
    {
        "annotated_types",
        "collections.abc",
        "datetime",
        "decimal",
        "fractions",
        "pathlib",
        "pydantic",
        "typing",
        "uuid",
    }
)
_LAZY = frozenset(
    {"AsyncGenerator", "AsyncIterable", "AsyncIterator", "Generator", "Iterable", "Iterator"}
)
_CALLABLE = frozenset(
    {
        "annotated_types",
        "datetime.date",
        "datetime.datetime",
        "datetime.time",
        "datetime.timedelta",
        "decimal.Decimal",
        "fractions.Fraction",
        "pathlib.Path",
        "pathlib.PurePath",
        "pydantic.Field",
        "uuid.UUID",
    }
)


class UnknownNameError(Exception):
    """The expression uses something that is not looked up here."""


def imported_names(trees: Iterable[ast.Module]) -> dict[str, str]:
    """Map each name that the notebook imports at its top level to what it stands for."""
    names: dict[str, str] = {}
    for statement in (s for tree in trees for s in tree.body):
        if isinstance(statement, ast.Import):
            for alias in statement.names:
                names[alias.asname or alias.name] = alias.name
        elif isinstance(statement, ast.ImportFrom) and statement.module and not statement.level:
            for alias in statement.names:
                names[alias.asname or alias.name] = f"{statement.module}.{alias.name}"
    return names


def literal_enums(trees: Iterable[ast.Module]) -> dict[str, Any]:
    """Map each enum class that the notebook defines from literals to a Literal of its values."""
    classes = [node for tree in trees for node in tree.body if isinstance(node, ast.ClassDef)]
    enums: dict[str, Any] = {}
    for node in classes:
        bases = {ast.unparse(base).rpartition(".")[2] for base in node.bases}
        if bases & {"Enum", "IntEnum", "StrEnum"}:
            members = [statement for statement in node.body if isinstance(statement, ast.Assign)]
            try:
                values = tuple(ast.literal_eval(member.value) for member in members)
                enums[node.name] = typing.Literal[values]
            except (
                ValueError,
                TypeError,
            ):  # such as `auto()`: its values are known in the run only
                continue
    return enums


def evaluate(node: ast.expr, imports: Mapping[str, str]) -> Any:
    """Evaluate an annotation or a default of plain parts.

    Raises:
        UnknownNameError: If it uses anything else.
    """
    try:
        return _value(node, imports)
    except UnknownNameError:
        raise
    except Exception as error:
        # a wrong annotation such as `int[3]` fails in its own way; the notebook itself will say so
        raise UnknownNameError(str(error)) from error


def _value(node: ast.expr, imports: Mapping[str, str]) -> Any:
    try:
        return ast.literal_eval(node)
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
        pass
    match node:
        case ast.Name() | ast.Attribute():
            return _named(_dotted(node), imports)
        case ast.Subscript():
            return _subscripted(_value(node.value, imports), node.slice, imports)
        case ast.BinOp(op=ast.BitOr()):
            return _value(node.left, imports) | _value(node.right, imports)
        case ast.Call():
            return _called(node, imports)
        case _:
            raise UnknownNameError(ast.unparse(node))


def _subscripted(generic: Any, index: ast.expr, imports: Mapping[str, str]) -> Any:
    """Subscript a generic type; what is text in it is the name of a type, but for two forms."""
    if generic is typing.Literal:
        return generic[_value(index, imports)]
    if generic is typing.Annotated and isinstance(index, ast.Tuple):
        kind, *metadata = index.elts
        return generic[_type(kind, imports), *(_value(entry, imports) for entry in metadata)]
    return generic[_type(index, imports)]


def _type(node: ast.expr, imports: Mapping[str, str]) -> Any:
    """Evaluate a type; text becomes a type here, as pydantic would execute it as code."""
    match node:
        case ast.Tuple():
            return tuple(_type(element, imports) for element in node.elts)
        case ast.List():
            return [_type(element, imports) for element in node.elts]
        case ast.Constant(value=str() as text):
            return _type(ast.parse(text, mode="eval").body, imports)
        case _:
            return _value(node, imports)


def _dotted(node: ast.expr) -> str:
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        return f"{_dotted(node.value)}.{node.attr}"
    raise UnknownNameError(ast.unparse(node))


def _qualified(name: str, imports: Mapping[str, str]) -> str:
    head, _, tail = name.partition(".")
    whole = imports.get(head, head)
    return f"{whole}.{tail}" if tail else whole


def _named(name: str, imports: Mapping[str, str]) -> Any:
    if name in _BUILTINS and name not in imports:
        return getattr(builtins, name)
    module, _, attribute = _qualified(name, imports).rpartition(".")
    if attribute in _LAZY:  # pydantic hands on an iterator that can be read once
        raise UnknownNameError(name)
    if module in _MODULES:
        return getattr(importlib.import_module(module), attribute)
    owner, _, method = module.rpartition(".")
    if owner == "datetime" and method in ("date", "datetime", "time"):  # datetime.date.min
        return getattr(_named(module, {}), attribute)
    raise UnknownNameError(name)


def _called(node: ast.Call, imports: Mapping[str, str]) -> Any:
    name = _qualified(_dotted(node.func), imports)
    if name not in _CALLABLE and name.rpartition(".")[0] not in _CALLABLE:
        raise UnknownNameError(name)
    if any(keyword.arg is None for keyword in node.keywords):
        raise UnknownNameError(ast.unparse(node))
    positional = [_value(argument, imports) for argument in node.args]
    named = {str(k.arg): _value(k.value, imports) for k in node.keywords}
    return _named(name, {})(*positional, **named)
