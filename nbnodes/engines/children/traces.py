"""What runs left in this process besides names; those are taken back. Linux only.

The code of such runs was read before (`nbnodes.notebook.traceless`): what is looked at here is what
code does not tell (memory, warnings), and whether the reading was right.
"""

from __future__ import annotations

import builtins
import gc
import os
import resource
import signal
import sys
import warnings
from typing import Any

_MOST_GROWTH_KB = 32_000
_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGALRM, signal.SIGCHLD)


class Traces:
    """This process as it was before the first run.

    Args:
        names: The namespace of the runs.
    """

    def __init__(self, names: dict[str, Any]) -> None:
        self._names = names
        self._before = dict(names)
        self._builtins = dict(vars(builtins))
        self._state = _state()
        self._peak_kb = _peak_kb()

    def is_none(self) -> bool:
        """Whether all but the namespace is as it was."""
        if _peak_kb() - self._peak_kb > _MOST_GROWTH_KB or vars(builtins) != self._builtins:
            return False
        try:
            return _state() == self._state
        except FileNotFoundError:  # somebody has removed the folder
            return False

    def forget_names(self) -> None:
        """Make the namespace what it was; of an error that was shown, nothing is kept."""
        for name in ("last_type", "last_value", "last_traceback", "last_exc"):
            vars(sys).pop(name, None)
        self._names.clear()
        self._names.update(self._before)


def _state() -> tuple[object, ...]:
    return (
        len(sys.modules),
        tuple(sys.path),
        os.getcwd(),
        len(os.listdir("/proc/self/fd")),
        len(os.listdir("/proc/self/task")),
        tuple(map(signal.getsignal, _SIGNALS)),
        signal.getitimer(signal.ITIMER_REAL),
        (id(sys.stdout), id(sys.stderr), id(sys.displayhook), id(sys.excepthook)),
        (sys.getrecursionlimit(), sys.get_int_max_str_digits(), sys.getswitchinterval()),
        (sys.gettrace(), sys.getprofile(), gc.isenabled(), gc.get_threshold()),
        tuple(warnings.filters),
    )


def _peak_kb() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
