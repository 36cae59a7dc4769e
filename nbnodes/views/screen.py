"""What shows one node is told where the node stands, and what it gave."""

from __future__ import annotations

from typing import Protocol

from nbnodes.live.status import Status
from nbnodes.result import Result
from nbnodes.views.shown import Outputs


class Screen(Protocol):
    """Shows one node. Called on threads of the views, one call at a time."""

    def show_status(self, status: Status) -> None:
        """Tell where the node stands; what is shown of its value stays."""

    def show_result(self, result: Result, outputs: Outputs) -> None:
        """Replace what is shown by a new Result, at once."""
