"""Inside a Python kernel that serves many runs: what one leaves behind is put away.

Sent as text into kernels, and so of the standard library and IPython only. What a notebook changes
in the modules that it imports stays.
"""

from __future__ import annotations

import os
import sys
import warnings
from typing import Any


class Hooked:
    """What notebooks hook into their shell and their interpreter, as it is now.

    Args:
        shell: The IPython shell.
    """

    def __init__(self, shell: Any) -> None:
        self._shell = shell
        self._hooks = [shell.ast_transformers, *shell.events.callbacks.values()]
        self._kept = {id(hook) for hooks in self._hooks for hook in hooks}
        self._path = list(sys.path)
        self._environment = dict(os.environ)
        self._filters = list(warnings.filters)
        self._streams = (sys.stdin, sys.stdout, sys.stderr, sys.displayhook)

    def put_back(self) -> None:
        """Put it back; what libraries have hooked in stays, as they hook it in only once."""
        for hooks in self._hooks:
            hooks[:] = [hook for hook in hooks if id(hook) in self._kept or not _is_of_run(hook)]
        sys.path[:] = self._path
        if dict(os.environ) != self._environment:
            os.environ.clear()
            os.environ.update(self._environment)
        warnings.resetwarnings()
        warnings.filters[:] = self._filters  # type: ignore[index]  # it is a list
        sys.stdin, sys.stdout, sys.stderr, sys.displayhook = self._streams


def _is_of_run(hook: Any) -> bool:
    """Whether a hook was made by a notebook, or by us for its run."""
    module = str(getattr(hook, "__module__", None) or type(hook).__module__)
    return module == "__main__" or module.startswith("nbnodes_")


def forget_modules(folder: str, kept: frozenset[str]) -> None:
    """Have the modules below a folder imported anew, unless they are installed there."""
    installed = tuple(os.path.join(place, "") for place in (sys.prefix, sys.base_prefix))
    for name, module in list(sys.modules.items()):
        path = str(getattr(module, "__file__", None) or "")
        if name not in kept and path.startswith(folder) and not path.startswith(installed):
            del sys.modules[name]


def renew_names(shell: Any) -> None:
    """Give the shell a `__main__` as a new kernel has it.

    `%reset` empties the old one in place, under the threads that still use it, and collects
    garbage meanwhile, which takes longer than most runs.
    """
    shell.user_module, shell.user_ns = shell.prepare_user_module()
    shell.user_ns_hidden.clear()
    shell.init_sys_modules()
    history = shell.history_manager
    history.input_hist_parsed[:] = history.input_hist_raw[:] = [""]
    history.output_hist.clear()
    shell.init_user_ns()
    shell.execution_count = 1
    shell.compile.reset_compiler_flags()
    shell.last_execution_result = None
    for name in ("last_type", "last_value", "last_traceback", "last_exc"):
        vars(sys).pop(name, None)  # they keep the frames of an error, and all that these see
    hook = shell.displayhook
    hook._ = hook.__ = hook.___ = ""
