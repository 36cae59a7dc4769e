"""What a node's place on the screen is told: where the node stands, and what it gave."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from nbnodes.result import Result
from nbnodes.scheduler.protocol import State
from nbnodes.views.shown import Outputs


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """Where a node stands.

    Attributes:
        state: In one word.
        reason: Why, for people.
        fraction: How much of its run is done, 0 to 1; None if nobody knows.
        progress_text: The same in words; "" for nothing.
        left_s: Seconds that it is expected to take still; None if unknown.
    """

    state: State
    reason: str = ""
    fraction: float | None = None
    progress_text: str = ""
    left_s: float | None = None


class Screen(Protocol):
    """Shows one node. Called on threads of the views, one call at a time."""

    def show_status(self, status: Status) -> None:
        """Tell where the node stands; what is shown of its value stays."""

    def show_result(self, result: Result, outputs: Outputs) -> None:
        """Replace what is shown by a new Result, at once."""
