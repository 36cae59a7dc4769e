"""Runs on worker threads: a call goes in, a RunFuture comes out that can still be stopped."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextvars import copy_context
from weakref import WeakSet

from nbnodes.engines.engine import CancelToken
from nbnodes.result import Result


class RunFuture(Future[Result]):
    """A run under way. `cancel` stops it even once begun; it then ends in RunCancelledError."""

    def __init__(self, cancel: CancelToken) -> None:
        super().__init__()
        self._cancel = cancel

    def cancel(self) -> bool:
        """Stop the run; False if it has ended already."""
        if super().cancel():
            return True
        self._cancel.cancel()
        return not self.done()


class Workers:
    """A fixed number of threads that make runs in the order they were submitted."""

    def __init__(self, count: int) -> None:
        self._pool = ThreadPoolExecutor(count, thread_name_prefix="nbnodes-worker")
        self._waiting: WeakSet[RunFuture] = WeakSet()

    def submit(self, run: Callable[[], Result], cancel: CancelToken) -> RunFuture:
        """Make a run on a worker."""
        future = RunFuture(cancel)
        self._waiting.add(future)
        self._pool.submit(copy_context().run, _fulfil, future, run)
        return future

    def close(self) -> None:
        """Wait for what runs; what has not begun never will."""
        for future in list(self._waiting):
            future.cancel()
        self._pool.shutdown(wait=True)


def _fulfil(future: RunFuture, run: Callable[[], Result]) -> None:
    if not future.set_running_or_notify_cancel():
        return
    try:
        result = run()
    except BaseException as error:  # noqa: BLE001  # it is the future's to raise
        future.set_exception(error)
    else:
        future.set_result(result)
