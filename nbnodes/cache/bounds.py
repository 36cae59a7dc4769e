"""A bound of a range becomes a rank, which orders it, and comes back as a caller would write it.

There are five kinds of bounds: numbers, text, dates, times without a zone, and instants. Bounds of
different kinds are never compared. Times are ranked by text of nanoseconds, instants in UTC, so
that SQLite orders ranks as Python does. Pure.
"""

from __future__ import annotations

import datetime
import math
import numbers
import sys
from typing import Any, NamedTuple, TypeAlias

from nbnodes.errors import UsageError

Rank: TypeAlias = int | float | str
NUMBER, TEXT, DATE, TIME, INSTANT = "number", "text", "date", "time", "instant"

_INT64 = 2**63
_MICROSECONDS = 26  # characters of a rank that a datetime can hold


class Ranked(NamedTuple):
    """A bound as what it can be compared by."""

    kind: str
    rank: Rank


def ranked(bound: Any) -> Ranked:
    """Rank a bound.

    Raises:
        UsageError: If it is nothing that has an order here, such as NaN, NaT or a bool.
    """
    try:
        found = _ranked(bound)
    except (OverflowError, ValueError) as error:
        raise UsageError(f"{bound!r} is too large to be a bound") from error
    if found is None:
        raise UsageError(
            f"{bound!r} is no bound; expected a number, text, a date, a time, or None for no bound"
        )
    return found


def written_like(rank: Rank, kind: str, like: Any) -> Any:
    """Write a rank as a bound of the type and zone of another one of its kind.

    Raises:
        UsageError: If that type cannot hold it.
    """
    if kind in (NUMBER, TEXT):
        return float(rank) if isinstance(like, float) else rank
    text = str(rank)
    if kind == DATE:
        return datetime.date.fromisoformat(text)
    written = _time_like(text, kind, like)
    if ranked(written) != Ranked(kind, rank):
        raise UsageError(f"a {type(like).__name__} cannot hold {text} exactly")
    return written


def shifted(bound: Any, by: Any) -> Any:
    """Move a bound; one with a zone by elapsed time, whatever its clock does meanwhile.

    Raises:
        UsageError: If it cannot be moved by that.
    """
    try:
        if isinstance(bound, datetime.datetime) and bound.tzinfo is not None:
            return (bound.astimezone(datetime.UTC) + by).astimezone(bound.tzinfo)
        if isinstance(bound, datetime.date) and not isinstance(bound, datetime.datetime):
            by = _whole_days(by)
        return bound + by
    except (TypeError, OverflowError, ValueError) as error:
        raise UsageError(f"{bound!r} cannot be moved by {by!r}: {error}") from error


def shown(rank: Rank | None, kind: str) -> str:
    """Write a rank for people: a time without what is zero in it."""
    if rank is None:
        return "…"
    if kind not in (TIME, INSTANT):
        return str(rank)
    day, _, clock = str(rank).partition("T")
    clock = clock.rstrip("0").removesuffix(".")
    text = day if clock == "00:00:00" else f"{day} {clock}"
    return f"{text} UTC" if kind == INSTANT else text


def _whole_days(by: Any) -> datetime.timedelta:
    """Round away from zero: to a date, Python adds no hours."""
    days: float = by / datetime.timedelta(days=1)
    return datetime.timedelta(days=math.copysign(math.ceil(abs(days)), days))


def _ranked(bound: Any) -> Ranked | None:
    if isinstance(bound, str):
        bound.encode()  # a lone surrogate cannot be stored
        return Ranked(TEXT, str(bound))
    if isinstance(bound, datetime.date):
        return _moment(bound)
    dtype = getattr(bound, "dtype", None)
    if getattr(dtype, "kind", "") == "M":
        text = str(bound.astype("datetime64[ns]"))
        is_whole = text != "NaT" and bound.astype("datetime64[ns]").astype(dtype) == bound
        return Ranked(TIME, text) if is_whole else None
    return _number(bound)


def _moment(bound: datetime.date) -> Ranked | None:
    if not isinstance(bound, datetime.datetime):
        return Ranked(DATE, bound.isoformat())
    if bound != bound:  # noqa: PLR0124  # pandas' NaT is a datetime that is not itself
        return None
    kind = TIME if bound.utcoffset() is None else INSTANT
    if kind == INSTANT:
        bound = bound.astimezone(datetime.UTC)
    nanosecond = getattr(bound, "nanosecond", 0)  # of a pandas Timestamp
    clock = f"{bound.hour:02d}:{bound.minute:02d}:{bound.second:02d}"
    day = f"{bound.year:04d}-{bound.month:02d}-{bound.day:02d}"
    return Ranked(kind, f"{day}T{clock}.{bound.microsecond:06d}{nanosecond:03d}")


def _number(bound: Any) -> Ranked | None:
    if isinstance(bound, bool):
        return None
    if isinstance(bound, numbers.Integral):
        if not -_INT64 <= int(bound) < _INT64:
            raise OverflowError
        return Ranked(NUMBER, int(bound))
    is_float = isinstance(bound, float) or (
        isinstance(bound, numbers.Real) and hasattr(bound, "dtype")
    )
    return Ranked(NUMBER, float(bound)) if is_float and not math.isnan(bound) else None


def _time_like(text: str, kind: str, like: Any) -> Any:
    if not isinstance(like, datetime.datetime):
        numpy = sys.modules["numpy"]  # `like` is of its type
        return numpy.datetime64(text, "ns").astype(like.dtype)
    pandas = sys.modules.get("pandas")
    if pandas is not None and isinstance(like, pandas.Timestamp):
        if kind == TIME:
            return pandas.Timestamp(text)
        return pandas.Timestamp(text, tz="UTC").tz_convert(like.tzinfo)
    moment = datetime.datetime.fromisoformat(text[:_MICROSECONDS])
    if kind == TIME:
        return moment
    return moment.replace(tzinfo=datetime.UTC).astimezone(like.tzinfo)
