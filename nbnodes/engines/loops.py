"""An event loop of one run: closed when the run is over, whatever still waits on it."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from contextvars import Context
from typing import TypeVar

T = TypeVar("T")


def with_own_loop(call: Callable[[], T]) -> T:
    """Call what uses jupyter_core's `run_sync`, which keeps an open loop for each thread else.

    The main thread keeps its one, which others may use, too.
    """
    is_main = threading.current_thread() is threading.main_thread()
    if is_main or asyncio._get_running_loop() is not None:  # noqa: SLF001  # public, for event loops
        return call()
    return Context().run(_with_new_loop, call)  # a copied context brings another thread's loop


def close_loop(loop: asyncio.AbstractEventLoop) -> None:
    """Cancel what was left running in a loop, and close it."""
    loop.run_until_complete(_cancel_all())
    loop.run_until_complete(loop.shutdown_asyncgens())
    loop.close()


def _with_new_loop(call: Callable[[], T]) -> T:
    from jupyter_core.utils import ensure_event_loop

    loop = ensure_event_loop()
    try:
        return call()
    finally:
        asyncio.set_event_loop(None)
        close_loop(loop)


async def _cancel_all() -> None:
    left = asyncio.all_tasks() - {asyncio.current_task()}
    for task in left:
        task.cancel()
    await asyncio.gather(*left, return_exceptions=True)
