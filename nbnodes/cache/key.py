"""A Notebook, its values and surroundings become a CacheKey, part by part, to be compared. Pure."""

from __future__ import annotations

import ast
import json
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from functools import cached_property, lru_cache
from hashlib import sha256
from typing import Any, TypeAlias

from nbnodes.cache.fingerprint import VERSION, fingerprint, joined, pair
from nbnodes.notebook.binding import bind_parameters
from nbnodes.notebook.document import PARAMETERS, RAISES, RETURN, Cell, Notebook
from nbnodes.notebook.parameters import literal_defaults
from nbnodes.notebook.python import code_text, parse_cell
from nbnodes.notebook.surroundings import Surroundings
from nbnodes.result import CacheKey

_Table: TypeAlias = tuple[tuple[str, str], ...]
_Others: TypeAlias = tuple[tuple[str, ...], tuple[_Table, ...], tuple[str, ...], int]
"""Digests of cells; modules, files and packages; language, kernel, folder, document; size."""

_NAMES = 64  # sets of names given whose code is remembered; a notebook may take any names
_SHOWN = 60  # characters of a value that `why` shows


@dataclass(frozen=True, kw_only=True)
class KeyParts:
    """Everything a Result depends on. Equal parts, equal key.

    Attributes:
        cells: (position in the file, digest of its code) of each cell that runs, in order.
        parameters: [digest, short text] of each given value and of each literal default in use.
        modules: See `Surroundings`.
        files: See `Surroundings`.
        packages: See `Surroundings`.
        language: Its language; for Python with the interpreter's version.
        kernel: What its kernel is, where that is not this interpreter's own.
        folder: Where it runs: files that it reads undeclared lie there.
        document: Name of the engine whose own executed notebook is part of the Result; else "".
        output_size_bytes: What it may print and display; the rest is not in the Result.
    """

    cells: tuple[tuple[int, str], ...]
    parameters: Mapping[str, tuple[str, str]]
    modules: Mapping[str, str]
    files: Mapping[str, str]
    packages: Mapping[str, str]
    language: str
    kernel: str = ""
    folder: str = ""
    document: str = ""
    output_size_bytes: int = 0

    @cached_property
    def key(self) -> CacheKey:
        """The key: a SHA-256 in hex."""
        named = {name: digest for name, (digest, _) in self.parameters.items()}
        digests = tuple(digest for _, digest in self.cells)
        tables = tuple(tuple(one.items()) for one in (self.modules, self.files, self.packages))
        texts = (self.language, self.kernel, self.folder, self.document)
        return _key_of(tuple(named.items()), (digests, tables, texts, self.output_size_bytes))

    def to_json(self) -> str:
        """Write the parts down, for a later `differences`."""
        return json.dumps(self._as_dict())

    def _as_dict(self) -> dict[str, Any]:
        return {one.name: getattr(self, one.name) for one in fields(self)}

    @classmethod
    def from_json(cls, text: str) -> KeyParts:
        """Read what `to_json` wrote.

        Raises:
            ValueError: If it did not.
        """
        try:
            parts = json.loads(text)
            parts["cells"] = tuple((index, digest) for index, digest in parts["cells"])
            parts["parameters"] = {n: (d, shown) for n, (d, shown) in parts["parameters"].items()}
            found = cls(**parts)
        except (TypeError, KeyError, AttributeError, RecursionError) as error:
            raise ValueError(f"not the parts of a key: {error}") from error
        named = (found.modules, found.files, found.packages)
        texts = (found.language, found.kernel, found.folder, found.document)
        if not all(isinstance(part, dict) for part in named) or not all(
            isinstance(part, str) for part in texts
        ):
            raise ValueError("not the parts of a key: a part is of another type")
        return found


