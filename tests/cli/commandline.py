"""`nbnodes` as a process of its own: words go in, an Ended comes out."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import psutil

NBNODES = (sys.executable, "-m", "nbnodes")


@dataclass(frozen=True, kw_only=True)
class Ended:
    """What is left of a command that has ended."""

    code: int
    out: str
    err: str

    @property
    def outcome(self) -> tuple[int, str]:
        """The exit code and what was printed."""
        return self.code, self.out


def run_process(*command: str, stdin: str | None = None, cwd: Path | None = None) -> Ended:
    """Run a program to its end; without `stdin` it has none."""
    done = subprocess.run(
        command,
        input=stdin,
        stdin=subprocess.DEVNULL if stdin is None else None,
        capture_output=True,
        encoding="utf-8",
        errors="backslashreplace",
        cwd=cwd,
        timeout=60,
        check=False,
    )
    return Ended(code=done.returncode, out=done.stdout, err=done.stderr)


def nbnodes(*words: str, stdin: str | None = None, cwd: Path | None = None) -> Ended:
    """Run `python -m nbnodes` with these words."""
    return run_process(*NBNODES, *words, stdin=stdin, cwd=cwd)


def processes_naming(text: str) -> list[psutil.Process]:
    """Return the living processes whose environment names `text`, this one aside."""
    found = []
    for process in psutil.process_iter():
        try:
            is_alive = process.status() != psutil.STATUS_ZOMBIE
            if process.pid != os.getpid() and is_alive and text in process.environ().values():
                found.append(process)
        except (psutil.AccessDenied, psutil.NoSuchProcess):
            continue
    return found


def open_terminal(columns: int = 80, rows: int = 24) -> tuple[int, int]:
    """Open a pseudo-terminal; return its near end, to read from, and its far end, to write to."""
    import fcntl
    import pty
    import struct
    import termios

    near, far = pty.openpty()
    fcntl.ioctl(far, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
    return near, far


def run_on_terminal(words: Sequence[str], rows: int = 24) -> tuple[Ended, str]:
    """Run with standard error on a terminal; return the end, and what the terminal showed."""
    near, far = open_terminal(rows=rows)
    process = subprocess.Popen(
        [*NBNODES, *words], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=far
    )
    os.close(far)
    shown = _read_to_end(near)
    out = process.stdout.read().decode() if process.stdout else ""
    code = process.wait(timeout=60)
    if process.stdout:
        process.stdout.close()
    return Ended(code=code, out=out, err=""), shown.decode()


def _read_to_end(descriptor: int) -> bytes:
    content = b""
    while True:
        try:
            part = os.read(descriptor, 65536)
        except OSError:  # Linux's way to say that the far end is closed
            part = b""
        if not part:
            os.close(descriptor)
            return content
        content += part


Command: TypeAlias = Callable[..., Ended]
