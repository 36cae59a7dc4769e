"""What a process died of, in words."""

from __future__ import annotations

import signal


def cause_of_death(exit_code: int) -> str:
    """Say how a process ended: "with exit code 7", "by SIGKILL (out of memory?)"."""
    if exit_code >= 0:
        return f"with exit code {exit_code}"
    name = signal.Signals(-exit_code).name
    return f"by {name}" + (" (out of memory?)" if name == "SIGKILL" else "")
