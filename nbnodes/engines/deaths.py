"""What a process died of, in words."""

from __future__ import annotations

import signal
from contextlib import suppress

OUT_OF_MEMORY = -1009
"""Stands for the exit code of a process that the system killed for lack of memory."""

_KILLED = -9
_LAST_LINES = 3
_COUNTED = b"oom_kill "


def memory_kills() -> int:
    """Count what the system has killed so far for lack of memory: in our group, or anywhere."""
    for path in (_group_events(), "/proc/vmstat"):
        with suppress(OSError), open(path, "rb", buffering=0) as file:
            _, found, rest = file.read().partition(_COUNTED)
            if found:
                return int(rest.split(maxsplit=1)[0])
    return 0


def with_cause(exit_code: int, kills_before: int) -> int:
    """Return `OUT_OF_MEMORY` if a process was killed by that, else its exit code.

    Args:
        exit_code: How it ended; negative: by that signal.
        kills_before: What `memory_kills` returned when it began.
    """
    return OUT_OF_MEMORY if exit_code == _KILLED and memory_kills() > kills_before else exit_code


def cause_of_death(exit_code: int) -> str:
    """Say how a process ended: "with exit code 7", "by SIGKILL (out of memory)"."""
    if exit_code >= 0:
        return f"with exit code {exit_code}"
    if exit_code == OUT_OF_MEMORY:
        return "by SIGKILL (out of memory)"
    if exit_code == _KILLED:
        return "by SIGKILL (not for lack of memory: it was killed by itself, or from outside)"
    try:
        return f"by {signal.Signals(-exit_code).name}"
    except ValueError:  # a realtime signal has no name
        return f"by signal {-exit_code}"


def last_words(text: str) -> str:
    """Return what an error adds of what a process wrote before it died; "" for nothing."""
    last = " | ".join(text.strip().splitlines()[-_LAST_LINES:])
    return f"; it last said: {last}" if last else ""


def _group_events() -> str:
    """Return the file in which the group of processes that this one is in counts (cgroups(7))."""
    with suppress(OSError), open("/proc/self/cgroup", encoding="utf-8") as file:
        for line in file:
            if line.startswith("0::"):
                return f"/sys/fs/cgroup{line[3:].strip()}/memory.events"
    return ""
