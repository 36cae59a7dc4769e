"""What processes have started with: they serve runs only while new ones would start so too."""

from __future__ import annotations

import os
import sysconfig
from dataclasses import dataclass
from functools import cache
from typing import Self

from nbnodes.engines.environment import process_environment


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """What a process has started with.

    Attributes:
        environment: Its environment variables.
        packages_ns: When packages were last installed, upgraded or removed, by folder: the time of
            its last change, 0 if there is no such folder.
    """

    environment: dict[str, str]
    packages_ns: tuple[int, ...]

    @classmethod
    def of_now(cls) -> Self:
        """Return what a process would start with now."""
        times = tuple(map(_changed_ns, package_folders()))
        return cls(environment=process_environment(is_python=True), packages_ns=times)


@cache
def package_folders() -> tuple[str, ...]:
    """Return the folders that packages are installed in."""
    return tuple(sorted({sysconfig.get_path("purelib"), sysconfig.get_path("platlib")}))


def _changed_ns(folder: str) -> int:
    try:
        return os.stat(folder).st_mtime_ns
    except OSError:
        return 0
