"""Sees to it that processes end with this one, even if this one is killed."""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import suppress
from itertools import count

_PROGRAM = os.path.join(os.path.dirname(__file__), "guard_side.py")
_MINIMAL = ("-I", "-S", "-B")  # nothing of the user's is imported, and no bytecode written


class Guard:
    """A process that outlives this one by a moment, and in it kills others with all of theirs.

    The kernel could do it (prctl(2), PR_SET_PDEATHSIG), but on Linux only, not for what a child
    has started, and it takes the end of the *thread* that started a child for its parent's end.

    On Windows, which has no process groups, it does nothing.
    """

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._marks = f"{os.getpid()}-{os.urandom(6).hex()}."
        self._numbers = count()
        if os.name == "posix":
            self._process = subprocess.Popen(  # noqa: S603  # our own interpreter and program
                [sys.executable, *_MINIMAL, _PROGRAM, self._marks],
                bufsize=0,  # a line is written at once, so that threads need no lock
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                cwd=os.sep,
                start_new_session=True,
            )

    def new_mark(self) -> str:
        """Return what a process to be watched is to be started with, as `families.MARK`."""
        return f"{self._marks}{next(self._numbers)}."

    def watch(self, pid: int, folder: str = "") -> None:
        """When this process ends, kill another whole and remove its folder, if it has one."""
        self._tell(f"{pid} {folder}")

    def forget(self, pid: int) -> None:
        """Do not; to be called before its number can become another's."""
        self._tell(str(-pid))

    def close(self) -> None:
        """Kill all that is watched, now."""
        if self._process and self._process.stdin:
            self._process.stdin.close()
            self._process.wait()

    def abandon(self) -> None:
        """In a process forked from this one: let go of it; it watches the other."""
        if self._process and self._process.stdin:
            self._process.stdin.close()
            self._process = None

    def _tell(self, line: str) -> None:
        if self._process and self._process.stdin:
            with suppress(OSError, ValueError):  # it was killed, or has done what it is for
                self._process.stdin.write(os.fsencode(f"{line}\n"))
