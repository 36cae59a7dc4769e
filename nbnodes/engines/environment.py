"""The environment that processes of runs start with: the caller's, with a few changes."""

from __future__ import annotations

import os

from nbnodes.engines.outputs import INLINE_BACKEND


def process_environment(*, is_python: bool) -> dict[str, str]:
    """Return the environment variables that a kernel or another process for runs starts with."""
    environment = dict(os.environ)
    if is_python:
        environment["MPLBACKEND"] = INLINE_BACKEND
        # where ipykernel sees it, what cells write past Python (`!echo`) goes to the kernel's log;
        # and it changes with each test, so that no kernel that waits would serve the next
        environment.pop("PYTEST_CURRENT_TEST", None)
    return environment
