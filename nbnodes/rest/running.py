"""A run that requests wait for: begun once, followed, stopped when nobody wants it."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from nbnodes.engines.engine import CancelToken, Progress
from nbnodes.errors import RunCancelledError
from nbnodes.live.notices import GraphProgress
from nbnodes.rest.endpoint import Endpoint, Follower
from nbnodes.result import Result
from nbnodes.scheduler.workers import RunFuture


class Running:
    """A run under way. Made and waited for on the event loop.

    Args:
        endpoint: What runs.
        values: What was given, checked.

    Attributes:
        endpoint: What runs.
        future: Its Result; to cancel it is to stop the run.

    Raises:
        ParameterError: If a value is wrong; nothing has begun then.
    """

    def __init__(self, endpoint: Endpoint, values: Mapping[str, Any]) -> None:
        self.endpoint = endpoint
        self._follower = Follower()
        self._cells: Progress | None = None
        self._nodes: GraphProgress | None = None
        heard = Follower(on_progress=self._hear_cells, on_nodes=self._hear_nodes)
        self.future: RunFuture = endpoint.submit(values, CancelToken(), heard)

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

    async def result(self, timeout_s: float | None = None) -> Result:
        """Wait for its Result; who is cancelled meanwhile stops it.

        Args:
            timeout_s: For how long.

        Raises:
            TimeoutError: If it goes on still.
            EngineError: If the machine failed, or it was stopped.
        """
        waiting = asyncio.wrap_future(self.future)
        try:
            return await asyncio.wait_for(asyncio.shield(waiting), timeout_s)
        except TimeoutError:
            waiting.add_done_callback(_seen)
            if self.future.done():
                return self.future.result()
            raise
        except asyncio.CancelledError:
            waiting.add_done_callback(_seen)
            if self.future.cancelled():
                text = f"{self.endpoint.name} was stopped before it began"
                raise RunCancelledError(text) from None
            self.stop()
            raise

    def _hear_cells(self, progress: Progress) -> None:
        self._cells = progress
        self._follower.on_progress(progress)

    def _hear_nodes(self, progress: GraphProgress) -> None:
        self._nodes = progress
        self._follower.on_nodes(progress)


def _seen(waiting: asyncio.Future[Result]) -> None:
    """Look at how it ended, so that asyncio does not warn that nobody did."""
    if not waiting.cancelled():
        waiting.exception()
