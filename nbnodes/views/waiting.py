"""Code that waits for a person: a change, a click or any event becomes something to `await`.

    while True:
        value = await wait_for_change(slider)

Each wait observes from its call on. What comes while a task is busy between two of its waits is
kept for the next one; the observing ends with the task.
"""

from __future__ import annotations

import asyncio
import math
from typing import Any

from nbnodes.errors import UsageError
from nbnodes.views.events import Subscribe, change_of, click_on, event_of
from nbnodes.views.inbox import next_of


def wait_for_change(
    widget: object, trait: str = "value", *, timeout_s: float | None = None
) -> asyncio.Future[Any]:
    """Wait until a trait of a widget changes; the future gives the new value.

    The change may come from a person or from code, on any thread.

    Args:
        widget: An ipywidget, or anything else that has traits.
        trait: The trait's name.
        timeout_s: How long to wait, in seconds from this call on; forever by default.

    Raises:
        UsageError: At once: there is no such trait, or no event loop runs.
        TimeoutError: Later, by the future.
    """
    return next_of(change_of(widget, trait), timeout_s=seconds(timeout_s))


def wait_for_click(button: object, *, timeout_s: float | None = None) -> asyncio.Future[Any]:
    """Wait until a Button is clicked; the future gives the Button.

    Raises:
        UsageError: At once: this is no Button, or no event loop runs.
        TimeoutError: Later, by the future.
    """
    return next_of(click_on(button), timeout_s=seconds(timeout_s))


def wait_for_event(subscribe: Subscribe, *, timeout_s: float | None = None) -> asyncio.Future[Any]:
    """Wait for the next event of any source; the future gives what came with it.

    Args:
        subscribe: Called with a callback; it has the callback called with each event, on any
            thread, and returns a function that ends that. The same function given again in the
            same task is not called again: the events between two waits are kept.
        timeout_s: How long to wait, in seconds from this call on; forever by default.

    Raises:
        UsageError: At once: this is no such function, or no event loop runs.
        TimeoutError: Later, by the future.
    """
    return next_of(event_of(subscribe), timeout_s=seconds(timeout_s))


def seconds(timeout_s: object) -> float | None:
    """Check a time to wait; None is forever.

    Raises:
        UsageError: It is no time.
    """
    if timeout_s is None:
        return None
    is_number = isinstance(timeout_s, int | float) and not isinstance(timeout_s, bool)
    if not is_number or math.isnan(timeout_s) or timeout_s < 0:  # type: ignore[arg-type, operator]
        raise UsageError(f"timeout_s is a number of seconds, or None; this is {timeout_s!r}")
    return None if timeout_s == math.inf else float(timeout_s)  # type: ignore[arg-type]
