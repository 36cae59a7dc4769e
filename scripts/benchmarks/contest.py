"""Contenders for the same job are measured in interleaved rounds; goals are held against that.

A noisy machine slows a whole round, so ratios are taken within rounds and their median is quoted.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, Protocol

_MOST_LETTERS = 100  # of why a contender failed
_MANY = 30  # readings, from which on their tail says something

Series = Mapping[str, Sequence[float]]


class Contender(Protocol):
    """Something to measure once a round."""

    @property
    def name(self) -> str:
        """What it is called in the table."""

    @property
    def unit(self) -> str:
        """What its readings are in."""

    def take(self) -> float:
        """Take one reading."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Timed:
    """Something to time.

    Attributes:
        name: What it is called in the table.
        run: Does it once.
        repeat: How many times in a row one reading does it.
        pause_s: What it rests before each time, uncounted; the reading is then their median.
    """

    unit: ClassVar[str] = "ms"
    name: str
    run: Callable[[], object]
    repeat: int = 1
    pause_s: float = 0.0

    def take(self) -> float:
        """Return milliseconds for one time."""
        if self.pause_s:
            return statistics.median(self._rested_ms() for _ in range(self.repeat))
        begun = time.perf_counter()
        for _ in range(self.repeat):
            self.run()
        return 1000 * (time.perf_counter() - begun) / self.repeat

    def _rested_ms(self) -> float:
        time.sleep(self.pause_s)
        begun = time.perf_counter()
        self.run()
        return 1000 * (time.perf_counter() - begun)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """Something that measures itself.

    Attributes:
        name: What it is called in the table.
        read: Returns the reading.
        unit: What it is in.
    """

    name: str
    read: Callable[[], float]
    unit: str = "ms"

    def take(self) -> float:
        """Take one reading."""
        return self.read()


