"""A run gets a child: one that has run the same and kept nothing of it, or one that is new."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from nbnodes.engines.children.child import Child
from nbnodes.engines.children.child_run import ChildRun, Shown
from nbnodes.engines.children.job import Kind
from nbnodes.engines.children.nursery import Nursery
from nbnodes.engines.children.workers import Workers
from nbnodes.engines.engine import RunRequest
from nbnodes.result import Result


@dataclass(frozen=True, slots=True)
class Lent:
    """A run in children that are lent for it.

    Attributes:
        request: The run.
        nursery: Where they come from.
        what: What the nursery calls such runs.
        local: See `nbnodes.engines.children.job.Job.local_names`.
        key: Names all that the run does, its values aside, if it leaves no trace; None if it may.
        engine: The engine's name.
    """

    request: RunRequest
    nursery: Nursery | Workers
    what: str
    local: frozenset[str]
    key: Hashable
    engine: str

    def run_again(self) -> Result | None:
        """Make it where the same has been run; None if nowhere, and then it has not begun.

        Raises:
            EngineError: A dead child, out of time, cancelled.
        """
        if self.key is None or not isinstance(self.nursery, Nursery):
            return None
        while child := self.nursery.lease_again(self.key, self.what):
            run, result, exit_code = self._made(child)
            if result is not None:
                return result
            if run.has_begun:
                raise run.death(exit_code)
        return None

    def run_anew(self, shown: Mapping[int, Shown]) -> Result:
        """Make it in a child that has run nothing.

        Args:
            shown: See `ChildRun`.

        Raises:
            EngineError: A dead child, out of time, cancelled.
        """
        child = self.nursery.lease(self.request.interruption, self.what)
        run, result, exit_code = self._made(child, shown)
        if result is None:
            raise run.death(exit_code)
        self.nursery.preload(run.imported)
        return result

    def _made(
        self, child: Child, shown: Mapping[int, Shown] = MappingProxyType({})
    ) -> tuple[ChildRun, Result | None, int | None]:
        """Run in a child, and give it back; return its exit code, too, if it has died."""
        kind: Kind = "once" if self.key is None else "often"
        run = ChildRun(self.request, child, self.local, shown=shown, kind=kind, engine=self.engine)
        result = exit_code = None
        try:
            result = run.result()
        finally:
            if run.goes_on and isinstance(self.nursery, Nursery):
                self.nursery.keep(child, self.key)
            else:
                exit_code = self.nursery.give_back(child, await_end=result is None)
        return run, result, exit_code
