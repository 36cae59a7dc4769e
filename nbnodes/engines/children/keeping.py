"""A keeper: a process that only waits for the end of another, and then kills all that it left.

What loses its parent becomes a child of the next process above that takes orphans (prctl(2),
PR_SET_CHILD_SUBREAPER), so nothing gets away by a fork, a session of its own, or both. Linux only.
"""

from __future__ import annotations

import ctypes
import os
import select
import signal

from nbnodes.engines.families import end_children, kill_family

_LIBC = ctypes.CDLL(None)
_PR_SET_PDEATHSIG, _PR_SET_DUMPABLE, _PR_SET_CHILD_SUBREAPER = 1, 4, 36  # prctl(2)


def take_orphans() -> None:
    """Become the parent of whatever descends from this process and loses its own."""
    _LIBC.prctl(_PR_SET_CHILD_SUBREAPER, 1)


def die_with_parent(parent_pid: int, number: int = signal.SIGKILL) -> None:
    """Have a signal sent to this process when its parent ends, and end if it has already."""
    _LIBC.prctl(_PR_SET_PDEATHSIG, number)
    if os.getppid() != parent_pid:  # it died before that held
        os._exit(1)


def go_on_kept(leash: int) -> None:
    """Go on in a new process; this one keeps it, and ends as it does.

    Interrupts (SIGINT) are passed on to it. To be called where there is one thread only.

    Args:
        leash: A connection of the new process: when its other end is closed, that is killed.
    """
    take_orphans()
    keeper_pid = os.getpid()
    pid = os.fork()
    if pid:
        try:
            _end_as(_kept(pid, leash))
        finally:  # nothing may fall into what the other goes on with
            os._exit(1)
    die_with_parent(keeper_pid, signal.SIGTERM)


def _kept(pid: int, leash: int) -> int:
    """Await the end of a process, bring it about if need be, and return its status."""
    signal.signal(signal.SIGINT, lambda *_: os.kill(pid, signal.SIGINT))
    signal.signal(signal.SIGTERM, lambda *_: kill_family(pid))
    end = os.pidfd_open(pid)
    _close_all_but(leash, end)
    poll = select.poll()
    poll.register(end, select.POLLIN)
    poll.register(leash, 0)  # only that it hangs up
    if not any(descriptor == end for descriptor, _ in poll.poll()):
        kill_family(pid)
    for number in (signal.SIGINT, signal.SIGTERM):  # its number may soon be another's
        signal.signal(number, signal.SIG_IGN)
    _, status = os.waitpid(pid, 0)
    end_children()
    return status


def _close_all_but(*kept: int) -> None:
    nothing = os.open(os.devnull, os.O_RDWR)
    for target in (0, 1, 2):
        os.dup2(nothing, target)
    first = 3
    for descriptor in (*sorted(kept), os.sysconf("SC_OPEN_MAX")):
        os.closerange(first, descriptor)
        first = descriptor + 1


def _end_as(status: int) -> None:
    exit_code = os.waitstatus_to_exitcode(status)
    if exit_code < 0:
        _LIBC.prctl(_PR_SET_DUMPABLE, 0)  # one dump is enough
        if exit_code != -signal.SIGKILL:
            signal.signal(-exit_code, signal.SIG_DFL)
        os.kill(os.getpid(), -exit_code)
    os._exit(exit_code)
