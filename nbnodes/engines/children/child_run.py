"""One run in a forked child, seen from the caller: its messages become a Result."""

from __future__ import annotations

import pickle
import selectors
import time
from collections import deque
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any, TypeAlias

from nbnodes.engines.cells.program import plain_program
from nbnodes.engines.children.child import Child, NotBegunError
from nbnodes.engines.children.job import Job
from nbnodes.engines.children.own_modules import not_local
from nbnodes.engines.children.pipes import Pipes
from nbnodes.engines.children.waking import woken_by_cancel
from nbnodes.engines.children.wire import SIMPLE, Dumps, Frame
from nbnodes.engines.deaths import cause_of_death
from nbnodes.engines.engine import GRACE_S, RunRequest
from nbnodes.engines.raised import RaisedError, UntransferableValue
from nbnodes.engines.refusals import unloadable, unsendable
from nbnodes.engines.run import Run
from nbnodes.errors import KernelDiedError
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
        is_setup: See `Job`.
        engine: The name of the engine that makes the run.

    Attributes:
        imported: Names of the installed modules that the run imported.
    """

    def __init__(
        self,
        request: RunRequest,
        child: Child,
        local: frozenset[str],
        *,
        shown: Mapping[int, Shown] = MappingProxyType({}),
        is_setup: bool = False,
        engine: str = "fork",
    ) -> None:
        self._request = request
        self._child = child
        self._local_names = local
        self._run = Run(request, engine)
        self._steps = deque(request.steps)
        self._shown = shown
        self._is_setup = is_setup
        self._is_in_cell = False
        self._pipes = Pipes(child, self._run)
        self.imported: list[str] = []

    def result(self) -> Result | None:
        """Run the cells; None if the child died.

        Raises:
            EngineError: Out of time, or cancelled.
            ParameterError: If a value cannot be sent.
        """
        if not self._has_begun():
            self._pipes.drain_all()
            return None
        with woken_by_cancel(self._request) as wake:
            for frame in self._frames(wake):
                result = self._take(frame)
                if result is not None:
                    return result
        return None

    def death(self, exit_code: int | None) -> KernelDiedError:
        """Return the error of a child that died."""
        how = "with its template" if exit_code is None else cause_of_death(exit_code)
        last = " | ".join(self._pipes.last_words.strip().splitlines()[-3:])
        said = f"; it last said: {last}" if last else ""
        kind = NotBegunError if self._run.cell is None else KernelDiedError
        return kind(f"{self._run.where}: the process ended {how}{said}")

    def _has_begun(self) -> bool:
        request, channel = self._request, self._child.channel
        job = self._job()
        try:
            channel.send(job)
            channel.send(dict(request.values), dumps=_dumps_of(request.values))
        except OSError:
            return False
        except Exception as error:
            # a class may fail to pickle in any way it likes
            raise unsendable(request) from error
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
            is_setup=self._is_setup,
        )

    def _frames(self, wake: int) -> Iterator[Frame]:
        """Yield the child's messages until it dies, and log what it writes past them."""
        child = self._child
        with selectors.DefaultSelector() as selector:
            for source in (child.channel, wake):
                selector.register(source, selectors.EVENT_READ)
            self._pipes.watch(selector)
            while True:
                if child.channel.fileno() in self._arrived(selector):
                    try:
                        frame = child.channel.receive()
                    except EOFError:
                        self._pipes.drain_all()
                        return
                    yield frame

    def _arrived(self, selector: selectors.BaseSelector) -> set[int]:
        """Wait; return the descriptors that can be read, having logged what pipes hold.

        Raises:
            EngineError: Out of time, or cancelled.
        """
        try:
            arrived = {key.fd for key, _ in selector.select(self._run.remaining_s)}
        except KeyboardInterrupt:
            self._stop(selector)
            raise
        if self._run.interruption():
            self._stop(selector)
            error = self._run.interruption()  # of the cell that had begun by then
            if error:
                raise error
        if self._child.channel.fileno() in arrived:
            return arrived  # a cell's beginning comes before what it writes
        self._pipes.drain(arrived, selector)
        return arrived

    def _stop(self, selector: selectors.BaseSelector) -> None:
        """Interrupt the cell and give it a moment; what is left is killed when it is given back."""
        self._child.interrupt()
        until = time.monotonic() + GRACE_S
        channel = self._child.channel.fileno()
        while (left_s := until - time.monotonic()) > 0:
            if not any(key.fd == channel for key, _ in selector.select(left_s)):
                continue
            try:
                message = self._child.channel.receive().load()
            except Exception:  # noqa: BLE001  # whatever it has become, it is over
                return
            if message[0] == "next":
                self._begin()
            elif message[0] == "value":
                return

    def _take(self, frame: Frame) -> Result | None:
        try:
            message = frame.load()
        except Exception as error:  # noqa: BLE001  # loading a value runs its classes' own code
            reason = f"{type(error).__name__}: {error}"
            lost = UntransferableValue(type_name="value", reason=reason)
            message = ("value", None, None, lost, ())
        match message:
            case "output", kind, content:
                self._run.feed(kind, content)
            case "next", duration_s, error:
                self._next(duration_s, error)
            case "value", duration_s, error, value, modules:
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
