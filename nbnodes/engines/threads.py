"""Runs that need a thread of their own, because an event loop runs in the caller's."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context

from nbnodes.engines.engine import RunRequest
from nbnodes.result import Result


def run_in_thread(request: RunRequest, run: Callable[[RunRequest], Result]) -> Result:
    """Run on another thread and wait; an exception here, such as Ctrl-C, cancels the run."""
    with ThreadPoolExecutor(max_workers=1, thread_name_prefix="nbnodes-run") as pool:
        future = pool.submit(copy_context().run, run, request)
        try:
            return future.result()
        except BaseException:
            request.cancel.cancel()
            raise
