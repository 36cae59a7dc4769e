"""What is done in a process before its run comes: modules are imported, a shell is made."""

from __future__ import annotations

import importlib
import importlib.util
import os
import sysconfig
from collections.abc import Iterable, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from nbnodes.engines.cells.shell import NotebookShell


def preload(names: Iterable[str]) -> None:
    """Import what is installed; what fails will fail in the run, which tells of it."""
    for name in names:
        with suppress(Exception, SystemExit):
            if _is_installed(name):
                importlib.import_module(name)


def warm_shell() -> NotebookShell:
    """Make the shell that a run comes to life with."""
    from nbnodes.engines.cells.shell import NotebookShell, make_current

    shell = NotebookShell(_Nobody())
    make_current(shell)
    shell.builtin_trap.activate()
    shell.warm()
    return shell


class _Nobody:
    def feed(self, message_type: str, content: Mapping[str, Any]) -> None:
        """Take one message."""


def _is_installed(name: str) -> bool:
    """Whether a module lies where packages are installed; the project's own may change."""
    spec = importlib.util.find_spec(name.partition(".")[0])
    if spec is None:
        return False
    if spec.origin in ("built-in", "frozen"):
        return True
    places = {sysconfig.get_path(kind) for kind in ("stdlib", "platstdlib", "purelib", "platlib")}
    return any((spec.origin or "").startswith(os.path.join(place, "")) for place in places)
