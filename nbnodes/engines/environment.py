"""The environment that processes of runs start with: the caller's, with a few changes."""

from __future__ import annotations

import os
from typing import Any

from nbnodes.engines.outputs import INLINE_BACKEND


def process_environment(*, is_python: bool) -> dict[str, str]:
    """Return the environment variables that a kernel or another process for runs starts with."""
    environment = _variables()
    if is_python:
        environment["MPLBACKEND"] = INLINE_BACKEND
        # where ipykernel sees it, what cells write past Python (`!echo`) goes to the kernel's log;
        # and it changes with each test, so that no kernel that waits would serve the next
        environment.pop("PYTEST_CURRENT_TEST", None)
    for name in _own:
        environment.pop(name, None)
    return environment


def set_for_itself(name: str, value: str) -> None:
    """Set a variable that processes for runs are not given, unless somebody has set it already."""
    if name not in os.environ:
        os.environ[name] = value
        _own.add(name)


def _variables() -> dict[str, str]:
    """Return this process's variables: those of the last call, if none has changed.

    Each run asks for them, and to read them from `os.environ` takes a call for each of them.
    """
    global _last  # noqa: PLW0603  # the process has one environment, too
    kept = dict(getattr(os.environ, "_data", os.environ))  # CPython keeps them encoded there
    if kept != _last[0]:
        _last = kept, {os.fsdecode(name): os.fsdecode(value) for name, value in kept.items()}
    return dict(_last[1])


_own: set[str] = set()
_last: tuple[dict[Any, Any], dict[str, str]] = {}, {}
