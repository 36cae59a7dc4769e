"""The `fork` engine: each run in a child of its own, forked from a process that has all imports.

A child starts as fresh as a new interpreter and in a hundredth of its time. Where the notebook is
not Python, or names a kernel that is not this interpreter's own, the `kernel` engine runs it.
Where the operating system has no safe fork, a child is a new interpreter, started ahead of time;
the `spawn` engine does that everywhere.
"""

from __future__ import annotations

import os
import sys
import threading
from typing import Literal

from nbnodes.engines.begin import until_begun
from nbnodes.engines.children.admission import Admission
from nbnodes.engines.children.child_run import ChildRun
from nbnodes.engines.children.nursery import Nursery
from nbnodes.engines.children.origin import Origin
from nbnodes.engines.children.own_modules import local_names, not_local
from nbnodes.engines.children.setup import Setups
from nbnodes.engines.children.template import Template
from nbnodes.engines.children.workers import Workers
from nbnodes.engines.engine import Engine, RunRequest
from nbnodes.engines.forkable import needs_kernel
from nbnodes.engines.registry import open_engine
from nbnodes.errors import UsageError
from nbnodes.notebook.surroundings import imported_modules
from nbnodes.result import Result

_AGAIN = 4  # how often a run that has not begun is tried, besides once for each spare

_CAN_FORK = sys.platform == "linux" and hasattr(os, "pidfd_open")


class ForkEngine:
    """Runs Python notebooks in forked children. See `nbnodes.engines.engine.Engine`.

    Args:
        spares: How many children wait for runs.
        most: How many children run at once; others wait, as they do while memory is short.
        start: How a child begins: "fork", or "spawn" as a new interpreter; default: "fork" on
            Linux. Spawned children run `setup` cells each for itself.

    Raises:
        UsageError: If `start` is "fork" and the operating system is not Linux.
    """

    name = "fork"

    def __init__(
        self, spares: int = 2, most: int = 64, start: Literal["fork", "spawn"] | None = None
    ) -> None:
        if start == "fork" and not _CAN_FORK:
            raise UsageError("only on Linux are children forked; leave start='fork' out")
        self._forks = _CAN_FORK if start is None else start == "fork"
        self._spares = spares
        self._lock = threading.Lock()
        self._template: Template | Workers | None = None
        self._setups = Setups(spares)
        self._admission = Admission(most)
        self._kernel: Engine | None = None

    def run(self, request: RunRequest, /) -> Result:
        """Run the notebook; see `Engine.run`.

        Raises:
            EngineError: A dead child, out of time, cancelled.
            ParameterError: If a value cannot be sent to a child; nothing has run then.
        """
        if needs_kernel(request.notebook):
            return self._kernel_engine().run(request)
        times = self._spares + _AGAIN
        return until_begun(lambda: self._run(request), request.notebook.name, times=times)

    def close(self) -> None:
        """End the template and every child; a later run starts anew."""
        with self._lock:
            template, self._template = self._template, None
            kernel, self._kernel = self._kernel, None
        self._setups.close()
        if template:
            template.close()
        if kernel:
            kernel.close()

    def _run(self, request: RunRequest) -> Result:
        template = self._living_template()
        local = local_names(request.folder)
        template.preload(not_local(imported_modules(request.notebook), local))
        shared = None
        if isinstance(template, Nursery):
            shared = self._setups.shared(request, template, local)
        nursery: Nursery | Workers = shared.nursery if shared else template
        with self._admission.admitted(request.interruption, nursery.expected_bytes):
            child = nursery.lease(request.interruption)
            shown = shared.shown if shared else {}
            run = ChildRun(request, child, local, shown=shown, engine=self.name)
            result = None
            try:
                result = run.result()
            finally:
                exit_code = nursery.give_back(child, await_end=result is None)
        if result is None:
            raise run.death(exit_code)
        nursery.preload(run.imported)
        return result

    def _living_template(self) -> Template | Workers:
        """Return where children come from; anew, if it died or would now start otherwise."""
        with self._lock:
            template = self._template
            if template and not template.is_dead:
                if template.origin == Origin.of_now():
                    return template
                template.retire()
            elif template:
                template.close()
            self._template = (Template if self._forks else Workers)(self._spares)
            return self._template

    def _kernel_engine(self) -> Engine:
        with self._lock:
            self._kernel = self._kernel or open_engine("kernel")
            return self._kernel


class SpawnEngine(ForkEngine):
    """Runs Python notebooks in new interpreters: what `ForkEngine` does where there is no fork.

    Args:
        spares: How many children wait for runs.
        most: How many children run at once; others wait.
    """

    name = "spawn"

    def __init__(self, spares: int = 2, most: int = 64) -> None:
        super().__init__(spares, most, start="spawn")


def open_spawn_once() -> SpawnEngine:
    """Make the engine of a short-lived process: its one child is started when it is needed."""
    return SpawnEngine(spares=0)
