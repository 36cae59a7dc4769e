"""A program: kills the processes it was told of when whoever told it has ended, and all of theirs.

Each line of its input is the number of a process, and a folder to remove if one follows; or a
number negated, to take it back. The input ends with the process that wrote it, however that ends.
Its argument is how the marks begin that the processes were started with (`families`). Run by path:
it starts in ten milliseconds because it imports next to nothing.
"""

from __future__ import annotations

import os
import signal
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nbnodes.engines.families import kill_family, kill_marked
else:
    sys.path.append(os.path.dirname(__file__))
    from families import kill_family, kill_marked

    sys.path.pop()


def main(marks: str) -> None:
    """Serve until the input ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for who started us
    watched: dict[int, str] = {}
    for line in sys.stdin.buffer:
        number, _, folder = os.fsdecode(line).rstrip("\n").partition(" ")
        if int(number) > 0:
            watched[int(number)] = folder
        else:
            watched.pop(-int(number), None)
    for pid in watched:
        kill_family(pid)
    kill_marked(marks)
    folders = list(filter(None, watched.values()))
    if folders:
        import shutil

        for folder in folders:
            shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main(sys.argv[1])
