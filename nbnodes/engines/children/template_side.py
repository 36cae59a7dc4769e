"""The template: a process that imports and never computes, and forks one-shot children.

What is imported in it is ready in every child. Nothing is ever run in it: a library that has
started threads of its own would leave its children with locks that nobody holds any more.
It is a program of its own (`main`), told over a socket what to do, and ends with that socket; its
children die with it.
"""

from __future__ import annotations

import gc
import os
import resource
import selectors
import signal
import socket
import warnings
from contextlib import suppress

from nbnodes.engines.cells import shell_side
from nbnodes.engines.cells.shell import NotebookShell
from nbnodes.engines.children import child_side
from nbnodes.engines.children.forking import fork_child, kill_group
from nbnodes.engines.children.warming import preload, warm_shell
from nbnodes.engines.children.wire import Channel


def main(descriptor: int) -> None:
    """Serve until the socket is closed.

    Args:
        descriptor: The socket, whose other end the caller holds.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the caller, who tells us
    warnings.filterwarnings("ignore", message=".*use of fork", category=DeprecationWarning)
    with suppress(EOFError, BrokenPipeError):
        _Template(Channel(socket.socket(fileno=descriptor)), _ready_shell()).serve()


class _Template:
    def __init__(self, control: Channel, shell: NotebookShell) -> None:
        self._control = control
        self._shell = shell
        self._selector = selectors.DefaultSelector()
        self._selector.register(control, selectors.EVENT_READ)
        self._watched: dict[int, int] = {}  # descriptor of a child's end: its pid

    def serve(self) -> None:
        """Do what the caller asks, and tell of each child's end."""
        try:
            while True:
                for key, _ in self._selector.select():
                    if key.fileobj is self._control:
                        self._obey(*self._control.receive().load())
                    else:
                        self._tell_end(key.fd)
        finally:
            for pid in self._watched.values():
                kill_group(pid)

    def _obey(self, word: str, *rest: object) -> None:
        match word, *rest:
            case "preload", list(names):
                preload(names)
                _freeze()
                self._shell.show_figures()
            case "fork", generation:
                self._fork(generation)
            case "kill", int(pid) if pid in self._watched.values():
                kill_group(pid)
            case _:
                pass

    def _fork(self, generation: object) -> None:
        forked = fork_child(self._live)
        watch = os.pidfd_open(forked.pid)
        self._watched[watch] = forked.pid
        self._selector.register(watch, selectors.EVENT_READ)
        try:
            self._control.send(("forked", forked.pid, generation), forked.descriptors)
        finally:
            for descriptor in forked.descriptors:
                os.close(descriptor)

    def _live(self, channel: Channel) -> None:
        child_side.live(channel, self._shell, self._serve_alike)

    def _serve_alike(self, channel: Channel) -> None:
        """In a child that has run a notebook's `setup` cells: be the template of that notebook."""
        nothing = os.open(os.devnull, os.O_WRONLY)
        for target in (1, 2):
            os.dup2(nothing, target)
        os.close(nothing)
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        _freeze()
        with suppress(EOFError, BrokenPipeError):
            _Template(channel, self._shell).serve()

    def _tell_end(self, watch: int) -> None:
        pid = self._watched[watch]
        kill_group(pid)  # what it started; before it is reaped, so that no other has its number
        _, status, usage = os.wait4(pid, 0)
        del self._watched[watch]
        self._selector.unregister(watch)
        os.close(watch)
        peak_bytes = max(0, usage.ru_maxrss * 1024 - _held_bytes())
        self._control.send(("ended", pid, os.waitstatus_to_exitcode(status), peak_bytes))


def _held_bytes() -> int:
    """Return the memory of this process: what is shared with it is not a child's own.

    Not its `ru_maxrss`: that begins with the one of the program that started it (execve(2)).
    """
    with open("/proc/self/statm", encoding="ascii") as file:
        return int(file.read().split()[1]) * resource.getpagesize()


def _ready_shell() -> NotebookShell:
    """Make the shell that children come to life with, and go once where every run goes."""
    shell = warm_shell()
    child_side.rehearsal()
    shell_side.pickled({"n": [1.0]})
    _freeze()
    return shell


def _freeze() -> None:
    gc.collect()
    gc.freeze()  # else the collector of each child would copy every page
