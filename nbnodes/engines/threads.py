"""Threads for runs: they end with the program, and what they run is stopped and awaited then.

They are daemons. Python joins all other threads, those of `concurrent.futures` too, before it
calls what atexit knows, so that an endless run would never be told to stop.
"""

from __future__ import annotations

import atexit
import os
from collections.abc import Callable
from concurrent.futures import Future
from contextvars import copy_context
from threading import Thread

from nbnodes.engines.engine import RunRequest
from nbnodes.result import Result


def at_exit(stop: Callable[[], None]) -> Callable[[], None]:
    """Have this process, but no fork of it, call `stop` when it ends.

    Returns:
        What makes it not call it after all.
    """
    owner = os.getpid()

    def stop_own() -> None:
        if os.getpid() == owner:
            stop()

    atexit.register(stop_own)
    return lambda: atexit.unregister(stop_own)


def run_in_thread(request: RunRequest, run: Callable[[RunRequest], Result]) -> Result:
    """Run on another thread and wait, because an event loop runs in the caller's.

    An exception here, such as Ctrl-C, cancels the run.
    """
    future: Future[Result] = Future()
    words = (fulfil, future, lambda: run(request))
    thread = Thread(target=copy_context().run, args=words, name="nbnodes-run", daemon=True)

    def stop() -> None:
        request.cancel.cancel()
        thread.join()

    thread.start()
    forget = at_exit(stop)  # the caller's thread may be a daemon, too
    try:
        return future.result()
    except BaseException:
        request.cancel.cancel()
        raise
    finally:
        thread.join()
        forget()


def fulfil(future: Future[Result], run: Callable[[], Result]) -> None:
    """Make a run that nobody has cancelled yet, and give the future what comes of it."""
    if not future.set_running_or_notify_cancel():
        return
    try:
        result = run()
    except BaseException as error:  # noqa: BLE001  # it is the future's to raise
        future.set_exception(error)
    else:
        future.set_result(result)
