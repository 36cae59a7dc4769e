"""How far work says it is: as a value, and as the display by which a cell tells of it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

MIME = "application/vnd.nbnodes.progress+json"
"""A display that has this form is a bar: `fraction`, `done`, `total` and `note`, each optional."""

_LONGEST_NOTE = 200  # characters; a bar has one line


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """How far work says it is.

    Attributes:
        fraction: From 0 to 1; None if unknown.
        done: What is done, where it is counted.
        total: How much there is to do, where it is counted and known.
        note: What it is about now; "" for nothing.
    """

    fraction: float | None = None
    done: float | None = None
    total: float | None = None
    note: str = ""

    @property
    def count(self) -> str:
        """How many are done of how many, as "3/10" or "3"; "" where nothing is counted."""
        if self.done is None:
            return ""
        return _spelled(self.done) + (f"/{_spelled(self.total)}" if self.total else "")

    def __str__(self) -> str:
        percent = "" if self.fraction is None else f"{self.fraction:.0%}"
        return " ".join(filter(None, [self.note, self.count, percent])) or "at work"


def shown(said: Said) -> dict[str, Any]:
    """Make the display: what we read, and what is seen where the notebook is run by hand."""
    told = {"fraction": said.fraction, "done": said.done, "total": said.total, "note": said.note}
    return {MIME: told, "text/plain": str(said), "text/html": _bar(said)}


def said_in(content: Mapping[str, Any]) -> Said | None:
    """Read a message's body, from whatever kernel; None if it is not such a display."""
    bundle = content.get("data")
    if not bundle or MIME not in bundle:
        return None
    told = bundle[MIME] if isinstance(bundle[MIME], Mapping) else {}
    done, total, note = _number(told.get("done")), _number(told.get("total")), told.get("note")
    fraction = _number(told.get("fraction"))
    if fraction is None and done is not None and total:
        fraction = done / total
    return Said(
        fraction=None if fraction is None else min(max(fraction, 0.0), 1.0),
        done=done,
        total=total,
        note=note[:_LONGEST_NOTE] if isinstance(note, str) else "",
    )


def _bar(said: Said) -> str:
    value = "" if said.fraction is None else f' value="{said.fraction:.4f}"'
    note, rest = _escaped(said.note), said.count
    name = "" if note else ' aria-label="progress"'
    bar = f'<progress max="1"{value}{name}>{_escaped(str(said))}</progress>'
    return f"<label>{' '.join(filter(None, [note, bar, rest]))}</label>"


def _escaped(text: str) -> str:  # `html` brings a table of two thousand names
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _number(told: object) -> float | None:
    is_number = isinstance(told, int | float) and math.isfinite(told)
    return told if is_number else None  # type: ignore[return-value]  # it is one


def _spelled(number: float) -> str:
    return str(int(number)) if number == int(number) else f"{number:.4g}"
