"""What a value depends on besides the cells: local modules, declared files and packages."""

from __future__ import annotations

import ast
import hashlib
import os
import sys
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any
from weakref import WeakKeyDictionary

from nbnodes.errors import NotebookError
from nbnodes.notebook.document import Notebook
from nbnodes.notebook.python import code_text, parse_cell, parse_source
from nbnodes.notebook.stamp import RACY_NS, stamp

_NBNODES = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "")
"""What runs here, wherever it lies: it counts as installed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """Each dependency with what names its present state.

    Attributes:
        modules: Digest of each local module's code, by its path from the notebook's folder.
        files: Digest of each declared file, by its path as declared; "missing" for none.
        packages: Version of each declared package; "missing" for none.
    """

    modules: dict[str, str] = field(default_factory=dict)
    files: dict[str, str] = field(default_factory=dict)
    packages: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Seen:
    stamp: list[int] | None
    seen_at_ns: int
    content: Any


class Surveyor:
    """Looks at surroundings, reading a file again only when it has changed. Thread-safe."""

    def __init__(self) -> None:
        self._seen: dict[tuple[str, str], _Seen] = {}
        self._imports: WeakKeyDictionary[Notebook, list[list[str]]] = WeakKeyDictionary()
        self._declared: WeakKeyDictionary[Notebook, tuple[list[str], list[str]]] = (
            WeakKeyDictionary()
        )

    def survey(self, notebook: Notebook, folder: str) -> Surroundings:
        """Look at what the notebook depends on when it runs in `folder`.

        Raises:
            NotebookError: If its `nbnodes: {extras: …}` metadata is malformed.
        """
        declared = self._declared.get(notebook)
        if declared is None:
            declared = self._declared[notebook] = _declared(notebook)
        files, packages = declared
        return Surroundings(
            modules=self._modules(notebook, folder) if notebook.is_python else {},
            files={path: self._file_digest(os.path.join(folder, path)) for path in files},
            packages={name: _version(name) for name in packages},
        )

    def modules(self, paths: Iterable[str], folder: str) -> dict[str, str]:
        """Name the code of modules and, as far as they are local, of all that they import."""
        waiting = list(paths)
        roots = [folder, *local_roots()] if waiting else []
        found: dict[str, str] = {}
        while waiting:
            path = waiting.pop()
            shown = os.path.relpath(path, folder)
            if shown in found:
                continue
            found[shown], imports = self._module(path)
            package = os.path.dirname(path)
            for level, names in imports:
                places = roots if not level else [_up(package, level - 1)]
                waiting += located(names, places)
        return dict(sorted(found.items()))

    def _modules(self, notebook: Notebook, folder: str) -> dict[str, str]:
        imports = self._imports.get(notebook)
        if imports is None:
            imports = self._imports[notebook] = list(_notebook_imports(notebook))
        if not imports:
            return {}
        roots = [folder, *local_roots()]
        return self.modules([p for names in imports for p in located(names, roots)], folder)

    def _module(self, path: str) -> tuple[str, list[tuple[int, list[str]]]]:
        content: tuple[str, list[tuple[int, list[str]]]] = self._read("module", path)
        return content

    def _file_digest(self, path: str) -> str:
        try:
            return str(self._read("file", path))
        except OSError:
            return "missing"

    def _read(self, kind: str, path: str) -> Any:
        state = stamp(path)
        seen = self._seen.get((kind, path))
        if state and seen and seen.stamp == state and seen.seen_at_ns - state[0] > RACY_NS:
            return seen.content
        looked_at_ns = time.time_ns()
        content = _digest(path) if kind == "file" else _module_content(path)
        self._seen[kind, path] = _Seen(state, looked_at_ns, content)
        return content


def is_local(path: str) -> bool:
    """Whether a file is a project's own rather than installed."""
    if path.startswith((*_installed(), _NBNODES)) or "site-packages" in path:
        return False
    return any(path.startswith(os.path.join(root, "")) for root in local_roots())


def local_roots() -> list[str]:
    """Return the folders on the import path that hold a project's own code."""
    installed = _installed()
    roots = [os.path.abspath(entry) for entry in sys.path if entry and os.path.isdir(entry)]
    return [r for r in roots if not r.startswith(installed) and "site-packages" not in r]


