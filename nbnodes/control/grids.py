"""Bounds and a step become a grid: how many values there are, the nth, the nearest. Pure.

A place on a grid is a whole number of steps, never a float: 0.1 + 0.2 and 0.3 are one state.
"""

from __future__ import annotations

import datetime as dt
import math
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Literal, TypeAlias

from nbnodes.errors import UsageError

Moment: TypeAlias = "dt.date | dt.datetime | dt.time"

LARGEST_WHOLE = 2**53 - 1
"""Beyond it JavaScript does not count."""

_EPOCH = dt.datetime(2000, 1, 1)  # noqa: DTZ001  # a day for times of day to be counted in


@dataclass(frozen=True, slots=True, kw_only=True)
class Numbers:
    """Numbers between two bounds.

    Attributes:
        low: The smallest; None for none.
        high: The largest; None for none.
        step: What two neighbours differ by; None for any number. Whole ones differ by 1 at least.
        is_whole: Whether they are integers.
    """

    low: float | None = None
    high: float | None = None
    step: float | None = None
    is_whole: bool = False

    def __post_init__(self) -> None:
        if self.is_whole and self.step is None:
            object.__setattr__(self, "step", 1)
        _check_bounds(self.low, self.high)
        _check_step(self.step)
        if self.is_whole and not all(_is_whole(n) for n in (self.low, self.high, self.step)):
            raise UsageError(f"{self!r}: whole numbers need whole bounds and a whole step")

    @property
    def size(self) -> int | None:
        """How many there are; None where there is no end of them."""
        if self.low is None or self.high is None or self.step is None:
            return None
        return _steps(self.low, self.high, self.step) + 1

    @property
    def start(self) -> float:
        """Where to begin when nobody says where: the middle."""
        if self.low is None or self.high is None:
            return self.nearest(0)
        return self.nearest(self.low + (self.high - self.low) / 2)

    def at(self, index: int) -> float:
        """Return the number at a place of the grid."""
        return self._placed(self.low or 0, index, self.step or 1)

    def index(self, value: Any) -> int:
        """Return the place of the nearest number."""
        last = _last(self.size)
        step, low = self.step or 1, self.low or 0
        return min(last, max(0, _whole_steps(_number(value), low, step)))

    def nearest(self, value: Any) -> float:
        """Return the nearest number that there is.

        Raises:
            UsageError: If the value is no number.
        """
        number = _number(value)
        if self.size is not None:
            return self.at(self.index(number))
        if self.step is not None:
            anchor = self.low if self.low is not None else 0
            places = _whole_steps(number, anchor, self.step)
            number = self._placed(anchor, places, self.step)
        bounded = number if self.low is None else max(self.low, number)
        bounded = bounded if self.high is None else min(self.high, bounded)
        return bounded if self.is_whole else float(bounded)

    def _placed(self, low: float, index: int, step: float) -> float:
        if self.is_whole:  # a Decimal has 28 digits, an integer any number of them
            return int(low + index * step)
        return float(_exact(low) + index * _exact(step))


