"""Forks a one-shot child: a process group of its own, its output in pipes, gone with its parent."""

from __future__ import annotations

import os
import signal
import socket
import sys
from collections.abc import Callable
from typing import NamedTuple

from nbnodes.engines.children.keeping import die_with_parent, go_on_kept, take_orphans
from nbnodes.engines.children.wire import Channel

_KEPT = 3  # the child's end of the connection


class Forked(NamedTuple):
    """A child, seen from its parent.

    Attributes:
        pid: Its process, and its process group; or its keeper.
        descriptors: The parent's ends: of the connection, and of the pipes that the child's
            standard output and error go to; and what is readable once it has ended (pidfd_open(2)).
            The parent's to close.
    """

    pid: int
    descriptors: tuple[int, int, int, int]


def fork_child(live: Callable[[Channel], None], *, is_kept: bool = False) -> Forked:
    """Fork a child that lives and then ends; to be called where there is one thread only.

    The parent must take orphans, or the child have a keeper: else what the child leaves lives on.

    Args:
        live: What the child does, given its end of the connection.
        is_kept: Whether it gets a keeper, which then is what the parent sees of it.
    """
    near, far = socket.socketpair()
    out, err = os.pipe(), os.pipe()
    parent_pid = os.getpid()
    pid = os.fork()
    if not pid:
        try:
            if is_kept:
                os.setsid()  # what the terminal sends is the parent's, who tells us
                go_on_kept(far.fileno())
                parent_pid = os.getppid()
            live(_settle(far, out[1], err[1], parent_pid))
            os._exit(0)
        except BaseException:  # noqa: BLE001  # nothing may fall into what the parent goes on with
            import traceback

            traceback.print_exc(file=sys.__stderr__)
            os._exit(1)
    for descriptor in (far.detach(), out[1], err[1]):
        os.close(descriptor)
    return Forked(pid, (near.detach(), out[0], err[0], os.pidfd_open(pid)))


def _settle(end: socket.socket, out: int, err: int, parent_pid: int) -> Channel:
    """Become a process as a new interpreter is one."""
    die_with_parent(parent_pid)
    take_orphans()  # so that nothing leaves it before its end
    os.setsid()  # a group of its own to kill, and no terminal to ask
    for number in (signal.SIGTERM, signal.SIGCHLD):
        signal.signal(number, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    nothing = os.open(os.devnull, os.O_RDONLY)
    for source, target in ((nothing, 0), (out, 1), (err, 2)):
        os.dup2(source, target)
    if end.fileno() != _KEPT:
        os.dup2(end.fileno(), _KEPT, inheritable=False)  # what a notebook starts has no part in it
    end.detach()
    os.closerange(_KEPT + 1, os.sysconf("SC_OPEN_MAX"))
    return Channel(socket.socket(fileno=_KEPT))
