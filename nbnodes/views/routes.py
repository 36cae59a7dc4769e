"""The way of widget messages past a busy cell: which subshell takes them, or why none will.

A kernel handles a message on the shell for which it is meant. One for the main shell waits until
the cell that runs there ends; one for a subshell is handled at once, on that subshell's thread.
"""

from __future__ import annotations

import functools
import inspect
import threading
import time
from collections.abc import Callable
from typing import Any, Self

from nbnodes.engines.own_shell import own_shell

SUBSHELL_WITHIN_S = 5.0
"""How long a front end may take to make its subshell, which it does when it sees a first widget."""


def answer_beside_cells() -> None:
    """Have the kernel say that it has handled a widget message which came while a cell awaits.

    ipykernel 7.4 handles it and says nothing. Front ends send no second message of a widget before
    the first is answered, so one move during an `await` would leave a slider dead, for good.
    """
    kernel = getattr(own_shell(), "kernel", None)
    dispatch = getattr(kernel, "dispatch_shell", None)
    if kernel is None or dispatch is None or "dispatch_shell" in vars(kernel):
        return
    if "concurrent" not in inspect.signature(dispatch).parameters:
        return

    @functools.wraps(dispatch)
    async def answering(message: Any, /, *args: Any, **options: Any) -> None:
        cell = kernel.get_parent("shell")
        await dispatch(message, *args, **options)
        if options.get("concurrent"):
            kernel._publish_status("idle", "shell")  # noqa: SLF001  # as for any other message
            kernel._publish_status("busy", "shell", parent=cell)  # noqa: SLF001  # the cell goes on

    kernel.dispatch_shell = answering


class Routes:
    """Sends widget messages where the front end wants them while it is entered.

    ipykernel 7.4 sends what comes for a widget to the shell that wrote to that widget last, and for
    a widget that a cell made this is the main shell, which is busy.
    """

    def __init__(self, kernel: Any) -> None:
        self._subshells = _list_of_subshells(kernel)
        self._begun_at = time.monotonic()
        self._turned: list[Any] = []
        self._came_to_main = False

    def __enter__(self) -> Self:
        self._turn()
        return self

    def __exit__(self, *_: object) -> None:
        for comm in self._turned:
            vars(comm).pop("_reply_subshell_for", None)

    def obstacle(self) -> str | None:
        """Say why no message of a widget will come; None as long as one may."""
        if threading.current_thread() is not threading.main_thread():
            return "this cell runs on a subshell, where it could not be interrupted"
        if self._subshells is None:
            return "this kernel handles widget messages only when no cell runs"
        if self._came_to_main:
            return "this front end sends widget messages to the shell that the cell keeps busy"
        late = time.monotonic() - self._begun_at > SUBSHELL_WITHIN_S
        if late and not self._subshells():
            return "this front end has made no subshell for widget messages"
        self._turn()
        return None

    def _turn(self) -> None:
        """Have the kernel ask here for the way of each widget's messages."""
        from comm import get_comm_manager

        for comm in list(getattr(get_comm_manager(), "comms", {}).values()):
            if hasattr(comm, "_reply_subshell_for") and comm not in self._turned:
                self._turned.append(comm)
                comm._reply_subshell_for = self._as_asked  # noqa: SLF001  # no public way

    def _as_asked(self, _: object, subshell: str | None) -> str | None:
        """Send a message where it is meant to go; runs on the kernel's own thread."""
        if subshell is None:
            self._came_to_main = True
        return subshell


def _list_of_subshells(kernel: Any) -> Callable[[], list[str]] | None:
    """Return the function that lists a kernel's subshells, if it can have any."""
    channel = getattr(kernel, "shell_channel_thread", None)
    manager = getattr(channel, "manager", None)
    return getattr(manager, "list_subshell", None)
