"""The `fork` engine of a short-lived process: its children are forked from the process itself.

A template takes longer to start than most notebooks run. The command line has imported little,
has no threads and ends with its one run, so it can be what children are forked from.
"""

from __future__ import annotations

import os
from contextlib import suppress

from nbnodes.engines.children import child_side
from nbnodes.engines.children.child import Child
from nbnodes.engines.children.child_run import ChildRun
from nbnodes.engines.children.forking import fork_child
from nbnodes.engines.children.own_modules import local_names
from nbnodes.engines.children.wire import Channel
from nbnodes.engines.deaths import memory_kills, with_cause
from nbnodes.engines.engine import RunRequest
from nbnodes.engines.forkable import needs_kernel
from nbnodes.engines.outputs import INLINE_BACKEND
from nbnodes.engines.registry import open_engine
from nbnodes.result import Result


class ForkOnceEngine:
    """Runs Python notebooks in children of this process, which must have no other threads.

    The first child is forked at once, before anything can start one.
    """

    name = "fork"

    def __init__(self) -> None:
        self._memory_kills = memory_kills()
        self._child: Child | None = _forked()

    def run(self, request: RunRequest, /) -> Result:
        """Run the notebook; see `Engine.run`.

        Raises:
            EngineError: A dead child, out of time, cancelled.
            ParameterError: If a value cannot be sent to a child; nothing has run then.
        """
        if needs_kernel(request.notebook):
            return open_engine("kernel").run(request)
        child, self._child = self._child or _forked(), None
        run = ChildRun(request, child, local_names(request.folder))
        try:
            result = run.result()
        except BaseException:
            _end(child)
            raise
        exit_code = _end(child)
        if result is None:
            raise run.death(with_cause(exit_code, self._memory_kills))
        return result

    def close(self) -> None:
        """End the child that waits."""
        if self._child:
            _end(self._child)
            self._child = None


def _forked() -> Child:
    forked = fork_child(_live, is_kept=True)
    return Child(forked.pid, forked.descriptors)


def _live(channel: Channel) -> None:
    os.environ["MPLBACKEND"] = INLINE_BACKEND
    child_side.live(channel)


def _end(child: Child) -> int:
    """Have its keeper kill what is left of a child; return its exit code."""
    child.close()
    with suppress(ChildProcessError):
        _, status = os.waitpid(child.pid, 0)
        return os.waitstatus_to_exitcode(status)
    return 0
