"""Which modules are a notebook's own: those beside it may change, those installed do not."""

from __future__ import annotations

import os
from collections.abc import Iterable


def local_names(folder: str) -> frozenset[str]:
    """Return the top-level names that an import would find in a folder first."""
    with os.scandir(folder) as entries:
        return frozenset(
            entry.name.removesuffix(".py")
            for entry in entries
            if entry.name.endswith(".py") or entry.is_dir()
        )


def not_local(names: Iterable[str], local: frozenset[str]) -> list[str]:
    """Return those module names that no module of the notebook's own has."""
    return [name for name in names if name.partition(".")[0] not in local]
