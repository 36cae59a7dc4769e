"""The template: a process that imports and never computes, and forks one-shot children.

What is imported in it is ready in every child. Nothing is ever run in it: a library that has
started threads of its own would leave its children with locks that nobody holds any more.
It is a program of its own (`main`), told over a socket what to do, and ends with that socket; its
children die with it. What a child leaves behind becomes a child of the template, and is killed.
"""

from __future__ import annotations

import gc
import os
import resource
import selectors
import signal
import socket
import sys
import threading
import warnings
from contextlib import suppress
from dataclasses import dataclass

from nbnodes.engines.cells import shell_side
from nbnodes.engines.cells.shell import NotebookShell
from nbnodes.engines.children import (
    child_side,
    traces,  # noqa: F401  # so that children find it loaded
)
from nbnodes.engines.children.forking import fork_child
from nbnodes.engines.children.keeping import take_orphans
from nbnodes.engines.children.seeds import Seeds
from nbnodes.engines.children.warming import preload, warm_shell
from nbnodes.engines.children.wire import Channel
from nbnodes.engines.deaths import memory_kills, with_cause
from nbnodes.engines.families import children, end_children, kill_family, kill_group


def main(descriptor: int) -> None:
    """Serve until the socket is closed.

    Args:
        descriptor: The socket, whose other end the caller holds.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the caller, who tells us
    take_orphans()
    _end_with_keeper()
    warnings.filterwarnings("ignore", message=".*use of fork", category=DeprecationWarning)
    with suppress(EOFError, BrokenPipeError):
        _Template(Channel(socket.socket(fileno=descriptor)), _ready_shell()).serve()


def _end_with_keeper() -> None:
    """When our keeper dies, do what it would have done."""
    own = os.getpid()

    def end(*_: object) -> None:
        if os.getpid() == own:
            end_children()
        os._exit(1)  # an exception would be swallowed while we fork

    signal.signal(signal.SIGTERM, end)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Child:
    """A child.

    Attributes:
        pid: Its process.
        is_orphan: Whether another child left it behind.
        memory_kills: See `nbnodes.engines.deaths.with_cause`.
    """

    pid: int
    is_orphan: bool = False
    memory_kills: int = 0


class _Template:
    def __init__(self, control: Channel, shell: NotebookShell, seeds: Seeds | None = None) -> None:
        self._control = control
        self._shell = shell
        self._seeds = seeds
        self._selector = selectors.DefaultSelector()
        self._selector.register(control, selectors.EVENT_READ)
        self._children: dict[int, _Child] = {}  # by the descriptor of their end

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
            end_children()

    def _obey(self, word: str, *rest: object) -> None:
        match word, *rest:
            case "preload", list(names):
                self._preload(names)
                self._shell.show_figures()
            case "fork", generation:
                self._fork(generation)
            case "kill", int(pid) if pid in self._pids():
                kill_group(pid)
            case _:
                pass

    def _preload(self, names: list[str]) -> None:
        """Import modules; who ends us, or leaves a thread that no child would have, is known."""
        for name in names:
            self._control.send(("importing", name))
            preload([name])
            if threading.active_count() > 1:
                sys.exit(1)
        self._control.send(("importing", ""))
        _freeze()

    def _pids(self) -> set[int]:
        return {child.pid for child in self._children.values()}

    def _fork(self, generation: object) -> None:
        kills = memory_kills()
        forked = fork_child(self._live)
        self._watch(_Child(pid=forked.pid, memory_kills=kills), os.dup(forked.descriptors[-1]))
        try:
            self._control.send(("forked", forked.pid, generation), forked.descriptors)
        finally:
            for descriptor in forked.descriptors:
                os.close(descriptor)

    def _watch(self, child: _Child, end: int) -> None:
        self._children[end] = child
        self._selector.register(end, selectors.EVENT_READ)

    def _live(self, channel: Channel) -> None:
        child_side.live(channel, self._shell, self._serve_alike, self._seeds)

    def _serve_alike(self, channel: Channel, seeds: Seeds) -> None:
        """In a child that has run a notebook's `setup` cells: be the template of that notebook."""
        nothing = os.open(os.devnull, os.O_WRONLY)
        for target in (1, 2):
            os.dup2(nothing, target)
        os.close(nothing)
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        _freeze()
        with suppress(EOFError, BrokenPipeError):
            _Template(channel, self._shell, seeds).serve()

    def _tell_end(self, end: int) -> None:
        child = self._children.pop(end)
        self._selector.unregister(end)
        os.close(end)
        kill_group(child.pid)  # before it is reaped, so that no other has its number
        _, status, usage = os.wait4(child.pid, 0)
        self._kill_orphans()
        if child.is_orphan:
            return
        exit_code = with_cause(os.waitstatus_to_exitcode(status), child.memory_kills)
        peak_bytes = max(0, usage.ru_maxrss * 1024 - _held_bytes())
        self._control.send(("ended", child.pid, exit_code, peak_bytes))

    def _kill_orphans(self) -> None:
        """Kill what has come to us from children that ended: what they started."""
        session = os.getsid(0)
        for pid in set(children(os.getpid())) - self._pids():
            if os.getsid(pid) != session:  # else an imported library's: it is for all children
                kill_family(pid)
                self._watch(_Child(pid=pid, is_orphan=True), os.pidfd_open(pid))


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
