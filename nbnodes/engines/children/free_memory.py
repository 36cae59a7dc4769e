"""How much memory is free: what the machine has, or what its control group leaves a process."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import NamedTuple

_GROUPS = "/proc/self/cgroup"
_ROOT = "/sys/fs/cgroup"


class _Files(NamedTuple):
    """Where a control group tells its memory: names of files, and of a field in `memory.stat`."""

    limit: str
    usage: str
    page_cache: str


_V1 = _Files("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file")
_V2 = _Files("memory.max", "memory.current", "inactive_file")


def available_bytes() -> int | None:
    """Return how much memory this process and its children may still take; None if unknown.

    Linux's own estimate (`MemAvailable`, proc(5)), or what the control group leaves (cgroups(7)).
    """
    limits = [_meminfo(), group_available_bytes()]
    return min((limit for limit in limits if limit is not None), default=None)


def group_available_bytes(groups: str = _GROUPS, root: str = _ROOT) -> int | None:
    """Return what this process's control group, and those that it lies in, leave; None if no limit.

    Files that were read and are not in use count as used there, and make room when it is needed:
    they are taken for free.

    Args:
        groups: The file that names the groups of this process.
        root: Where their folders are mounted.
    """
    left = (_left_bytes(folder, files) for folder, files in _folders(groups, root))
    return min((count for count in left if count is not None), default=None)


def _meminfo() -> int | None:
    try:
        with open("/proc/meminfo", encoding="ascii") as file:
            fields = dict(line.split(":", 1) for line in file)
    except OSError:
        return None
    found = fields.get("MemAvailable")
    return int(found.split()[0]) * 1024 if found else None


def _folders(groups: str, root: str) -> Iterator[tuple[str, _Files]]:
    """Yield the folders of this process's groups that may limit its memory.

    A container may see the path of its group on the host, and have only the group itself mounted,
    as the root: folders that are not there are no limit, and the root always is looked at.
    """
    try:
        with open(groups, encoding="utf-8") as file:
            lines = file.read().splitlines()
    except OSError:
        return
    for line in lines:
        _, controllers, path = line.split(":", 2)
        if not controllers:
            yield from ((folder, _V2) for folder in _upwards(root, path))
        elif "memory" in controllers.split(","):
            mount = os.path.join(root, "memory")
            yield from ((folder, _V1) for folder in _upwards(mount, path))


def _upwards(mount: str, path: str) -> Iterator[str]:
    while path.strip("/"):
        yield os.path.join(mount, path.strip("/"))
        path = os.path.dirname(path.rstrip("/"))
    yield mount


def _left_bytes(folder: str, files: _Files) -> int | None:
    try:
        limit, usage = (int(_text(folder, name)) for name in (files.limit, files.usage))
        stat = dict(line.split() for line in _text(folder, "memory.stat").splitlines())
    except (OSError, ValueError):  # no such group, or "max"
        return None
    return limit - usage + int(stat.get(files.page_cache, 0))


def _text(folder: str, name: str) -> str:
    with open(os.path.join(folder, name), encoding="ascii") as file:
        return file.read()
