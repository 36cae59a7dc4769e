"""What tells of a running kernel: a record in its private folder, read by whoever lists kernels.

Nothing else is kept of them: a kernel and its record end together. A process is known by its number
and the moment when it began, as numbers are given out again.
"""

from __future__ import annotations

import json
import os
import shutil
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from typing import Any

from nbnodes.engines.families import kill_family, status

FOLDER_PREFIX = "nbnodes-"
STARTING, READY, WARM, RUNNING, ORPHAN = "starting", "ready", "warm", "running", "orphan"

_RECORD, _STATE = "record.json", "state.json"
_STATE_BYTES = 1024  # it is written over in place: a new file takes twenty times as long
_LONGEST_NAME = 150  # characters, of which JSON makes six bytes at most


@dataclass(frozen=True, slots=True, kw_only=True)
class KernelRecord:
    """A kernel that runs on this machine.

    Attributes:
        pid: Its process and its process group.
        kernel: Which kernel.
        state: "starting", "ready" for a run, "running" one, "warm" between two; "orphan" if the
            process that it ran for has ended.
        notebook: What it runs; "" for nothing.
        caller: The process that it runs for.
        started_at: When it was started, in seconds since the epoch.
        since: When its state began.
        folder: Its private folder.
    """

    pid: int
    kernel: str
    state: str
    notebook: str
    caller: int
    started_at: float
    since: float
    folder: str


def write_record(folder: str, pid: int, kernel: str) -> None:
    """Begin to tell of a kernel that this process has started."""
    note_state(folder, STARTING)
    record = {
        "pid": pid,
        "born": _born(pid),
        "kernel": kernel,
        "caller": os.getpid(),
        "caller_born": _born(os.getpid()),
        "place": _place(),
        "started_at": time.time(),
    }
    path = os.path.join(folder, _RECORD)
    with open(f"{path}.part", "w", encoding="utf-8") as file:
        json.dump(record, file)
    os.replace(f"{path}.part", path)


def note_state(folder: str, state: str, notebook: str = "") -> None:
    """Tell what a kernel does from now on. Takes some ten microseconds: every run does it twice."""
    noted = {"state": state, "notebook": notebook[:_LONGEST_NAME], "since": time.time()}
    with suppress(OSError):  # a run needs nobody to know of it
        descriptor = os.open(os.path.join(folder, _STATE), os.O_WRONLY | os.O_CREAT, 0o600)
        try:
            os.write(descriptor, json.dumps(noted).encode().ljust(_STATE_BYTES))
        finally:
            os.close(descriptor)


def running_kernels() -> list[KernelRecord]:
    """Return the kernels that run for this user, the longest running first."""
    found = []
    for folder, record in _records():
        if record["born"] is None or _born(record["pid"]) != record["born"]:
            continue
        is_orphan = _born(record["caller"]) != record["caller_born"]
        noted = _read(os.path.join(folder, _STATE)) or {}
        found.append(
            KernelRecord(
                pid=record["pid"],
                kernel=record["kernel"],
                state=ORPHAN if is_orphan else noted.get("state", STARTING),
                notebook=noted.get("notebook", ""),
                caller=record["caller"],
                started_at=record["started_at"],
                since=noted.get("since", record["started_at"]),
                folder=folder,
            )
        )
    return sorted(found, key=lambda kernel: kernel.started_at)


def remove_leftovers() -> int:
    """Remove the folders of kernels that have ended with their callers; return how many."""
    count = 0
    for folder, record in _records():
        numbers = (record["pid"], record["born"]), (record["caller"], record["caller_born"])
        if not any(born and _born(pid) == born for pid, born in numbers):
            shutil.rmtree(folder, ignore_errors=True)
            count += 1
    return count


def stop(kernel: KernelRecord) -> None:
    """Kill a kernel and whatever it started. Its caller, if there is one, sees it die."""
    kill_family(kernel.pid)
    if kernel.state == ORPHAN:
        shutil.rmtree(kernel.folder, ignore_errors=True)


def _records() -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the private folders that tell of a kernel, and what they tell."""
    for folder in _private_folders():
        record = _read(os.path.join(folder, _RECORD))
        if record and record.get("place") == _place():
            yield folder, record


def _private_folders() -> Iterator[str]:
    """Yield those that nobody but this user can have written to: else anybody could name a pid."""
    if os.name != "posix":
        return
    with os.scandir(tempfile.gettempdir()) as entries:
        for entry in entries:
            if not entry.name.startswith(FOLDER_PREFIX):
                continue
            with suppress(OSError):
                facts = entry.stat(follow_symlinks=False)
                is_private = not stat.S_IMODE(facts.st_mode) & 0o077
                if stat.S_ISDIR(facts.st_mode) and facts.st_uid == os.getuid() and is_private:
                    yield entry.path


def _read(path: str) -> dict[str, Any] | None:
    try:
        with open(path, encoding="utf-8") as file:
            said = json.load(file)
    except (OSError, ValueError):  # it is not there yet, or not any more
        return None
    return said if isinstance(said, dict) else None


def _born(pid: int) -> str | None:
    """Say when a process began, which tells it from others of its number; None if it has ended."""
    if sys.platform != "linux":
        return _born_by_ps(pid)
    state, *fields = status(pid) or ["X"]
    return None if state in "ZX" else fields[18]  # starttime of proc(5)


def _born_by_ps(pid: int) -> str | None:
    if os.name != "posix":
        return None
    words = ["/bin/ps", "-o", "lstart=", "-p", str(pid)]
    told = subprocess.run(words, capture_output=True, text=True, check=False)  # noqa: S603
    return told.stdout.strip() or None


@cache
def _place() -> str:
    """Name what process numbers are of: this machine since it started, or a container on it."""
    if sys.platform != "linux":
        return os.name
    place = ""
    with suppress(OSError):
        with open("/proc/sys/kernel/random/boot_id", encoding="ascii") as file:
            place = file.read().strip()
        place = f"{place} {os.readlink('/proc/self/ns/pid')}"
    return place
