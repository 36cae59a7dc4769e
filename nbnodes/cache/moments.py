"""Times of rows become an array, bounds places in it; zones and days are seen as runs see them.

A row is compared with a date as with that day's midnight, in the rows' own zone. Where a closed end
names a day that has later rows, tools differ: `table.loc[:day]` takes the whole day, `<= day` its
midnight. Then nothing is sliced.
"""

from __future__ import annotations

import datetime
import re
from typing import Any

from nbnodes.cache.bounds import DATE, INSTANT, TEXT, TIME
from nbnodes.cache.intervals import Cut

_DAY = re.compile(r"\d{4}-\d\d-\d\d")
_CLOCK = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d{1,9})?")
_EPOCH = datetime.datetime(1970, 1, 1)  # noqa: DTZ001  # of a clock, whatever its zone
_UNITS_NS = {
    "ns": 1,
    "us": 10**3,
    "ms": 10**6,
    "s": 10**9,
    "m": 60 * 10**9,
    "h": 3600 * 10**9,
    "D": 86_400 * 10**9,
}


class NotSliceableError(Exception):
    """It is not certain what a run would give, so that it has to run."""


def in_utc(keys: Any) -> tuple[Any, Any]:
    """Return times as datetime64 without a zone, in UTC if they have one; and that zone.

    Raises:
        NotSliceableError: If they are of a type that does not tell its zone.
    """
    zone = getattr(keys.dtype, "tz", None)
    if zone is not None:
        keys = getattr(keys, "dt", keys).tz_convert("UTC")
        keys = getattr(keys, "dt", keys).tz_localize(None)
    moments = keys.to_numpy() if hasattr(keys, "to_numpy") else keys
    if moments.dtype.kind != "M":
        raise NotSliceableError(f"its rows have times of a type that is not known: {keys.dtype}")
    return moments, zone


def at_moment(cut: Cut, kind: str, moments: Any, zone: Any) -> Cut:
    """Make a cut comparable with such times.

    Raises:
        NotSliceableError: If its bound cannot be compared with them, or may mean two places.
    """
    if cut.beyond:
        return cut
    text = str(cut.rank)
    is_day = bool(_DAY.fullmatch(text))
    is_local = kind == DATE or (kind == TEXT and (is_day or bool(_CLOCK.fullmatch(text))))
    if not is_local and kind != (TIME if zone is None else INSTANT):
        raise NotSliceableError(f"its rows have times, {text!r} is none that they compare with")
    zone = zone if is_local else None
    moment, is_exact = _in_unit(_nanoseconds(text, zone), moments.dtype)
    if cut.after and is_day and _has_later_rows(text, moment, moments, zone):
        raise NotSliceableError(f"{text} as a closed end may be the whole day or its midnight")
    return Cut(0, moment, cut.after or not is_exact)


def _nanoseconds(text: str, zone: Any) -> int:
    """Return a time as nanoseconds since 1970; a clock's in a zone, if there is one."""
    head, _, fraction = text.partition(".")
    moment = datetime.datetime.fromisoformat(head)
    if zone is not None:
        import pandas as pd

        there = pd.Timestamp(moment).tz_localize(zone, ambiguous="raise", nonexistent="raise")
        moment = there.tz_convert("UTC").tz_localize(None).to_pydatetime()
    elapsed = moment - _EPOCH
    seconds = elapsed.days * 86_400 + elapsed.seconds
    return seconds * 10**9 + int(fraction.ljust(9, "0"))


def _in_unit(nanoseconds: int, dtype: Any) -> tuple[Any, bool]:
    """Round a time down to an array's unit; say whether that left it what it was."""
    import numpy as np

    unit: Any
    unit, count = np.datetime_data(dtype)
    if unit not in _UNITS_NS:
        raise NotSliceableError(f"its rows have times in units of {unit}")
    whole, rest = divmod(nanoseconds, _UNITS_NS[unit] * count)
    return np.datetime64(whole, (unit, count)), rest == 0


def _has_later_rows(text: str, midnight: Any, moments: Any, zone: Any) -> bool:
    import numpy as np

    next_day = datetime.date.fromisoformat(text) + datetime.timedelta(days=1)
    next_midnight, _ = _in_unit(_nanoseconds(next_day.isoformat(), zone), moments.dtype)
    return bool(np.any((moments > midnight) & (moments < next_midnight)))
