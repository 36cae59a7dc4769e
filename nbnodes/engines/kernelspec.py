"""A notebook's kernel, found among those installed, or the one that takes its place."""

from __future__ import annotations

import sys
import warnings
from dataclasses import dataclass

from nbnodes.errors import KernelNotFoundError, NotebookWarning
from nbnodes.notebook.document import Notebook

NATIVE = "python3"


@dataclass(frozen=True, slots=True, kw_only=True)
class Kernelspec:
    """An installed kernel.

    Attributes:
        name: Its name among the kernelspecs.
        language: Its language in lower case.
    """

    name: str
    language: str

    @property
    def is_python(self) -> bool:
        """Whether it runs Python cells."""
        return self.language == "python"


def find_kernelspec(notebook: Notebook) -> Kernelspec:
    """Find the kernel that a notebook names; for Python, this interpreter's if there is none.

    Raises:
        KernelNotFoundError: Naming the missing kernel and those installed.
    """
    from jupyter_client.kernelspec import KernelSpecManager, NoSuchKernel

    manager = KernelSpecManager()
    name = notebook.kernel_name or NATIVE
    try:
        spec = manager.get_kernel_spec(name)
        return Kernelspec(name=name, language=(spec.language or notebook.language).lower())
    except NoSuchKernel:
        installed = ", ".join(sorted(manager.find_kernel_specs())) or "none"
    if not notebook.is_python:
        raise KernelNotFoundError(
            f"{notebook.name}: its kernel {name!r} is not installed (installed: {installed}); "
            "install that kernel, or save the notebook with another one"
        )
    warnings.warn(
        f"{notebook.name}: its kernel {name!r} is not installed; running on {sys.executable}",
        NotebookWarning,
        stacklevel=2,
    )
    return Kernelspec(name=NATIVE, language="python")
