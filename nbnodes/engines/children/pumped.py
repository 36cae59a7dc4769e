"""A worker whose output comes through sockets: on Windows nothing else can be waited for.

There, too, a process is given its connection through its standard input, large buffers travel in
the messages (`children.wire`), an interrupt is Ctrl-Break, and what a notebook has started
is not killed with it. All this follows Python's documentation and could not be tried: there was no
Windows to try it on. What is not Windows' own in here is tested on Linux.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Mapping
from contextlib import suppress
from typing import IO

from nbnodes.engines.children.programs import program
from nbnodes.engines.children.spawning import SIDE, Spawned
from nbnodes.engines.children.wire import Channel

_CHUNK_BYTES = 65_536


def start_pumped(environment: Mapping[str, str]) -> Spawned:
    """Start a worker; see `nbnodes.engines.children.spawning.start`."""
    near, far = socket.socketpair()
    try:
        with far:
            process = _process(environment, far)
    except BaseException:
        near.close()
        raise
    return _Pumped(process, near)


class _Pumped(Spawned):
    def __init__(self, process: subprocess.Popen[bytes], end: socket.socket) -> None:
        self._pumped = tuple(_pumped(pipe) for pipe in (process.stdout, process.stderr) if pipe)
        self.out, self.err = (one.fileno() for one in self._pumped)
        # not what all others are made of: files' descriptors
        self.channel = Channel(end)
        self.exit_code: int | None = None
        self.pid = process.pid
        self._process = process

    def read(self, descriptor: int, most_bytes: int) -> bytes:
        (one,) = (one for one in self._pumped if one.fileno() == descriptor)
        return one.recv(most_bytes)

    def interrupt(self) -> None:
        if sys.platform == "win32":
            with suppress(OSError):
                os.kill(self.pid, signal.CTRL_BREAK_EVENT)
        else:
            super().interrupt()

    def kill(self) -> None:
        if sys.platform == "win32":
            self._process.kill()
        else:
            super().kill()

    def close(self) -> None:
        self.channel.close()
        for one in self._pumped:
            one.close()


def _pumped(pipe: IO[bytes]) -> socket.socket:
    """Give a socket, not blocking, through which comes what comes through a pipe."""
    near, far = socket.socketpair()
    near.setblocking(False)
    threading.Thread(target=_pump, args=[pipe, far], name="nbnodes-pump", daemon=True).start()
    return near


def _pump(pipe: IO[bytes], far: socket.socket) -> None:
    with pipe, far, suppress(OSError):  # nobody reads any more
        while content := os.read(pipe.fileno(), _CHUNK_BYTES):
            far.sendall(content)


def _process(environment: Mapping[str, str], far: socket.socket) -> subprocess.Popen[bytes]:
    words = [sys.executable, "-c", program(SIDE, far.fileno())]
    if sys.platform == "win32":
        process = subprocess.Popen(  # noqa: S603  # our own interpreter and program
            words,
            bufsize=0,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            cwd=os.sep,
            env=environment,
            creationflags=subprocess.CREATE_NEW_PROCESS_GROUP,  # to interrupt it alone
        )
        with process.stdin as given:
            given.write(far.share(process.pid))
        return process
    return subprocess.Popen(  # noqa: S603  # as above
        words,
        bufsize=0,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=os.sep,
        env=environment,
        pass_fds=[far.fileno()],
        start_new_session=True,
    )
