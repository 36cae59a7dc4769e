"""In a spawned worker: import what notebooks import, wait for the one job, and do it.

While it waits, the caller may tell it ("preload", names); the first other message is the `Job` that
`children.child_side` takes, and so are all that follow. Where IPython is among the imports,
a shell is made ready too.
"""

from __future__ import annotations

import io
import os
import signal
import socket
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from typing import TYPE_CHECKING

from nbnodes.engines.cells import shell_side
from nbnodes.engines.children import child_side
from nbnodes.engines.children.job import Job
from nbnodes.engines.children.warming import preload, warm_shell
from nbnodes.engines.children.wire import Channel, Frame
from nbnodes.engines.families import end_children

if TYPE_CHECKING:
    from nbnodes.engines.cells.shell import NotebookShell

_SHELLS_HOME = "IPython.core.interactiveshell"


def main(descriptor: int) -> None:
    """Be a worker; the process ends with it.

    Args:
        descriptor: The connection to the caller; on Windows it comes through standard input.
    """
    try:
        _take_signals()
        _take_orphans()
        _serve(_connection(descriptor))
        end_children()
        os._exit(0)  # as a forked child ends: nothing of the notebook's runs after the run
    except BaseException:  # noqa: BLE001  # it is told in the caller's error
        import traceback

        traceback.print_exc(file=sys.__stderr__)
        os._exit(1)


class _ShellWanted(Exception):  # noqa: N818  # not an error: it leads back to where shells are made
    """IPython has been imported: the run is to find a shell that is ready."""


class _WaitingChannel(Channel):
    """A connection over which imports may be asked for until the job comes."""

    def __init__(self, end: socket.socket) -> None:
        super().__init__(end)
        self.shell: NotebookShell | None = None
        self._has_job = False

    def receive(self) -> Frame:
        """Wait for the next message that is the job's."""
        while True:
            frame = super().receive()
            if self._has_job:
                return frame
            message = frame.load()
            if isinstance(message, Job):
                self._has_job = True
                return frame
            self._prepare(message[1])

    def _prepare(self, names: Iterable[str]) -> None:
        with _silence():
            preload(names)
            if self.shell:
                self.shell.show_figures()
        if self.shell is None and _SHELLS_HOME in sys.modules:
            raise _ShellWanted


def _serve(end: socket.socket) -> None:
    channel = _WaitingChannel(end)
    import getpass  # noqa: F401  # for `live`, which has it ask nobody

    shell_side.pickled({"n": [1.0]})  # what values need is imported now
    child_side.rehearsal()
    while True:
        try:
            child_side.live(channel, channel.shell)
        except _ShellWanted:
            with _silence():
                channel.shell = warm_shell()
        else:
            return


def _take_signals() -> None:
    """Have signals mean what they mean in a new interpreter, whatever the caller ignores."""
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    for name in ("SIGINT", "SIGBREAK"):  # the latter is how Windows interrupts a process group
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), signal.default_int_handler)


def _take_orphans() -> None:
    if sys.platform == "linux":
        from nbnodes.engines.children.keeping import take_orphans

        take_orphans()  # so that nothing that the notebook starts leaves us before our end


def _connection(descriptor: int) -> socket.socket:
    if sys.platform == "win32":  # could not be tried: no machine to try it on
        end = socket.fromshare(sys.stdin.buffer.read())
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        return end
    end = socket.socket(fileno=descriptor)
    end.set_inheritable(False)  # what a notebook starts has no part in it
    return end


@contextmanager
def _silence() -> Iterator[None]:
    """Let nothing that is written in a block become an output of the run, past Python or not."""
    kept = [(target, os.dup(target)) for target in (1, 2)]
    nothing = os.open(os.devnull, os.O_WRONLY)
    try:
        for target, _ in kept:
            os.dup2(nothing, target)
        with redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()):
            yield
    finally:
        os.close(nothing)
        for target, before in kept:
            os.dup2(before, target)
            os.close(before)
