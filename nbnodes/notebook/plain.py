"""Whether cells are plain Python, which means the same with and without IPython. Pure.

A notebook of plain cells needs no magics, no event loop and no display machinery of its own, so it
runs without IPython, or past it. Where there is doubt a cell is not plain.
"""

from __future__ import annotations

import ast
import builtins
import re
from collections.abc import Iterable

from nbnodes.notebook.binding import name_bound_by
from nbnodes.notebook.python import parse_source

_IPYTHONS = re.compile(  # names that IPython gives to cells
    r"_+|_i+|_\d+|_i\d+|_[ido]h|In|Out|exit|quit|get_ipython|display|globals|locals|vars|dir"
)
_NEED_MORE = {  # they want IPython itself, somebody to ask, or an event loop that runs
    *("IPython", "ipykernel", "ipywidgets", "comm", "matplotlib", "pylab", "seaborn"),
    *("getpass", "asyncio", "anyio", "nest_asyncio", "tornado", "trio", "__future__"),
}
_ASYNCHRONOUS = (ast.Await, ast.AsyncFor, ast.AsyncFunctionDef, ast.AsyncWith)


def plain_trees(sources: Iterable[str]) -> list[ast.Module] | None:
    """Parse cells that run one after the other; None if one of them is not plain."""
    trees: list[ast.Module] = []
    known = set(dir(builtins))
    for source in sources:
        tree = parse_source(source)
        if tree is None or not all(map(_is_plain, ast.walk(tree))):
            return None
        if _may_be_magic(tree, source, known):
            return None
        known.update(filter(None, map(name_bound_by, ast.walk(tree))))
        trees.append(tree)
    return trees


def is_ipythons(name: str) -> bool:
    """Whether a name is one that IPython gives to cells, or has its own meaning there."""
    return _IPYTHONS.fullmatch(name) is not None


def _is_plain(node: ast.AST) -> bool:
    if isinstance(node, ast.Name):
        return isinstance(node.ctx, ast.Store) or not is_ipythons(node.id)
    if isinstance(node, ast.AugAssign):  # its target is read, too, and perhaps changed in place
        return not (isinstance(node.target, ast.Name) and is_ipythons(node.target.id))
    if isinstance(node, ast.Import):
        return not any(alias.name.partition(".")[0] in _NEED_MORE for alias in node.names)
    if isinstance(node, ast.ImportFrom):
        is_star = any(alias.name == "*" for alias in node.names)
        return not is_star and (node.module or "").partition(".")[0] not in _NEED_MORE
    if isinstance(node, ast.comprehension):
        return not node.is_async
    return not isinstance(node, _ASYNCHRONOUS)


def _may_be_magic(tree: ast.Module, source: str, known: set[str]) -> bool:
    """Whether IPython may take a line such as `ls` or `pwd` for a magic: nothing has that name."""
    is_line = len(source.strip().splitlines()) == 1
    if not (is_line and tree.body and isinstance(tree.body[0], ast.Expr)):
        return False
    first = re.match(r"\s*([A-Za-z_]\w*)", source)
    return first is not None and first.group(1) not in known