@dataclass(frozen=True, slots=True, kw_only=True)
class Goal:
    """What is promised.

    Attributes:
        text: The promise.
        needs: The contenders it speaks of.
        measure: The one number that decides, of all readings.
        holds: Whether that number keeps the promise.
    """

    text: str
    needs: tuple[str, ...]
    measure: Callable[[Series], float]
    holds: Callable[[float], bool]


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Contenders for the same job; the first is ours.

    Attributes:
        name: The group's name.
        contenders: Who takes part.
        goals: What is promised of them.
        rounds: How many rounds it takes; None for as many as are asked for.
    """

    name: str
    contenders: tuple[Contender, ...]
    goals: tuple[Goal, ...] = ()
    rounds: int | None = None


def faster(ours: str, theirs: str, times: float) -> Goal:
    """Promise that theirs takes at least so many times what ours takes."""
    return Goal(
        text=f"{ours}: >= {times:g} x faster than {theirs}",
        needs=(ours, theirs),
        measure=lambda series: _ratio(series[theirs], series[ours]),
        holds=lambda ratio: ratio >= times,
    )


def at_most_times(ours: str, theirs: str, times: float) -> Goal:
    """Promise that ours takes at most so many times what theirs takes."""
    return Goal(
        text=f"{ours}: <= {times:g} x {theirs}",
        needs=(ours, theirs),
        measure=lambda series: _ratio(series[ours], series[theirs]),
        holds=lambda ratio: ratio <= times,
    )


def at_least_times(ours: str, theirs: str, times: float) -> Goal:
    """Promise that ours reaches at least so many times what theirs reaches."""
    return Goal(
        text=f"{ours}: >= {times:g} x {theirs}",
        needs=(ours, theirs),
        measure=lambda series: _ratio(series[ours], series[theirs]),
        holds=lambda ratio: ratio >= times,
    )


def at_most(name: str, most: float, unit: str = "ms") -> Goal:
    """Promise a median of at most so much."""
    return Goal(
        text=f"{name}: <= {most:g} {unit}",
        needs=(name,),
        measure=lambda series: statistics.median(series[name]),
        holds=lambda median: median <= most,
    )


def at_least(name: str, least: float, unit: str) -> Goal:
    """Promise a median of at least so much."""
    return Goal(
        text=f"{name}: >= {least:g} {unit}",
        needs=(name,),
        measure=lambda series: statistics.median(series[name]),
        holds=lambda median: median >= least,
    )


def percentile_at_most(name: str, percent: int, most: float, unit: str = "ms") -> Goal:
    """Promise that so many percent of the readings are at most so much."""
    return Goal(
        text=f"{name}: p{percent} <= {most:g} {unit}",
        needs=(name,),
        measure=lambda series: percentile(series[name], percent),
        holds=lambda value: value <= most,
    )


def even(name: str, percent: int, times: float) -> Goal:
    """Promise that so many percent of the readings are at most so many medians."""
    return Goal(
        text=f"{name}: p{percent} <= {times:g} x median",
        needs=(name,),
        measure=lambda series: percentile(series[name], percent) / statistics.median(series[name]),
        holds=lambda ratio: ratio <= times,
    )


def percentile(readings: Sequence[float], percent: int) -> float:
    """Return the smallest reading that so many percent are not above."""
    ranked = sorted(readings)
    return ranked[min(len(ranked) - 1, -(-percent * len(ranked) // 100) - 1)]


def measure(group: Group, rounds: int) -> dict[str, Any]:
    """Hold the contest; return its rows and whether the goals hold.

    A contender that raises takes no further part; its row says why.
    """
    readings = _Readings(group.contenders)
    for count in range((group.rounds or rounds) + 1):
        for contender in group.contenders:
            readings.take(contender, counts=count > 0)  # the first round warms up
    return {
        "group": group.name,
        "rows": [readings.row(contender) for contender in group.contenders],
        "goals": [readings.verdict(goal) for goal in group.goals],
    }


@dataclass(frozen=True, slots=True)
class _Readings:
    contenders: Sequence[Contender]
    taken: dict[str, list[float]] = field(default_factory=dict)
    failed: dict[str, str] = field(default_factory=dict)

    def take(self, contender: Contender, *, counts: bool) -> None:
        if contender.name in self.failed:
            return
        try:
            reading = contender.take()
        except Exception as error:  # noqa: BLE001  # one that cannot run must not end the rest
            self.failed[contender.name] = _reason(error)
            return
        if counts:
            self.taken.setdefault(contender.name, []).append(reading)

    def row(self, contender: Contender) -> dict[str, Any]:
        name, first = contender.name, self.contenders[0]
        if name in self.failed:
            return {"name": name, "failed": self.failed[name]}
        readings = self.taken[name]
        row: dict[str, Any] = {
            "name": name,
            "median": round(statistics.median(readings), 4),
            "unit": contender.unit,
            "readings": len(readings),
        }
        if len(readings) >= _MANY:
            row |= {f"p{p}": round(percentile(readings, p), 4) for p in (95, 99)}
        if first.name not in self.failed and contender.unit == first.unit:
            row["ours_to_this"] = round(_ratio(self.taken[first.name], readings), 4)
        return row

    def verdict(self, goal: Goal) -> dict[str, Any]:
        failed = [f"{name}: {self.failed[name]}" for name in goal.needs if name in self.failed]
        if failed:
            return {"goal": goal.text, "met": None, "failed": "; ".join(failed)}
        measured = goal.measure(self.taken)
        return {"goal": goal.text, "measured": round(measured, 4), "met": goal.holds(measured)}


def _ratio(upper: Sequence[float], lower: Sequence[float]) -> float:
    return statistics.median(a / b for a, b in zip(upper, lower, strict=True))


def _reason(error: Exception) -> str:
    if isinstance(error, ImportError) and error.name and not error.name.startswith("nbnodes"):
        return f"not installed ({error.name})"
    first_line = (str(error).splitlines() or [""])[0]
    return f"{type(error).__name__}: {first_line}"[:_MOST_LETTERS]
