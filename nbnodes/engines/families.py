"""A process and all that descend from it, whatever sessions and groups they are in: killed whole.

A group is not enough: who leaves it (setsid(2), `start_new_session`) is still a descendant, by
proc(5) where there is that. Who has no parent left is known by an environment variable that all of
a run were started with. A guard imports this module by its path, so it imports next to nothing.
"""

from __future__ import annotations

import os
import signal

MARK = "RUN_OF_NBNODES"
"""The environment variable that tells of what run a process is. Marks end with a dot."""


def children(pid: int) -> list[int]:
    """Return the processes whose parent this is; none where the system does not tell."""
    found: list[int] = []
    for thread in _listed(f"/proc/{pid}/task"):
        found += map(int, _content(f"/proc/{pid}/task/{thread}/children").split())
    return found


def status(pid: int) -> list[str]:
    """Return what proc(5) tells of a process, from its state on; nothing if there is none."""
    return _content(f"/proc/{pid}/stat").decode(errors="replace").rpartition(")")[2].split()


def kill_group(pid: int) -> None:
    """Kill a process and the group that it leads."""
    for kill in (os.killpg, os.kill):
        try:
            kill(pid, signal.SIGKILL)
        except OSError:  # it has ended
            continue


def kill_family(pid: int) -> None:
    """Kill a process, its group and all that descend from it.

    Its number must still be its own: before it is reaped.
    """
    _send(pid, signal.SIGSTOP)  # or it might start others meanwhile
    killed = {os.getpid()}  # who stops a kernel may have been started by it
    while new := _descendants(pid) - killed:
        for one in new:
            _send(one, signal.SIGKILL)
        killed |= new
    kill_group(pid)


def end_children() -> None:
    """Kill all that descend from this process, and reap what becomes its children by that."""
    while found := children(os.getpid()):
        for pid in found:
            kill_family(pid)
        try:
            os.waitpid(-1, 0)
        except ChildProcessError:
            return


def kill_marked(mark: str) -> None:
    """Kill the processes that were started with a mark of this beginning, and not this one."""
    sought = f"\0{MARK}={mark}".encode()
    killed = {os.getpid()}
    while new := _with(sought) - killed:
        for one in new:
            _send(one, signal.SIGKILL)
        killed |= new


def _descendants(pid: int) -> set[int]:
    found: set[int] = set()
    left = children(pid)
    while left:
        found.update(left)
        left = [one for parent in left for one in children(parent) if one not in found]
    return found


def _with(sought: bytes) -> set[int]:
    numbers = filter(str.isdigit, _listed("/proc"))
    return {int(one) for one in numbers if sought in b"\0" + _content(f"/proc/{one}/environ")}


def _send(pid: int, number: int) -> None:
    try:
        os.kill(pid, number)
    except OSError:  # it has ended, or has become another user's
        return


def _listed(folder: str) -> list[str]:
    try:
        return os.listdir(folder)
    except OSError:
        return []


def _content(path: str) -> bytes:
    try:
        with open(path, "rb", buffering=0) as file:
            return file.read()
    except OSError:  # it has ended, or is not ours
        return b""
