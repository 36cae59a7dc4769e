"""Block: one thing that a Result shows, as HTML."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """One thing that a Result shows.

    Attributes:
        html: Whole elements: whatever it shows cannot end or change what stands around it.
        tags: The tags of its cell; none for a function's.
        kind: "value" what was returned, "output" what was displayed, "printed" or "error".
    """

    html: str
    tags: tuple[str, ...] = ()
    kind: Literal["value", "output", "printed", "error"]
