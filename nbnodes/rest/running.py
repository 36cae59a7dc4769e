"""A run that requests wait for: begun once, followed, stopped when nobody wants it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from nbnodes.engines.engine import CancelToken, Progress
from nbnodes.errors import RunCancelledError, UsageError
from nbnodes.live.notices import GraphProgress
from nbnodes.rest.admission import closing
from nbnodes.rest.endpoint import Endpoint, Follower
from nbnodes.rest.problem import refused
from nbnodes.result import Result
from nbnodes.scheduler.workers import RunFuture


class Running:
    """A run under way. Made and waited for on the event loop.

    Args:
        endpoint: What runs.
        values: What was given, checked.
        on_end: Called on the loop when it has ended.

    Attributes:
        endpoint: What runs.
        future: Its Result; to cancel it is to stop the run.
        is_awaited: Whether somebody waits for its Result here.

    Raises:
        ParameterError: If a value is wrong; nothing has begun then.
    """

    def __init__(
        self,
        endpoint: Endpoint,
        values: Mapping[str, Any],
        on_end: Callable[[Running], None] = lambda _: None,
    ) -> None:
        self.endpoint = endpoint
        self._on_end = on_end
        self._follower = Follower()
        self._cells: Progress | None = None
        self._nodes: GraphProgress | None = None
        loop = asyncio.get_running_loop()
        self._told = loop.create_future()
        self._is_given_up = False
        self.is_awaited = False
        heard = Follower(on_progress=self._hear_cells, on_nodes=self._hear_nodes)
        self.future: RunFuture = endpoint.submit(values, CancelToken(), heard)
        ended = [self._ended]  # taken out, so that nothing goes on holding the Result
        self.future.add_done_callback(lambda _: _soon(loop, ended.pop()))

    def follow(self, follower: Follower) -> None:
        """Tell how far it is from now on, and at once how far it was told to be last."""
        self._follower = follower
        if self._cells is not None:
            follower.on_progress(self._cells)
        if self._nodes is not None:
            follower.on_nodes(self._nodes)

    def stop(self) -> None:
        """Stop it."""
        self.future.cancel()

    def give_up(self) -> None:
        """Stop it, and tell who waits at once that the server ends: it may be slow to stop."""
        if not self.future.done() and not self._told.done():
            self._is_given_up = True
            self._told.set_result(None)
            self.stop()

    async def result(self, timeout_s: float | None = None) -> Result:
        """Wait for its Result; who is cancelled meanwhile stops it.

        Args:
            timeout_s: For how long.

        Raises:
            TimeoutError: If it goes on still.
            EngineError: If the machine failed, or it was stopped.
            ProblemError: If the server ends before it does.
        """
        self.is_awaited = True
        try:
            await asyncio.wait((self._told,), timeout=timeout_s)
        except asyncio.CancelledError:
            self.stop()
            raise
        finally:
            self.is_awaited = False
        if self._is_given_up:
            raise closing()
        if self.future.cancelled():
            raise RunCancelledError(f"{self.endpoint.name} was stopped before it began")
        if self.future.done():
            with own_fault():
                return self.future.result()
        raise TimeoutError

    def _ended(self) -> None:
        if not self._told.done():
            self._told.set_result(None)
        self._on_end(self)

    def _hear_cells(self, progress: Progress) -> None:
        self._cells = progress
        self._follower.on_progress(progress)

    def _hear_nodes(self, progress: GraphProgress) -> None:
        self._nodes = progress
        self._follower.on_nodes(progress)


@contextmanager
def own_fault() -> Iterator[None]:
    """Tell as the server's fault what no value can cause, such as a folder that is gone."""
    try:
        yield
    except UsageError as error:
        if type(error) is not UsageError:  # a kind that says whose mistake it is
            raise
        raise refused(500, "Cannot run", str(error)) from error


def _soon(loop: asyncio.AbstractEventLoop, call: Callable[[], None]) -> None:
    """Call something on the loop, unless it has ended."""
    try:
        loop.call_soon_threadsafe(call)
    except RuntimeError:  # closed: the server ended while this ran
        return
