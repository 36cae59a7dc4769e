"""An integer of any length becomes its digits, or is read from them, whatever limit Python sets.

The limit (`sys.set_int_max_str_digits`) is one for all threads, and others may rely on it: a server
reads strangers' numbers meanwhile. So digits are written and read here without lifting it; it is
lifted only for code that is not ours and has met it.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

_LIMIT_SAID = "Exceeds the limit"  # Python's words
_SMALL_BITS = 1024
_SHORT_DIGITS = 640  # no limit can be lower
_lifting = threading.Lock()
_lifted: list[int] = []  # the limit, for each that writes

_Written = TypeVar("_Written")


def int_text(value: int) -> str:
    """Return an integer's digits, in less than quadratic time."""
    try:
        return str(value)
    except ValueError:
        return _digits(int(value))


def int_of(digits: str) -> int:
    """Read an integer's digits, in less than quadratic time: what `int_text` wrote."""
    if len(digits) <= _SHORT_DIGITS:
        return int(digits)
    if digits.startswith("-"):
        return -int_of(digits[1:])
    half = len(digits) // 2
    scale: int = 10**half
    return int_of(digits[:-half]) * scale + int_of(digits[-half:])


def is_over_limit(error: ValueError) -> bool:
    """Tell whether Python refused to write an integer for its length."""
    return str(error).startswith(_LIMIT_SAID)


def of_any_length(write: Callable[[], _Written]) -> _Written:
    """Return what a call gives; if it met Python's limit, what it gives without it."""
    try:
        return write()
    except ValueError as error:
        if not is_over_limit(error):
            raise
    with _without_limit():
        return write()


def _digits(value: int) -> str:
    """Write an integer by halves: `decimal` multiplies in less than quadratic time."""
    import decimal

    powers: dict[int, decimal.Decimal] = {}

    def power(bits: int) -> decimal.Decimal:
        if bits not in powers:
            half = bits // 2
            whole = bits <= _SMALL_BITS
            powers[bits] = decimal.Decimal(2) ** bits if whole else power(half) * power(bits - half)
        return powers[bits]

    def written(part: int, bits: int) -> decimal.Decimal:
        if bits <= _SMALL_BITS:
            return decimal.Decimal(part)
        half = bits // 2
        high = part >> half
        return written(part - (high << half), half) + written(high, bits - half) * power(half)

    with decimal.localcontext(_exact(decimal)):
        digits = format(written(abs(value), value.bit_length()), "f")
    return f"-{digits}" if value < 0 else digits


def _exact(decimal: Any) -> Any:
    context = decimal.Context(prec=decimal.MAX_PREC, Emax=decimal.MAX_EMAX, Emin=decimal.MIN_EMIN)
    context.traps[decimal.Inexact] = True
    return context


@contextmanager
def _without_limit() -> Iterator[None]:
    """Lift Python's limit; the last one that writes puts it back."""
    with _lifting:
        if not _lifted:
            _lifted.append(sys.get_int_max_str_digits())
            sys.set_int_max_str_digits(0)
        else:
            _lifted.append(_lifted[-1])
    try:
        yield
    finally:
        with _lifting:
            limit = _lifted.pop()
            if not _lifted:
                sys.set_int_max_str_digits(limit)
