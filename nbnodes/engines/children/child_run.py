"""One run in a child, seen from the caller: its messages become a Result."""

from __future__ import annotations

import pickle
import selectors
from collections import deque
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, TypeAlias

from nbnodes.engines.cells.program import plain_program
from nbnodes.engines.children.child import Child
from nbnodes.engines.children.job import Job, Kind
from nbnodes.engines.children.nursery import TOO_MANY_FILES
from nbnodes.engines.children.own_modules import not_local
from nbnodes.engines.children.pipes import Pipes
from nbnodes.engines.children.waking import woken_by_cancel
from nbnodes.engines.children.watch import Interrupted, Watch
from nbnodes.engines.children.wire import SIMPLE, Dumps, Frame, Unpicklable
from nbnodes.engines.deaths import cause_of_death, last_words
from nbnodes.engines.engine import GRACE_S, RunRequest
from nbnodes.engines.raised import RaisedError, UntransferableValue
from nbnodes.engines.refusals import unloadable, unsendable
from nbnodes.engines.run import Run
from nbnodes.errors import EngineError, KernelDiedError, NotBegunError
from nbnodes.result import Result

Message: TypeAlias = tuple[str, Mapping[str, Any]]
Shown: TypeAlias = tuple[float, list[Message]]
"""Seconds that a cell took, and the messages of what it showed."""


class ChildRun:
    """One run in one child. Belongs to one thread.

    Args:
        request: The run.
        child: Where it is made.
        local: See `Job.local_names`.
        shown: What cells showed that have run already, by index: they are not run again.
        kind: See `Job`.
        engine: The name of the engine that makes the run.

    Attributes:
        imported: Names of the installed modules that the run imported.
        goes_on: Whether the child waits for other values, for another run.
    """

    def __init__(
        self,
        request: RunRequest,
        child: Child,
        local: frozenset[str],
        *,
        shown: Mapping[int, Shown] = MappingProxyType({}),
        kind: Kind = "once",
        engine: str = "fork",
    ) -> None:
        self._request = request
        self._child = child
        self._local_names = local
        self._run = Run(request, engine)
        self._steps = deque(request.steps)
        self._shown = shown
        self._kind = kind
        self._is_in_cell = False
        self._pipes = Pipes(child, self._run)
        self.imported: list[str] = []
        self.goes_on = False

    @property
    def has_begun(self) -> bool:
        """Whether a cell has."""
        return self._run.cell is not None

    def result(self) -> Result | None:
        """Run the cells; None if the child died.

        Raises:
            EngineError: Out of time, or cancelled.
            ParameterError: If a value cannot be sent.
        """
        with (
            woken_by_cancel(self._request) as wake,
            Watch(self._run, self._child, self._pipes, wake) as watch,
        ):
            try:
                if not self._has_begun():
                    self._pipes.drain_all()
                    return None
                return self._received(watch)
            except Interrupted as interrupted:
                self._stop(watch)
                # of the cell that had begun by then
                raise self._run.interruption() or interrupted.error from None
            except KeyboardInterrupt:
                self._stop(watch)
                raise

    def death(self, exit_code: int | None) -> KernelDiedError:
        """Return the error of a child that died."""
        how = "and nobody saw how" if exit_code is None else cause_of_death(exit_code)
        said = last_words(self._pipes.last_words)
        kind = NotBegunError if self._run.cell is None else KernelDiedError
        return kind(f"{self._run.where}: the process ended {how}{said}")

    def _has_begun(self) -> bool:
        request, channel = self._request, self._child.channel
        try:
            if not self._child.has_job:
                channel.send(self._job())
                self._child.has_job = True
            channel.send(dict(request.values), dumps=_dumps_of(request.values))
        except Unpicklable as error:
            raise unsendable(request) from error.__cause__
        except (OSError, EOFError):
            return False
        return True

    def _job(self) -> Job:
        request = self._request
        left = [n for n, cell in enumerate(request.steps) if cell.index not in self._shown]
        program = plain_program(request)
        return Job(
            cells=tuple(request.steps[n] for n in left),
            program=program and tuple(program[n] for n in left),
            folder=request.folder,
            local_names=self._local_names,
            kind=self._kind,
        )

    def _received(self, watch: Watch) -> Result | None:
        """Take the child's messages, until the last one or its death."""
        channel = self._child.channel
        while True:
            try:
                watch.look()
                frame = channel.receive()  # which awaits the child by the watch
            except EOFError:
                self._pipes.drain_all()
                return None
            result = self._take(frame)
            if result is not None:
                return result

    def _stop(self, watch: Watch) -> None:
        """Interrupt the cell and give it a moment; what is left is killed when it is given back.

        No further cell begins: the child looks whether we have ended sending before each. Messages
        are read to learn which cell had begun by now, and so that the child can go on at all.
        """
        channel = self._child.channel
        channel.end_sending()
        self._child.interrupt()
        watch.give_grace(GRACE_S)
        try:
            while channel.is_torn:
                channel.discard()
            while True:
                watch.await_channel(selectors.EVENT_READ)
                match channel.receive().load():
                    case "next", *_:
                        self._begin()
                    case "value", *_:
                        return
                    case _:
                        pass
        except Exception:  # noqa: BLE001  # whatever it has become, it is over
            return

    def _take(self, frame: Frame) -> Result | None:
        if frame.is_short:
            raise EngineError(f"{self._run.where}: {TOO_MANY_FILES}")
        try:
            message = frame.load()
        except Exception as error:  # noqa: BLE001  # loading a value runs its classes' own code
            message = ("value", None, None, UntransferableValue.unloaded(error), (), False)
        match message:
            case "output", kind, content:
                self._run.feed(kind, content)
            case "next", duration_s, error:
                self._next(duration_s, error)
            case "value", duration_s, error, value, modules, goes_on:
                self.goes_on = goes_on
                self.imported = not_local(modules, self._local_names)
                if self._end(duration_s, error):
                    self._show_shared()
                return self._run.result(value)
            case "unloadable", ename, evalue:
                raise unloadable(self._request, ename, evalue)
            case _:
                pass
        return None

    def _next(self, duration_s: float | None, error: RaisedError | None) -> None:
        self._end(duration_s, error)
        self._begin()

    def _end(self, duration_s: float | None, error: RaisedError | None) -> bool:
        """Note that the cell has ended, if one had begun; return whether more may follow."""
        was_in_cell, self._is_in_cell = self._is_in_cell, False
        return not was_in_cell or self._run.end(error, duration_s=duration_s)

    def _begin(self) -> None:
        """Note that the next cell begins."""
        self._show_shared()
        self._run.begin(self._steps.popleft())
        self._is_in_cell = True

    def _show_shared(self) -> None:
        """Show what the next cells have shown when they ran for all calls."""
        while self._steps and self._steps[0].index in self._shown:
            cell = self._steps.popleft()
            duration_s, messages = self._shown[cell.index]
            self._run.begin(cell)
            for kind, content in messages:
                self._run.feed(kind, content)
            self._run.end(None, duration_s=duration_s)


def _dumps_of(values: Mapping[str, Any]) -> Dumps:
    """Return what pickles values: cloudpickle, if a class of the caller's may be among them."""
    if all(type(value) in SIMPLE for value in values.values()):
        return pickle.dumps
    import cloudpickle

    dumps: Dumps = cloudpickle.dumps
    return dumps