@dataclass(frozen=True, slots=True, kw_only=True)
class Powers:
    """Numbers on a logarithmic scale: powers of a base, by their exponents.

    Attributes:
        low: The smallest exponent.
        high: The largest exponent.
        step: What two neighbouring exponents differ by.
        base: What is raised to them.
    """

    low: float
    high: float
    step: float = 0.1
    base: float = 10.0

    def __post_init__(self) -> None:
        _check_bounds(self.low, self.high)
        _check_step(self.step)
        if not self.base > 1:
            raise UsageError(f"the base {self.base!r} of a logarithmic scale must be more than 1")

    @property
    def size(self) -> int:
        """How many there are."""
        return _steps(self.low, self.high, self.step) + 1

    @property
    def start(self) -> float:
        """The middle of the scale."""
        return self.at(self.size // 2)

    def at(self, index: int) -> float:
        """Return the number at a place of the scale."""
        return float(self.base ** float(_exact(self.low) + index * _exact(self.step)))

    def index(self, value: Any) -> int:
        """Return the place of the nearest number."""
        number = _number(value)
        if number <= 0:
            return 0
        places = _whole_steps(math.log(number, self.base), self.low, self.step)
        return min(self.size - 1, max(0, places))

    def nearest(self, value: Any) -> float:
        """Return the nearest number on the scale."""
        return self.at(self.index(value))


@dataclass(frozen=True, slots=True, kw_only=True)
class Moments:
    """Dates, datetimes or times of day between two bounds.

    Attributes:
        of: Which of them.
        low: The earliest; None for none.
        high: The latest; None for none.
        step: Days between two dates (1 if not given), seconds between two times; None for any.
        is_aware: Whether datetimes have a time zone.
    """

    of: Literal["date", "datetime", "time"] = "date"
    low: Moment | None = None
    high: Moment | None = None
    step: float | None = None
    is_aware: bool = False

    def __post_init__(self) -> None:
        if self.of == "date" and self.step is None:
            object.__setattr__(self, "step", 1)
        low, high = self.low, self.high
        for bound in (low, high):
            if bound is not None and type(bound) is not self.type:
                raise UsageError(f"the bound {bound!r} is no {self.of}")
        _check_bounds(low, high)
        _check_step(self.step)

    @property
    def type(self) -> type[Moment]:
        """Their class."""
        return {"date": dt.date, "datetime": dt.datetime, "time": dt.time}[self.of]

    @property
    def size(self) -> int | None:
        """How many there are; None where there is no end of them."""
        if self.low is None or self.high is None or self.step is None:
            return None
        return _steps(0, self._distance(self.high), self.step) + 1

    @property
    def start(self) -> None:
        """A picker can be empty: nothing is made up."""
        return

    def at(self, index: int) -> Moment:
        """Return the moment at a place of the grid."""
        places = float(index * _exact(self.step or 1))
        unit = dt.timedelta(days=1) if self.of == "date" else dt.timedelta(seconds=1)
        moment = _datetime(self.low or _EPOCH) + places * unit
        if self.of == "time":
            return moment.time()
        return moment.date() if self.of == "date" else moment

    def index(self, value: Any) -> int:
        """Return the place of the nearest moment."""
        last = _last(self.size)
        places = _whole_steps(self._distance(self._read(value)), 0, self.step or 1)
        return min(last, max(0, places))

    def nearest(self, value: Any) -> Moment:
        """Return the nearest moment that there is; text is read in ISO form.

        Raises:
            UsageError: If the value is no moment.
        """
        moment = self._read(value)
        if self.size is not None:
            return self.at(self.index(moment))
        try:
            if self.low is not None and _is_before(moment, self.low):
                return self.low
            if self.high is not None and _is_before(self.high, moment):
                return self.high
        except TypeError:  # one has a time zone, the other has none
            raise UsageError(f"{value!r} cannot be compared with the bounds") from None
        return moment

    def _read(self, value: Any) -> Moment:
        if isinstance(value, str):
            try:
                return self.type.fromisoformat(value)
            except ValueError:
                raise UsageError(f"{value!r} is no {self.of}") from None
        if self.of == "date" and isinstance(value, dt.datetime):
            return value.date()
        if type(value) is dt.date and self.of == "datetime":
            return dt.datetime(value.year, value.month, value.day)  # noqa: DTZ001  # as the date
        if not isinstance(value, self.type):
            raise UsageError(f"{value!r} is no {self.of}")
        return value

    def _distance(self, moment: Moment) -> float:
        """Count days (dates) or seconds from the earliest."""
        apart = _datetime(moment) - _datetime(self.low or _EPOCH)
        return apart / dt.timedelta(days=1) if self.of == "date" else apart.total_seconds()


def _datetime(moment: Moment) -> dt.datetime:
    match moment:
        case dt.datetime():
            return moment
        case dt.date():
            return dt.datetime(moment.year, moment.month, moment.day)  # noqa: DTZ001  # a day
        case dt.time():
            return dt.datetime.combine(_EPOCH, moment.replace(tzinfo=None))


def _is_before(one: Any, other: Any) -> bool:
    return bool(one < other)


def _exact(number: float) -> Decimal:
    """Return the number that people see, not the binary fraction behind it."""
    return Decimal(repr(number)) if type(number) in (int, float) else Decimal(repr(float(number)))


def _steps(low: float, high: float, step: float) -> int:
    return int((_exact(high) - _exact(low)) / _exact(step))


def _whole_steps(number: float, low: float, step: float) -> int:
    if isinstance(number, int) and isinstance(low, int) and isinstance(step, int):
        return (2 * (number - low) + step) // (2 * step)
    places = (_exact(number) - _exact(low)) / _exact(step)
    return math.floor(places + Decimal("0.5"))


def _is_whole(number: float | None) -> bool:
    return number is None or isinstance(number, int)


def _last(size: int | None) -> int:
    if size is None:
        raise UsageError("there is no end of values here: give both bounds and a step")
    return size - 1


def _number(value: Any) -> float:
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    is_number = hasattr(value, "__float__") and not isinstance(value, bool)
    if not is_number or not math.isfinite(value):
        raise UsageError(f"{value!r} is no number that can be shown")
    return float(value)


def _check_bounds(low: Any, high: Any) -> None:
    if any(isinstance(bound, float) and not math.isfinite(bound) for bound in (low, high)):
        raise UsageError(f"the bounds {low!r} and {high!r} must be finite")
    try:
        if low is not None and high is not None and high < low:
            raise UsageError(f"the lowest value {low!r} is above the highest, {high!r}")
    except TypeError:
        raise UsageError(f"the bounds {low!r} and {high!r} cannot be compared") from None


def _check_step(step: float | None) -> None:
    if step is not None and not (math.isfinite(step) and step > 0):
        raise UsageError(f"the step {step!r} must be more than 0")
