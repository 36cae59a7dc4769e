"""The `fork` engine: each run in a child of its own, forked from a process that has all imports.

A child starts as fresh as a new interpreter and in a hundredth of its time. One whose run can have
left no trace is as fresh as before, and serves other runs of its notebook. Where the notebook is
not Python, or names a kernel that is not this interpreter's own, the `kernel` engine runs it.
Where the operating system has no safe fork, a child is a new interpreter, started ahead of time;
the `spawn` engine does that everywhere.
"""

from __future__ import annotations

import errno
import os
import sys
import threading
from collections.abc import Hashable
from typing import Literal
from weakref import WeakSet

from nbnodes.engines.begin import until_begun
from nbnodes.engines.children.admission import Admission
from nbnodes.engines.children.lent import Lent
from nbnodes.engines.children.nursery import TOO_MANY_FILES, Nursery
from nbnodes.engines.children.origin import Origin
from nbnodes.engines.children.own_modules import local_names, not_local
from nbnodes.engines.children.setup import Setups
from nbnodes.engines.children.template import Template
from nbnodes.engines.children.workers import Workers
from nbnodes.engines.engine import Engine, RunRequest
from nbnodes.engines.forkable import needs_kernel
from nbnodes.engines.registry import open_engine
from nbnodes.errors import EngineError, UsageError
from nbnodes.notebook.document import SETUP
from nbnodes.notebook.surroundings import imported_modules
from nbnodes.notebook.traceless import are_plain, modules_without_trace
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
        reuse: Whether forked children serve several runs of a notebook that leaves no trace.

    Raises:
        UsageError: If `start` is "fork" and the operating system is not Linux.
    """

    name = "fork"

    _lock: threading.Lock
    _templates: list[Template | Workers]  # the last one serves new runs
    _setups: Setups
    _admission: Admission
    _kernel: Engine | None

    def __init__(
        self,
        spares: int = 2,
        most: int = 64,
        start: Literal["fork", "spawn"] | None = None,
        *,
        reuse: bool = True,
    ) -> None:
        if start == "fork" and not _CAN_FORK:
            raise UsageError("only on Linux are children forked; leave start='fork' out")
        self._forks = _CAN_FORK if start is None else start == "fork"
        self._spares = spares
        self._most = most
        self._reuses = reuse
        self._refused: set[str] = set()
        self._begin()
        _engines.add(self)

    def run(self, request: RunRequest, /) -> Result:
        """Run the notebook; see `Engine.run`.

        Raises:
            EngineError: A dead child, out of time, cancelled.
            ParameterError: If a value cannot be sent to a child; nothing has run then.
        """
        if needs_kernel(request.notebook):
            return self._kernel_engine().run(request)
        times = self._spares + _AGAIN
        try:
            return until_begun(lambda: self._run(request), request.notebook.name, times=times)
        except OSError as error:
            if error.errno in (errno.EMFILE, errno.ENFILE):
                raise EngineError(f"{request.notebook.name}: {TOO_MANY_FILES}") from error
            raise

    def close(self) -> None:
        """End the template and every child; a later run starts anew."""
        with self._lock:
            templates, self._templates = self._templates, []
            kernel, self._kernel = self._kernel, None
        self._setups.close()
        for template in templates:
            template.close()
        if kernel:
            kernel.close()

    def begin_in_fork(self) -> None:
        """In a process forked from the caller's: what serves the caller is not ours."""
        templates, setups = self._templates, self._setups
        self._begin()
        setups.abandon()
        for template in templates:
            template.abandon()

    def _begin(self) -> None:
        self._lock = threading.Lock()
        self._templates = []
        self._setups = Setups(self._spares)
        self._admission = Admission(self._most)
        self._kernel = None

    def _run(self, request: RunRequest) -> Result:
        template = self._living_template()
        local = local_names(request.folder)
        template.preload(not_local(imported_modules(request.notebook, surely=True), local))
        shared = None
        if isinstance(template, Nursery):
            shared = self._setups.shared(request, template, local)
        nursery: Nursery | Workers = shared.nursery if shared else template
        what = os.path.join(request.folder, request.notebook.name)
        key = None if shared else self._key(request, local)
        with self._admission.admitted(request.interruption, nursery.expected_bytes(what)):
            lent = Lent(request, nursery, what, local, key, self.name)
            return lent.run_again() or lent.run_anew(shared.shown if shared else {})

    def _key(self, request: RunRequest, local: frozenset[str]) -> Hashable:
        """Name all that a run does, its values aside, if it can leave no trace; None if it may."""
        if not (self._forks and self._reuses and are_plain(request.values.values())):
            return None
        names = frozenset(request.values)
        modules = modules_without_trace(request.steps, names)
        if modules is None or modules & local or any(SETUP in cell.tags for cell in request.steps):
            return None
        return request.steps, names, request.folder, local

    def _living_template(self) -> Template | Workers:
        """Return where children come from; anew, if it died or would now start otherwise."""
        with self._lock:
            for dead in [template for template in self._templates if template.is_dead]:
                dead.close()
                self._templates.remove(dead)
            for template in self._templates[-1:]:
                if template.origin == Origin.of_now():
                    return template
                template.retire()
            made = (Template if self._forks else Workers)(self._spares, self._refused)
            self._templates.append(made)
            return made

    def _kernel_engine(self) -> Engine:
        with self._lock:
            self._kernel = self._kernel or open_engine("kernel")
            return self._kernel


_engines: WeakSet[ForkEngine] = WeakSet()


def _begin_in_fork() -> None:
    for engine in list(_engines):
        engine.begin_in_fork()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_begin_in_fork)


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
