"""Bounds and a default become Numbers that people can set by hand: a step that is round. Pure."""

from __future__ import annotations

import math
from decimal import Decimal
from typing import Any

from nbnodes.control.grids import Numbers, Powers
from nbnodes.control.hints import Hints

_STEPS = 100  # a handle moves about that often from end to end
_FINER = (1, 2, 5, 10, 20, 50, 100, 1000)


def numbers_within(hints: Hints, *, is_whole: bool, default: Any = None) -> Numbers:
    """Return the numbers that the hints allow.

    Hints that contradict each other, or that whole numbers cannot follow, are left out.

    Args:
        hints: Bounds, a step.
        is_whole: Whether the numbers are integers.
        default: Should lie on the grid, if the step is free.
    """
    low, high = _whole_ends(hints) if is_whole else _ends(hints, default)
    step = hints.multiple or hints.step
    if is_whole:
        step = int(step) if step and float(step).is_integer() else 1
    elif step is None and low is not None and high is not None and low < high:
        step = round_step(low, high, default)
    if hints.multiple and low is not None:
        low = _next_multiple(low, hints.multiple, is_whole=is_whole)
    if low is not None and high is not None and low > high:
        low = high = None
    return Numbers(low=low, high=high, step=step, is_whole=is_whole)


def powers_within(hints: Hints) -> Powers | None:
    """Return the numbers between two bounds on a logarithmic scale; None if it cannot be."""
    low, high = _ends(hints, None)
    if low is None or high is None or not 0 < low < high:
        return None
    exponent, top = math.log10(low), math.log10(high)
    while 10**exponent < low:  # rounding must not lead out of the bounds
        exponent = math.nextafter(exponent, math.inf)
    while 10**top > high:
        top = math.nextafter(top, -math.inf)
    step = round_step(exponent, top, None)
    return Powers(low=exponent, high=top, step=step) if exponent < top else None


def guessed_numbers(default: float) -> Numbers:
    """Return what `interact` of ipywidgets makes of a bare number.

    From -v to 3v; for 0 from 0 to 1; for a negative one from 3v to -v.
    """
    is_whole = isinstance(default, int)
    exact = _exact(default)
    ends = sorted((-exact, 3 * exact)) if default else [Decimal(0), Decimal(1)]
    low, high = (int(end) if is_whole else float(end) for end in ends)
    step = 1 if is_whole else round_step(low, high, default)
    return Numbers(low=low, high=high, step=step, is_whole=is_whole)


def guessed_ends(first: float, last: float) -> Numbers:
    """Return a line on which a pair of numbers has as much room on either side as between."""
    is_whole = isinstance(first, int) and isinstance(last, int)
    room = (last - first) or 1
    low, high = first - room, last + room
    if first >= 0:
        low = max(0, low)
    step = 1 if is_whole else round_step(low, high, first)
    return Numbers(low=low, high=high, step=step, is_whole=is_whole)


def round_step(low: float, high: float, default: Any) -> float:
    """Return 1, 2 or 5 of some power of ten: a hundredth of the line at most twice or half that.

    If a finer one leads to the default, and to the upper end, that one.
    """
    span = _exact(high) - _exact(low)
    power = Decimal(1).scaleb((span / _STEPS).adjusted())
    step = next(n * power for n in (1, 2, 5, 10) if n * power * _STEPS >= span)
    aims = [_exact(end) for end in (default, high) if _is_number(end) and low <= end <= high]
    finest = 4 * _exact(math.ulp(max(abs(low), abs(high))))  # floats are no closer together
    for finer in _FINER:
        if step / finer < finest:
            break
        if all((aim - _exact(low)) % (step / finer) == 0 for aim in aims):
            return float(step / finer)
    return float(step)


def _ends(hints: Hints, default: Any) -> tuple[float | None, float | None]:
    """Return the ends among which are no open ones: those are moved in by a step."""
    low, high = _most(max, hints.low, hints.above), _most(min, hints.high, hints.below)
    step = hints.multiple or hints.step
    if step is None and low is not None and high is not None and low < high:
        step = round_step(low, high, default)
    if low is not None and low == hints.above:
        moved = float(_exact(low) + _exact(step)) if step else low
        low = moved if moved > low else math.nextafter(low, math.inf)
    if high is not None and high == hints.below:
        moved = float(_exact(high) - _exact(step)) if step else high
        high = moved if moved < high else math.nextafter(high, -math.inf)
    return low, high


def _whole_ends(hints: Hints) -> tuple[int | None, int | None]:
    lows = [math.ceil(hints.low)] if _is_number(hints.low) else []
    lows += [math.floor(hints.above) + 1] if _is_number(hints.above) else []
    highs = [math.floor(hints.high)] if _is_number(hints.high) else []
    highs += [math.ceil(hints.below) - 1] if _is_number(hints.below) else []
    return max(lows, default=None), min(highs, default=None)


def _next_multiple(low: float, multiple: float, *, is_whole: bool) -> float:
    places = math.ceil(_exact(low) / _exact(multiple))
    found = places * _exact(multiple)
    return int(found) if is_whole else float(found)


def _most(choose: Any, *ends: Any) -> float | None:
    known = [end for end in ends if _is_number(end)]
    return choose(known) if known else None


def _is_number(value: Any) -> bool:
    is_number = isinstance(value, int | float | Decimal) and not isinstance(value, bool)
    return is_number and math.isfinite(value)


def _exact(number: float | Decimal) -> Decimal:
    return Decimal(repr(float(number))) if not isinstance(number, int) else Decimal(number)
