"""A folder of notebooks and its graph.toml become Steps: the nodes to be, with their notebooks."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass, replace
from fnmatch import fnmatch
from typing import Any

from nbnodes.errors import NotebookError, UsageError
from nbnodes.graph.declaration import (
    Constant,
    Declaration,
    DeclaredNode,
    dotted,
    read_declaration,
)
from nbnodes.notebook.document import Notebook
from nbnodes.notebook.reader import read
from nbnodes.notebook.signature import Signature

GRAPH_FILE = "graph.toml"
_SUFFIX = ".ipynb"


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """A node to be.

    Attributes:
        name: The node's name.
        notebook: Its notebook; two nodes of one file share it.
        signature: What that takes.
        returns: The names that it says it returns.
        declared: What the graph.toml says of the node.
    """

    name: str
    notebook: Notebook
    signature: Signature
    returns: tuple[str, ...]
    declared: DeclaredNode

    @property
    def stem(self) -> str:
        """The notebook's name without its suffix."""
        return _stem(self.notebook.name)

    @property
    def constants(self) -> dict[str, Any]:
        """Values that the graph.toml fixes, by parameter."""
        inputs = self.declared.inputs.items()
        return {name: one.value for name, one in inputs if isinstance(one, Constant)}


@dataclass(kw_only=True)
class Folder:
    """A folder as it was found.

    Attributes:
        path: The folder, absolute.
        file: The graph.toml in it, whether there is one or not.
        declaration: What that says.
        steps: The nodes to be: those declared, in its order, then the other notebooks by name.
        unreadable: Names of nodes whose notebooks cannot be read.
        problems: All that is wrong, one line each.
    """

    path: str
    file: str
    declaration: Declaration
    steps: list[Step]
    unreadable: set[str]
    problems: list[str]

    @property
    def name(self) -> str:
        """What the graph is called."""
        return self.declaration.name or os.path.basename(self.path) or self.path

    @property
    def file_name(self) -> str:
        """What messages call the graph.toml."""
        return os.path.basename(self.file)


def read_folder(path: str) -> Folder:
    """Read a folder.

    Args:
        path: The folder, or a graph.toml, which may have another name and lies in the folder.

    Raises:
        UsageError: If it is neither.
    """
    absolute = os.path.abspath(os.path.expanduser(path))
    file = absolute if absolute.endswith(".toml") else os.path.join(absolute, GRAPH_FILE)
    if not os.path.exists(absolute):
        raise UsageError(f"{path}: there is no such file or folder")
    if absolute != file and not os.path.isdir(absolute):
        raise UsageError(f"{path}: expected a folder of notebooks, or its {GRAPH_FILE}")
    problems: list[str] = []
    found = Folder(
        path=os.path.dirname(file),
        file=file,
        declaration=_declaration(file, problems),
        steps=[],
        unreadable=set(),
        problems=problems,
    )
    _read_steps(found)
    return found


def _declaration(file: str, problems: list[str]) -> Declaration:
    if not os.path.exists(file):
        return Declaration()
    found: list[str] = []
    declaration = Declaration()
    try:
        with open(file, encoding="utf-8-sig") as opened:
            declaration = read_declaration(opened.read(), found)
    except UnicodeDecodeError as error:
        found.append(f"it is not UTF-8 text (byte {error.start})")
    except OSError as error:
        found.append(str(error.strerror or error))
    problems += [f"{os.path.basename(file)}: {problem}" for problem in found]
    return declaration


def _read_steps(folder: Folder) -> None:
    """Read every notebook that is a node."""
    paths = {_stem(name): os.path.join(folder.path, name) for name in _names(folder)}
    declared = [(_path(node, folder, paths), node) for node in folder.declaration.nodes]
    taken = {path for path, _ in declared}
    others = [(os.path.realpath(p), DeclaredNode(name=stem)) for stem, p in paths.items()]
    names = {node.name for _, node in declared}
    read_before: dict[str, Step | None] = {}
    for path, node in [*declared, *(one for one in others if one[0] not in taken)]:
        is_declared = any(node is one for _, one in declared)
        if not is_declared and node.name in names:
            folder.problems.append(_about_same_name(node, folder))
            continue
        if path not in read_before:
            read_before[path] = _read(path, node, folder, is_declared=is_declared)
        step = read_before[path]
        if step is None:
            folder.unreadable.add(node.name)
        else:
            folder.steps.append(replace(step, name=node.name, declared=node))
    if not folder.steps and not folder.problems:
        but = ", but for those left out by graph.exclude" if folder.declaration.exclude else ""
        folder.problems.append(f"there is no notebook (*{_SUFFIX}) in {folder.path}{but}")


def _names(folder: Folder) -> Iterator[str]:
    """Yield the files that are nodes without being declared, in alphabetical order."""
    for name in sorted(os.listdir(folder.path)):
        is_notebook = name.endswith(_SUFFIX) and not name.startswith(".")
        is_left_out = any(fnmatch(name, pattern) for pattern in folder.declaration.exclude)
        if is_notebook and not is_left_out and os.path.isfile(os.path.join(folder.path, name)):
            yield name


def _path(node: DeclaredNode, folder: Folder, paths: dict[str, str]) -> str:
    written = os.path.expanduser(node.notebook) or paths.get(node.name) or f"{node.name}{_SUFFIX}"
    return os.path.realpath(os.path.join(folder.path, written))


def _about_same_name(node: DeclaredNode, folder: Folder) -> str:
    file = f"{node.name}{_SUFFIX}"
    return (
        f"{folder.file_name}: {dotted('nodes', node.name)}: {file} has this name, and the table is "
        f"about another notebook; give it another name, or add {_quoted(file)} to graph.exclude"
    )


def _read(path: str, node: DeclaredNode, folder: Folder, *, is_declared: bool) -> Step | None:
    shown = os.path.relpath(path, os.path.realpath(folder.path))
    try:
        notebook = read(path)
    except NotebookError as error:
        text = f"{shown} cannot be read as a notebook: {'; '.join(error.problems)}"
        where = f"{folder.file_name}: {node.place('notebook')}: "
        how = f"exclude = [{_quoted(shown)}] under [graph] in {folder.file_name}"
        hint = f"; to leave it out, write {how}"
        folder.problems.append(where + text if is_declared else text + hint)
        return None
    signature = Signature.of(notebook)
    folder.problems += [f"{shown}: {problem}" for problem in signature.unreadable]
    return Step(
        name=node.name,
        notebook=notebook,
        signature=signature,
        returns=_returns(notebook, shown, folder.problems),
        declared=node,
    )


def _returns(notebook: Notebook, shown: str, problems: list[str]) -> tuple[str, ...]:
    """Read from the metadata the names that a notebook returns."""
    found = notebook.options.get("returns", [])
    is_right = isinstance(found, list) and all(isinstance(n, str) and n.strip() for n in found)
    if is_right and len({*found}) == len(found):
        return tuple(found)
    text = f"expected a list of names, each once, found {json.dumps(found, ensure_ascii=False)}"
    problems.append(f"{shown}: metadata.nbnodes.returns: {text}")
    return ()


def _stem(name: str) -> str:
    return os.path.splitext(name)[0]


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)
