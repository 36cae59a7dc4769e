"""Forks a one-shot child: a process group of its own, its output in pipes, gone with its parent."""

from __future__ import annotations

import ctypes
import os
import signal
import socket
import sys
from collections.abc import Callable
from contextlib import suppress
from typing import NamedTuple

from nbnodes.engines.children.wire import Channel

_LIBC = ctypes.CDLL(None)
_PR_SET_PDEATHSIG = 1  # prctl(2)
_KEPT = 3  # the child's end of the connection


class Forked(NamedTuple):
    """A child, seen from its parent.

    Attributes:
        pid: Its process, and its process group.
        descriptors: The parent's ends: of the connection, and of the pipes that the child's
            standard output and error go to. The parent's to close.
    """

    pid: int
    descriptors: tuple[int, int, int]


def fork_child(live: Callable[[Channel], None]) -> Forked:
    """Fork a child that lives and then ends; to be called where there is one thread only.

    Args:
        live: What the child does, given its end of the connection.
    """
    near, far = socket.socketpair()
    out, err = os.pipe(), os.pipe()
    parent_pid = os.getpid()
    pid = os.fork()
    if not pid:
        try:
            live(_settle(far, out[1], err[1], parent_pid))
            os._exit(0)
        except BaseException:  # noqa: BLE001  # nothing may fall into what the parent goes on with
            import traceback

            traceback.print_exc(file=sys.__stderr__)
            os._exit(1)
    for descriptor in (far.detach(), out[1], err[1]):
        os.close(descriptor)
    return Forked(pid, (near.detach(), out[0], err[0]))


def kill_group(pid: int) -> None:
    """Kill a child and what it started."""
    for kill in (os.killpg, os.kill):
        with suppress(ProcessLookupError, PermissionError):
            kill(pid, signal.SIGKILL)


def _settle(end: socket.socket, out: int, err: int, parent_pid: int) -> Channel:
    """Become a process as a new interpreter is one."""
    _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent_pid:  # it died before that held
        os._exit(1)
    os.setsid()  # a group of its own to kill, and no terminal to ask
    for number in (signal.SIGTERM, signal.SIGCHLD):
        signal.signal(number, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    nothing = os.open(os.devnull, os.O_RDONLY)
    for source, target in ((nothing, 0), (out, 1), (err, 2)):
        os.dup2(source, target)
    if end.fileno() != _KEPT:
        os.dup2(end.fileno(), _KEPT)
    end.detach()
    os.closerange(_KEPT + 1, os.sysconf("SC_OPEN_MAX"))
    return Channel(socket.socket(fileno=_KEPT))