class NotebookCode:
    """What a notebook's cells do, each read once. Safe from several threads.

    Args:
        notebook: The notebook.
    """

    def __init__(self, notebook: Notebook) -> None:
        self._known: dict[tuple[bool, frozenset[str]], tuple[tuple[int, str], ...]] = {}
        self._steps = {flag: notebook.steps(parameterized=flag) for flag in (False, True)}
        self.is_python = notebook.is_python
        self.language = f"python {_version()}" if self.is_python else notebook.language
        sources = (cell.source for cell in notebook.parameters_cells)
        self.defaults = literal_defaults(*sources) if self.is_python else {}

    def cells(self, given: frozenset[str], *, parameterized: bool) -> tuple[tuple[int, str], ...]:
        """Name the cells that run, in order; see `KeyParts.cells`.

        Args:
            given: The parameters that do not come from the code.
            parameterized: Whether the caller gave any.
        """
        place = parameterized, given
        found = self._known.get(place)
        if found is None:
            found = tuple(
                (cell.index, _code_digest(cell, given, is_python=self.is_python))
                for cell in self._steps[parameterized]
                if _does_something(cell, is_python=self.is_python)
            )
            if len(self._known) < _NAMES:
                self._known[place] = found
        return found


def key_parts(  # noqa: PLR0913  # one for each kind of part
    notebook: Notebook | NotebookCode,
    values: Mapping[str, Any],
    surroundings: Surroundings,
    *,
    folder: str = "",
    kernel: str = "",
    document: str = "",
    output_size_bytes: int = 0,
    digests: Mapping[str, str] | None = None,
) -> KeyParts:
    """Take a run apart into what its Result depends on; `digests` of values that are known.

    A default that is a plain literal counts as a given value, so that `f()` and `f(n=15)` are one
    run when 15 is the default.

    Raises:
        FingerprintError: If a value has no cache key.
    """
    code = notebook if isinstance(notebook, NotebookCode) else NotebookCode(notebook)
    effective = code.defaults | dict(values)
    return KeyParts(
        cells=code.cells(frozenset(effective), parameterized=bool(values)),
        parameters={
            name: ((digests or {}).get(name) or fingerprint(value, where=name), _shown(value))
            for name, value in sorted(effective.items())
        },
        modules=surroundings.modules,
        files=surroundings.files,
        packages=surroundings.packages,
        language=code.language,
        kernel=kernel,
        folder=folder,
        document=document,
        output_size_bytes=output_size_bytes,
    )


def function_parts(
    code: str,
    values: Mapping[str, Any],
    modules: Mapping[str, str],
    *,
    digests: Mapping[str, str] | None = None,
) -> KeyParts:
    """Take a function's call apart like a notebook's run.

    Args:
        code: The digest of what the function does; see `nbnodes.cache.code`.
        values: What it is given.
        modules: See `Surroundings`.
        digests: Digests of values that are known.

    Raises:
        FingerprintError: If a value has no cache key.
    """
    known = digests or {}
    return KeyParts(
        cells=((0, code),),
        parameters={
            name: (known.get(name) or fingerprint(value, where=name), _shown(value))
            for name, value in sorted(values.items())
        },
        modules=modules,
        files={},
        packages={},
        language=f"python {_version()}",
    )


def differences(earlier: KeyParts, now: KeyParts) -> list[str]:
    """Say what changed, one line a change, in words for people."""
    return [
        *_changed_cells(earlier.cells, now.cells),
        *_changed_parameters(earlier.parameters, now.parameters),
        *_changed_names("", earlier.modules, now.modules),
        *_changed_names("", earlier.files, now.files),
        *_changed_names("package ", earlier.packages, now.packages, show=True),
        *_changed_text("language", earlier.language, now.language),
        *_changed_text("kernel", earlier.kernel, now.kernel),
        *_changed_text("folder", earlier.folder, now.folder),
        *_changed_text("engine", earlier.document or "any", now.document or "any"),
        *_changed_text(
            "output limit", f"{earlier.output_size_bytes} B", f"{now.output_size_bytes} B"
        ),
    ]


@lru_cache(maxsize=4096)  # an answer from the cache takes no longer than this does
def _key_of(parameters: _Table, others: _Others) -> CacheKey:
    pairs = (*_pairs(others), pair("parameters", dict(parameters)))
    return CacheKey(sha256(joined(pairs)).hexdigest())


