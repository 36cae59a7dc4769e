"""Starts a one-shot worker: a new interpreter with a connection to it, for one job."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Iterable, Mapping
from contextlib import suppress

from nbnodes.engines.children.child import Child
from nbnodes.engines.children.programs import program
from nbnodes.engines.cpus import all_cpus
from nbnodes.engines.deaths import memory_kills, with_cause
from nbnodes.engines.families import MARK, kill_family, kill_marked

SIDE = "nbnodes.engines.children.spawned_side"
"""The module that a worker runs."""


class Spawned(Child):
    """A new interpreter that waits for its one job.

    Attributes:
        exit_code: How its process ended; None before `reap`.
        mark: What it and whatever it starts are known by (`families.MARK`); "" if there is none.
    """

    mark = ""
    _memory_kills = 0

    def __init__(
        self, process: subprocess.Popen[bytes], descriptors: tuple[int, ...], mark: str = ""
    ) -> None:
        self.exit_code: int | None = None
        self.mark = mark
        self._process = process
        self._memory_kills = memory_kills()
        super().__init__(process.pid, descriptors)

    def prepare(self, names: Iterable[str]) -> None:
        """Have installed modules imported while it waits."""
        with suppress(OSError):  # it has died, as will be seen
            self.channel.send(("preload", list(names)))

    def interrupt(self) -> None:
        """Do what Ctrl-C does, unless its end is known."""
        if self.exit_code is None:
            super().interrupt()

    def kill(self) -> None:
        """Kill it and what it started; once its end is known, its number may be another's."""
        if self.exit_code is None:
            kill_family(self.pid)

    def await_end(self) -> None:
        """Wait until its process has ended. It is not reaped where that can be seen without."""
        try:
            os.waitid(os.P_PID, self.pid, os.WEXITED | os.WNOWAIT)
        except AttributeError:  # macOS has none before Python 3.13
            self._process.wait()
        except ChildProcessError:  # somebody in this program reaps whatever has ended
            self.exit_code = self._process.wait()

    def kill_left(self) -> None:
        """Once it has ended: kill what it has started and left, wherever that has gone."""
        if self.mark:
            kill_marked(self.mark)

    def reap(self) -> None:
        """Kill its group and note how it ended."""
        self.kill()  # before its number is given back, so that no other group has it
        self.exit_code = with_cause(self._process.wait(), self._memory_kills)


def start(environment: Mapping[str, str]) -> Spawned:
    """Start a worker.

    Args:
        environment: Its environment variables, its mark among them.

    Raises:
        OSError: If the system gives no more processes or descriptors.
    """
    near, far = socket.socketpair()
    out, err = os.pipe(), os.pipe()
    try:
        with all_cpus():
            process = subprocess.Popen(  # noqa: S603  # our own interpreter and program
                [sys.executable, "-c", program(SIDE, far.fileno())],
                stdin=subprocess.DEVNULL,
                stdout=out[1],
                stderr=err[1],
                cwd=os.sep,
                env=environment,
                pass_fds=[far.fileno()],
                start_new_session=True,  # a group of its own to kill, and no terminal to ask
            )
    except BaseException:
        for descriptor in (near.detach(), out[0], err[0]):
            os.close(descriptor)
        raise
    finally:
        for descriptor in (far.detach(), out[1], err[1]):
            os.close(descriptor)
    ends = []
    with suppress(AttributeError, OSError):  # not Linux; or somebody in this program has reaped it
        ends.append(os.pidfd_open(process.pid))
    return Spawned(process, (near.detach(), out[0], err[0], *ends), environment.get(MARK, ""))
