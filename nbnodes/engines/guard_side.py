"""A program: kills the process groups it was told of when whoever told it has ended.

Each line of its input is the number of a group, or that number negated to take it back. The input
ends with the process that wrote it, however that ends. Run by path: it starts in ten milliseconds
because it imports next to nothing.
"""

from __future__ import annotations

import os
import signal
import sys


def main() -> None:
    """Serve until the input ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for who started us
    watched: set[int] = set()
    for line in sys.stdin:
        number = int(line)
        if number > 0:
            watched.add(number)
        else:
            watched.discard(-number)
    for group in watched:
        try:
            os.killpg(group, signal.SIGKILL)
        except OSError:  # it has ended
            continue


if __name__ == "__main__":
    main()
