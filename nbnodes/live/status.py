"""How a graph's notices and progress are told of one node: where it stands, how far it is."""

from __future__ import annotations

from dataclasses import dataclass, replace

from nbnodes.engines.said import Said
from nbnodes.live.notices import GraphProgress
from nbnodes.scheduler.protocol import State


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

    def metered(self, name: str, progress: GraphProgress | None) -> Status:
        """Return the same with how far the node is, if it runs and that is known."""
        if progress is None or self.state != "running" or name not in progress.running:
            return self
        meter = Meter.of(progress.running[name], progress.said.get(name))
        left_s = progress.left_s.get(name)
        return replace(
            self,
            fraction=meter.fraction,
            progress_text=meter.text,
            left_s=None if left_s is None else round(left_s, 1),  # no message for what none sees
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Meter:
    """How far a node's run is.

    Attributes:
        fraction: How much is done, 0 to 1; None if nobody knows.
        text: The same in words; "" for nothing.
    """

    fraction: float | None = None
    text: str = ""

    @classmethod
    def of(cls, cells: tuple[int, int], said: Said | None) -> Meter:
        """Put together what cells have ended, and what the present one, or a function, says."""
        done, total = cells
        counted = f"{done} of {total} cells" if total > 1 else ""
        if said is None:
            return cls(fraction=done / total if total else None, text=counted)
        told = " · ".join(part for part in (said.note, said.count) if part)
        if not total:
            return cls(fraction=said.fraction, text=told)
        part = (done + (said.fraction or 0.0)) / total
        return cls(fraction=part, text=" · ".join(one for one in (told, counted) if one))
