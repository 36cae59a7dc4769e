"""A notebook's kernel, found among those installed, or the one that takes its place."""

from __future__ import annotations

import hashlib
import json
import os
import sys
from dataclasses import dataclass
from typing import Any

from nbnodes.errors import KernelNotFoundError, NotebookWarning, warn
from nbnodes.notebook.document import Notebook
from nbnodes.notebook.stamp import stamp

NATIVE = "python3"
_OWN = ("", "python", NATIVE)  # names of this interpreter's own kernel


@dataclass(frozen=True, slots=True, kw_only=True)
class Kernelspec:
    """An installed kernel.

    Attributes:
        name: Its name among the kernelspecs.
        language: Its language in lower case.
        argv: What starts it.
        environment: What is added to its environment, by name.
        interrupts_by_message: Whether it is interrupted by a message, and not by a signal.
    """

    name: str
    language: str
    argv: tuple[str, ...] = ()
    environment: tuple[tuple[str, str], ...] = ()
    interrupts_by_message: bool = False

    @property
    def is_python(self) -> bool:
        """Whether it runs Python cells."""
        return self.language == "python"

    @property
    def is_ipykernel(self) -> bool:
        """Whether it takes ipykernel's own options."""
        return any(word.startswith("ipykernel") for word in self.argv)


def find_kernelspec(notebook: Notebook) -> Kernelspec:
    """Find the kernel that a notebook names; for Python, this interpreter's if there is none.

    Raises:
        KernelNotFoundError: Naming the missing kernel and those installed.
    """
    from jupyter_client.kernelspec import KernelSpecManager, NoSuchKernel

    manager = KernelSpecManager()
    name = notebook.kernel_name or NATIVE
    try:
        return _described(name, manager.get_kernel_spec(name), notebook.language)
    except NoSuchKernel:
        installed = ", ".join(sorted(manager.find_kernel_specs())) or "none"
    if not notebook.is_python:
        raise KernelNotFoundError(
            f"{notebook.name}: its kernel {name!r} is not installed (installed: {installed}); "
            "install that kernel, or save the notebook with another one"
        )
    warn(
        f"{notebook.name}: its kernel {name!r} is not installed; running on {sys.executable}",
        NotebookWarning,
    )
    return _described(NATIVE, manager.get_kernel_spec(NATIVE), "python")


def kernel_identity(name: str) -> str:
    """Name a kernel by what starts it, program and environment; "" for this interpreter's own.

    Read without jupyter_client, whose import takes longer than an answer from the cache.
    """
    path = _kernelspec_file(name)
    if path is None:
        return "" if name in _OWN else name
    spec = _read(path)
    started = [spec.get("argv"), spec.get("env"), stamp(_program(spec) or "")]
    return f"{name} {hashlib.sha256(json.dumps(started).encode()).hexdigest()[:16]}"


def kernelspec_files(name: str) -> list[str]:
    """Return every file and folder whose state decides what `kernel_identity` says."""
    path = _kernelspec_file(name)
    if path is None:
        return [] if name in _OWN else _kernel_folders()
    program = _program(_read(path))
    return [*_kernel_folders(), path, *([program] if program else [])]


def _described(name: str, spec: Any, language: str) -> Kernelspec:
    return Kernelspec(
        name=name,
        language=(spec.language or language).lower(),
        argv=tuple(spec.argv),
        environment=tuple(sorted(spec.env.items())),
        interrupts_by_message=spec.interrupt_mode == "message",
    )


def _kernel_folders() -> list[str]:
    from jupyter_core.paths import jupyter_path

    return jupyter_path("kernels")


def _kernelspec_file(name: str) -> str | None:
    if name in _OWN:
        return None
    for folder in _kernel_folders():
        try:
            found = [entry for entry in os.listdir(folder) if entry.lower() == name.lower()]
        except OSError:
            continue
        if found:
            return os.path.join(folder, found[0], "kernel.json")
    return None


def _read(path: str) -> dict[str, Any]:
    """Read a kernelspec; one that cannot be read says nothing, and will not start either."""
    try:
        with open(path, encoding="utf-8") as file:
            spec = json.load(file)
    except (OSError, ValueError):
        return {}
    return spec if isinstance(spec, dict) else {}


def _program(spec: dict[str, Any]) -> str | None:
    import shutil

    argv: list[str] = spec.get("argv") or [""]
    return shutil.which(argv[0])