@lru_cache(maxsize=256)  # these stay as they are from call to call
def _pairs(others: _Others) -> tuple[bytes, ...]:
    """Encode what a key is made of besides the parameters."""
    digests, tables, texts, size_bytes = others
    parts: dict[str, Any] = dict(
        zip(("modules", "files", "packages"), map(dict, tables), strict=True)
    )
    parts |= zip(("language", "kernel", "folder", "document"), texts, strict=True)
    parts |= {"version": VERSION, "cells": list(digests), "output_size_bytes": size_bytes}
    return tuple(pair(name, part) for name, part in parts.items())


def _version() -> str:
    return ".".join(map(str, sys.version_info[:2]))


def _code_digest(cell: Cell, given: frozenset[str], *, is_python: bool) -> str:
    """Name what a cell does; comments, blank lines and replaced defaults do nothing."""
    roles = sorted({PARAMETERS, RETURN, RAISES} & set(cell.tags))
    parsed = parse_cell(cell.source) if is_python else None
    code = None
    if parsed is not None:
        is_bound = PARAMETERS in cell.tags
        code = code_text(bind_parameters(parsed.tree, given) if is_bound else parsed.tree)
    if parsed is None or code is None:
        named: list[object] = [roles, "text", cell.source.strip()]
    else:
        named = [roles, _is_quiet(cell.source, parsed.tree), code, *parsed.escapes]
    return sha256(json.dumps(named).encode()).hexdigest()


def _is_quiet(source: str, tree: ast.Module) -> bool:
    """Whether a semicolon ends the cell: IPython then shows no result."""
    if not tree.body:
        return False
    last = tree.body[-1]
    lines = source.split("\n")[(last.end_lineno or 1) - 1 :]
    rest = lines[0].encode("utf-8", "surrogatepass")[last.end_col_offset :]
    return rest.lstrip().startswith(b";")


def _does_something(cell: Cell, *, is_python: bool) -> bool:
    """Whether a cell counts: one of nothing but comments does only where it ends the notebook."""
    parsed = parse_cell(cell.source) if is_python else None
    return parsed is None or bool(parsed.tree.body) or RETURN in cell.tags


def _shown(value: Any) -> str:
    shape = getattr(value, "shape", None)
    if shape:
        return f"{type(value).__name__} {shape}"
    try:
        text = repr(value)
    except Exception:  # noqa: BLE001  # ValueError for a long int; anybody's class, anything
        text = "a large int" if isinstance(value, int) else f"a {type(value).__name__}"
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN - 1]}…"


def _changed_cells(
    earlier: tuple[tuple[int, str], ...], now: tuple[tuple[int, str], ...]
) -> Iterator[str]:
    import difflib

    before, after = [digest for _, digest in earlier], [digest for _, digest in now]
    for kind, a, b, c, d in difflib.SequenceMatcher(
        None, before, after, autojunk=False
    ).get_opcodes():
        if kind == "equal":
            continue
        both = min(b - a, d - c)
        yield from (f"cell {now[c + i][0] + 1} changed" for i in range(both))
        yield from (f"cell {now[i][0] + 1} added" for i in range(c + both, d))
        yield from (f"cell {earlier[i][0] + 1} removed" for i in range(a + both, b))


def _changed_parameters(
    earlier: Mapping[str, tuple[str, str]], now: Mapping[str, tuple[str, str]]
) -> Iterator[str]:
    for name in sorted({*earlier, *now}):
        (old, old_text), (new, new_text) = (
            side.get(name, ("", "unset")) for side in (earlier, now)
        )
        if old != new:
            same = old_text == new_text
            yield f"{name} changed (both {new_text})" if same else f"{name} {old_text} → {new_text}"


def _changed_names(
    prefix: str, earlier: Mapping[str, str], now: Mapping[str, str], *, show: bool = False
) -> Iterator[str]:
    for name in sorted({*earlier, *now}):
        old, new = earlier.get(name), now.get(name)
        if old == new:
            continue
        gone, nothing = "removed", (None, "missing")
        verb = "added" if old in nothing else gone if new in nothing else "changed"
        yield (
            f"{prefix}{name} {old or 'none'} → {new or 'none'}"
            if show
            else f"{prefix}{name} {verb}"
        )


def _changed_text(what: str, earlier: str, now: str) -> Iterator[str]:
    if earlier != now:
        yield f"{what} {earlier or 'none'} → {now or 'none'}"
