"""Which notebooks a forked child can run, and which need a Jupyter kernel."""

from __future__ import annotations

import re

from nbnodes.engines.kernels.kernelspec import kernel_identity
from nbnodes.errors import NotebookWarning, warn
from nbnodes.notebook.document import Notebook
from nbnodes.notebook.surroundings import imported_modules

_KERNELS_OWN = {"anywidget", "comm", "ipykernel", "ipywidgets"}
_ASKS_KERNEL = re.compile(r"get_ipython\(\)\.kernel\b")


def needs_kernel(notebook: Notebook, *, is_silent: bool = False) -> bool:
    """Whether a notebook must run in a kernel: it is not Python, another Python, or talks to it.

    Args:
        notebook: The notebook.
        is_silent: Whether not to warn of the last, of which the notebook's metadata say nothing.
    """
    if not notebook.is_python or kernel_identity(notebook.kernel_name):
        return True
    why = _talks_to_kernel(notebook)
    if why and not is_silent:
        text = f"{notebook.name} {why}: it runs on the kernel engine, which takes longer to start"
        warn(
            f"{text}; choose engine='kernel' (--engine kernel) to say so yourself", NotebookWarning
        )
    return bool(why)


def _talks_to_kernel(notebook: Notebook) -> str:
    tops = {name.partition(".")[0] for name in imported_modules(notebook)}
    used = sorted(tops & _KERNELS_OWN)
    if used:
        return f"imports {', '.join(used)}"
    cells = notebook.steps(parameterized=False)
    asks = any(_ASKS_KERNEL.search(cell.source) for cell in cells)
    return "uses get_ipython().kernel" if asks else ""
