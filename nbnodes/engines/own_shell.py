"""The IPython shell of this process itself, whatever notebooks run in it meanwhile."""

from __future__ import annotations

import sys
from typing import Any


def own_shell() -> Any:
    """Return the shell; None without one.

    IPython's `get_ipython` gives, while a notebook runs in this process, that notebook's.
    """
    kernel_home = sys.modules.get("ipykernel.kernelapp")
    kernel: Any = getattr(kernel_home, "IPKernelApp", None)
    application = getattr(kernel, "_instance", None)
    if kernel is not None and isinstance(application, kernel):  # it may be another program's
        return application.shell
    home = sys.modules.get("IPython.core.interactiveshell")
    kind: Any = getattr(home, "InteractiveShell", None)
    shell = getattr(kind, "_instance", None)
    is_ours = type(shell).__module__.startswith("nbnodes.")  # a notebook's, or what stands for it
    return None if shell is None or is_ours else shell
