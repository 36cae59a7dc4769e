"""Which modules are a notebook's own: those beside it may change, those installed do not."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from contextlib import suppress
from importlib.machinery import FrozenImporter, all_suffixes

_SUFFIXES = tuple(all_suffixes())
_INSIDES = tuple(f"{os.sep}__init__{suffix}" for suffix in _SUFFIXES)


def local_names(folder: str) -> frozenset[str]:
    """Return the top-level names that an import would find in a folder first.

    They are those of modules and of packages with an `__init__`: a folder without one comes after
    what is installed (PEP 420), and what is built into the interpreter comes before everything.
    """
    found = set()
    with os.scandir(folder) as entries:
        for entry in entries:
            with suppress(OSError):  # a link that leads to itself: nothing can be imported by it
                found.add(_importable(entry))
    return frozenset(name for name in found if name and not _is_built_in(name))


def not_local(names: Iterable[str], local: frozenset[str]) -> list[str]:
    """Return those module names that no module of the notebook's own has."""
    return [name for name in names if name.partition(".")[0] not in local]


def _importable(entry: os.DirEntry[str]) -> str:
    """Return the name that an entry of a folder is imported by; "" for none."""
    name = entry.name
    if "." not in name:
        path = entry.path
        is_package = entry.is_dir() and any(os.access(path + end, os.F_OK) for end in _INSIDES)
        return name if is_package else ""
    if not name.endswith(_SUFFIXES):
        return ""
    stem, _, end = name.partition(".")
    return stem if f".{end}" in _SUFFIXES and entry.is_file() else ""


def _is_built_in(name: str) -> bool:
    if name not in sys.stdlib_module_names:
        return False
    return name in sys.builtin_module_names or FrozenImporter.find_spec(name) is not None
