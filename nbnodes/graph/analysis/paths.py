"""Calls become the files that they use; a path that is not literal has "*" where it is unknown."""

from __future__ import annotations

import ast
import os
from collections.abc import Iterator, Mapping

from nbnodes.graph.analysis import vocabulary as known
from nbnodes.graph.analysis.expressions import qualified, root
from nbnodes.graph.analysis.record import FileUse

_WRITING_MODES = set("wax+")


def file_uses(  # noqa: C901  # one case a kind of call
    node: ast.Call, imports: Mapping[str, str], constants: Mapping[str, str]
) -> Iterator[FileUse]:
    """Yield the files that a call reads or writes itself."""
    name = qualified(node.func, imports)
    method = node.func.attr if isinstance(node.func, ast.Attribute) else ""
    argument = _argument(node)
    kind = _kind(name or method)
    path = "*" if argument is None else literal_path(argument, imports, constants)
    if known.SHELL.match(name):
        yield FileUse(path="*", writes=True)
        return
    if known.MOVERS.match(name):
        for each in node.args:
            moved = literal_path(each, imports, constants)
            if not _is_address(moved):
                yield FileUse(path=moved, writes=True)
        return
    if known.OPENERS.match(name):
        yield from _opened(node, path)
        return
    if known.FILE_READERS.match(name) and not _is_address(path):
        yield FileUse(path=path, writes=False, kind=kind)
    if known.FILE_WRITERS.match(name):
        yield FileUse(path=path, writes=True, kind=kind)
    if isinstance(node.func, ast.Attribute) and not known.FILE_WRITERS.match(name):
        yield from _by_method(node, node.func, imports, constants)


def literal_path(  # noqa: PLR0911  # one case a kind
    node: ast.expr, imports: Mapping[str, str], constants: Mapping[str, str]
) -> str:
    """Write a path with "*" for each part that is not literal."""
    match node:
        case ast.Constant(value=str() as text):
            return text
        case ast.Name(id=name):
            return constants.get(name, "*")
        case ast.Call(func=function, args=[*parts]) if parts and (
            qualified(function, imports) in ("pathlib.Path", "pathlib.PurePath", "os.path.join")
        ):
            return os.path.join(*(literal_path(part, imports, constants) for part in parts))
        case ast.BinOp(left=left, op=ast.Div(), right=right):
            sides = (literal_path(side, imports, constants) for side in (left, right))
            return os.path.join(*sides)
        case ast.BinOp(left=left, op=ast.Add(), right=right):
            return literal_path(left, imports, constants) + literal_path(right, imports, constants)
        case ast.JoinedStr(values=values):
            return "".join(
                str(part.value) if isinstance(part, ast.Constant) else "*" for part in values
            )
        case _:
            return "*"


def may_meet(one: FileUse, other: FileUse) -> bool:
    """Whether two uses may be of one file, or of a folder and what is in it."""
    kinds = {_known_kind(one), _known_kind(other)}
    if kinds == {"table", "image"}:
        return False
    a, b = os.path.normpath(one.path), os.path.normpath(other.path)
    if "*" not in a + b:
        return a == b or a.startswith(b + os.sep) or b.startswith(a + os.sep) or "." in (a, b)
    if os.path.isabs(a) or os.path.isabs(b):
        return True  # nothing is known of where a notebook lies
    head_a, head_b = a.partition("*")[0], b.partition("*")[0]
    shorter = min(len(head_a), len(head_b))
    if head_a[:shorter] != head_b[:shorter]:
        return False
    if "*" not in a or "*" not in b:
        whole, pattern = (a, b) if "*" not in a else (b, a)
        is_folder = not os.path.splitext(whole)[1]
        return is_folder or whole.endswith(pattern.rpartition("*")[2])
    return True


def _opened(node: ast.Call, path: str) -> Iterator[FileUse]:
    mode = node.args[1] if len(node.args) > 1 else _keyword(node, "mode")
    text = mode.value if isinstance(mode, ast.Constant) else "r" if mode is None else "r+"
    letters = set(str(text))
    if not letters & set("wxa") or "+" in letters:
        yield FileUse(path=path, writes=False)
    if letters & _WRITING_MODES:
        yield FileUse(path=path, writes=True)


def _by_method(
    node: ast.Call,
    function: ast.Attribute,
    imports: Mapping[str, str],
    constants: Mapping[str, str],
) -> Iterator[FileUse]:
    method = function.attr
    argument = _argument(node)
    is_own = method in known.OWN_PATH_METHODS
    if root(function.value) in imports:
        return
    if method in ("rename", "replace"):  # of a path; tables have methods of these names too
        path = literal_path(function.value, imports, constants)
        if path != "*":
            yield FileUse(path="*", writes=True)
    elif method == "open":
        path = literal_path(function.value, imports, constants)
        moved = ast.Call(func=node.func, args=[function.value, *node.args], keywords=node.keywords)
        yield from _opened(moved, path)
    elif method in known.METHOD_READERS | known.METHOD_WRITERS:
        if argument is None and not is_own:
            return  # `to_csv()` gives text
        where = function.value if is_own or argument is None else argument
        path = literal_path(where, imports, constants)
        yield FileUse(path=path, writes=method in known.METHOD_WRITERS, kind=_kind(method))


def _argument(node: ast.Call) -> ast.expr | None:
    if node.args:
        return node.args[0]
    names = ("path", "fname", "file", "filename", "path_or_buf", "filepath_or_buffer", "io", "fp")
    return next((k.value for k in node.keywords if k.arg in names), None)


def _keyword(node: ast.Call, name: str) -> ast.expr | None:
    return next((k.value for k in node.keywords if k.arg == name), None)


def _kind(name: str) -> str:
    if known.IMAGE_CALLS.search(name):
        return "image"
    return "table" if known.TABLE_CALLS.search(name) else ""


def _known_kind(use: FileUse) -> str:
    if use.path.lower().endswith(known.IMAGES):
        return "image"
    return use.kind


def _is_address(path: str) -> bool:
    return "://" in path