def imported_modules(notebook: Notebook, *, surely: bool = False) -> list[str]:
    """Return the dotted names that a notebook's cells import and that may be modules, sorted.

    Args:
        notebook: The notebook.
        surely: Whether to leave out imports within functions and other blocks.
    """
    every = _notebook_imports(notebook, surely=surely)
    return sorted({name for names in every for name in names})


def _installed() -> tuple[str, ...]:
    prefixes = {sys.prefix, sys.base_prefix, sys.exec_prefix}
    return tuple(os.path.join(prefix, "") for prefix in prefixes)


def _declared(notebook: Notebook) -> tuple[list[str], list[str]]:
    extras = notebook.options.get("extras", {})
    problems = []
    if not isinstance(extras, dict):
        problems.append("metadata.nbnodes.extras: expected an object")
        extras = {}
    for name in ("files", "packages"):
        listed = extras.get(name, [])
        if not isinstance(listed, list) or not all(map(_is_name, listed)):
            problems.append(f"metadata.nbnodes.extras.{name}: expected a list of names")
    problems += [
        f"metadata.nbnodes.extras.{name}: there are only `files` and `packages`"
        for name in extras
        if name not in ("files", "packages")
    ]
    if problems:
        raise NotebookError(notebook.name, problems)
    return extras.get("files", []), extras.get("packages", [])


def _is_name(entry: object) -> bool:
    return isinstance(entry, str) and bool(entry.strip()) and "\0" not in entry


def _version(package: str) -> str:
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version(package)
    except PackageNotFoundError:
        return "missing"


def _digest(path: str) -> str:
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _module_content(path: str) -> tuple[str, list[tuple[int, list[str]]]]:
    """Return a module's digest, comments aside, and what it imports."""
    with open(path, "rb") as file:
        source = file.read()
    tree = parse_source(source)
    if tree is None:
        return hashlib.sha256(source).hexdigest(), []
    text = code_text(tree)
    content = source if text is None else text.encode("utf-8", "surrogatepass")
    return hashlib.sha256(content).hexdigest(), list(_imports(tree))


def _notebook_imports(notebook: Notebook, *, surely: bool = False) -> Iterator[list[str]]:
    for cell in notebook.steps(parameterized=False):
        if "import" not in cell.source:
            continue
        parsed = parse_cell(cell.source)
        trees = [parsed.tree] if parsed else _import_lines(cell.source)
        yield from (names for tree in trees for _, names in _imports(tree, surely=surely))


def _import_lines(source: str) -> Iterator[ast.Module]:
    """Yield the import statements of a cell that cannot be parsed whole."""
    for line in source.splitlines():
        if line.lstrip().startswith(("import ", "from ")):
            parsed = parse_cell(line.strip())
            if parsed:
                yield parsed.tree


def _imports(tree: ast.Module, *, surely: bool = False) -> Iterator[tuple[int, list[str]]]:
    """Yield each import as its level and the dotted names that may be modules."""
    for node in tree.body if surely else ast.walk(tree):
        if isinstance(node, ast.Import):
            yield 0, [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            module = node.module or ""
            inner = [f"{module}.{alias.name}".lstrip(".") for alias in node.names]
            yield node.level, [module, *inner] if module else inner


def located(names: Iterable[str], roots: Iterable[str]) -> list[str]:
    """Find the files that importing these dotted names would run."""
    found: list[str] = []
    for name in names:
        for root in roots:
            steps = _files_of(name, root)
            if steps:
                found += [step for step in steps if not step.startswith(_NBNODES)]
                break
    return found


def _files_of(name: str, root: str) -> list[str]:
    found: list[str] = []
    place = root
    for part in name.split("."):
        place = os.path.join(place, part)
        for candidate in (os.path.join(place, "__init__.py"), f"{place}.py"):
            if os.path.isfile(candidate):
                found.append(candidate)
                break
    return found


def _up(folder: str, levels: int) -> str:
    for _ in range(levels):
        folder = os.path.dirname(folder)
    return folder
