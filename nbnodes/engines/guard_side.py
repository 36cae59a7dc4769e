"""A program: kills the process groups it was told of when whoever told it has ended.

Each line of its input is the number of a group, and a folder to remove if one follows; or a number
negated, to take it back. The input ends with the process that wrote it, however that ends. Run by
path: it starts in ten milliseconds because it imports next to nothing.
"""

from __future__ import annotations

import os
import signal
import sys


def main() -> None:
    """Serve until the input ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for who started us
    watched: dict[int, str] = {}
    for line in sys.stdin.buffer:
        number, _, folder = os.fsdecode(line).rstrip("\n").partition(" ")
        if int(number) > 0:
            watched[int(number)] = folder
        else:
            watched.pop(-int(number), None)
    for group in watched:
        try:
            os.killpg(group, signal.SIGKILL)
        except OSError:  # it has ended
            continue
    folders = list(filter(None, watched.values()))
    if folders:
        import shutil

        for folder in folders:
            shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
