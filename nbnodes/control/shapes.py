"""A type, its hints and a default become a Shape: which control fits; None for none. Pure."""

from __future__ import annotations

import collections.abc
import datetime as dt
import decimal
import enum
import fractions
import math
import pathlib
import re
import uuid
from collections.abc import Callable
from dataclasses import dataclass, replace
from types import UnionType
from typing import Any, Literal, Union, get_args, get_origin

from nbnodes.control.domains import (
    Choices,
    Colours,
    Domain,
    Lists,
    Pairs,
    Several,
    Truth,
    Words,
    is_same,
)
from nbnodes.control.face import Kind
from nbnodes.control.grids import Moments, Numbers
from nbnodes.control.hints import Hints, taken_apart
from nbnodes.control.scales import guessed_ends, numbers_within, powers_within

_FEW = 4  # choices that are shown all at once
_MANY = 1000  # whole numbers on one line are hard to hit; a field is better
_SAFE = 2**53  # whole numbers from here on do not survive JavaScript
_LONG = 200  # characters that do not fit in a line
_COLOUR = re.compile(r"#[0-9a-fA-F]{6}")
_WRITTEN: dict[type, str] = {  # typed as text, read by the parameter's own validation
    decimal.Decimal: "decimal number",
    fractions.Fraction: "fraction, such as 1/3",
    uuid.UUID: "UUID",
    dt.timedelta: "duration, such as 1 day, 02:30:00",
    pathlib.Path: "path",
    pathlib.PurePath: "path",
}
_ORDERED = (list, tuple, set, frozenset)
_ANY_LENGTH = (
    *_ORDERED,
    collections.abc.Sequence,
    collections.abc.Iterable,
    collections.abc.Collection,
    collections.abc.Set,
)
_PAIR = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """A control without its words.

    Attributes:
        kind: See `Face`.
        domain: See `Face`.
        default: See `Face`; None where there is none.
        is_guessed: See `Control`.
    """

    kind: Kind
    domain: Domain
    default: Any = None
    is_guessed: bool = False


def shape_of(kind: Any, hints: Hints, default: Any) -> Shape | None:
    """Choose a control.

    Args:
        kind: A type, taken apart.
        hints: What else is known.
        default: A plain value; None for none.
    """
    origin = get_origin(kind)
    if origin in (Union, UnionType):
        return _of_union(kind, hints, default)
    if origin is Literal:
        return chosen(Choices.among(get_args(kind)), default)
    if isinstance(kind, type) and issubclass(kind, enum.Enum):
        members = {member.name: member.value for member in kind}
        value = default.value if isinstance(default, enum.Enum) else default
        return chosen(Choices.among(members), value)
    make = _MAKERS.get(kind) if isinstance(kind, type) else None
    if make is not None:
        return make(hints, default)
    return _of_many(origin or kind, get_args(kind), hints, default)


def chosen(choices: Choices, default: Any) -> Shape:
    """Show a few choices at once, many in a list that opens."""
    values = choices.values
    known = next((one for one in values if is_same(one, default)), None)
    if 1 < len(values) <= _FEW and sum(map(len, choices.labels)) <= _LONG:
        return Shape(kind="radio", domain=choices, default=known)
    return Shape(kind="dropdown", domain=choices, default=known)


def numeric(numbers: Numbers, default: Any = None) -> Shape:
    """Show numbers on a line, if it has two ends and not too many places; else in a field."""
    is_line = numbers.size is not None and numbers.size <= (_MANY if numbers.is_whole else _SAFE)
    value = numbers.start if default is None else default
    inside = value
    if numbers.low is not None:
        inside = max(numbers.low, inside)
    if numbers.high is not None:
        inside = min(numbers.high, inside)
    return Shape(kind="slider" if is_line else "number", domain=numbers, default=inside)


def _truth(_hints: Hints, default: Any) -> Shape:
    return Shape(kind="checkbox", domain=Truth(), default=bool(default))


def _whole(hints: Hints, default: Any) -> Shape | None:
    value = None if default is None else int(default)
    if value is not None and abs(value) >= _SAFE:
        return Shape(kind="text", domain=Words(pattern=r"^[+-]?\d+$"), default=str(value))
    return numeric(numbers_within(hints, is_whole=True, default=value), value)


def _real(hints: Hints, default: Any) -> Shape | None:
    if default is not None and not math.isfinite(default):
        return None
    if hints.logarithmic:
        powers = powers_within(hints)
        if powers is not None:
            return Shape(kind="logslider", domain=powers, default=default or powers.start)
    return numeric(numbers_within(hints, is_whole=False, default=default), default)


def _text(hints: Hints, default: Any) -> Shape:
    value = "" if default is None else default
    if _COLOUR.fullmatch(value):
        return Shape(kind="colour", domain=Colours(), default=value, is_guessed=True)
    texts = tuple(one for one in hints.suggestions or () if isinstance(one, str))
    words = Words(longest=hints.longest, pattern=hints.pattern or "", suggestions=texts)
    is_area = hints.multiline or "\n" in value or len(value) > _LONG
    kind: Kind = "area" if is_area else "suggestions" if texts else "text"
    return Shape(kind=kind, domain=words, default=value)


def _written(hint: str) -> Callable[[Hints, Any], Shape]:
    def make(_hints: Hints, default: Any) -> Shape:
        return Shape(kind="text", domain=Words(hint=hint), default=written(default))

    return make


def written(value: Any) -> str:
    """Write what a field of text shows for a value, such that it is read as that value again."""
    if isinstance(value, dt.timedelta) and value < dt.timedelta():
        return f"-{-value}"
    return "" if value is None else str(value)


def _moment(kind: type) -> Callable[[Hints, Any], Shape]:
    of: Any = kind.__name__

    def make(hints: Hints, default: Any) -> Shape:
        low = _moment_bound(hints.low, of)
        high = _moment_bound(hints.high, of, is_end=True)
        if low is not None and high is not None and high < low:
            low = high = None
        is_aware = any(getattr(one, "tzinfo", None) is not None for one in (default, low, high))
        domain = Moments(of=of, low=low, high=high, is_aware=is_aware and of == "datetime")
        return Shape(kind=of, domain=domain, default=default)

    return make


def _moment_bound(bound: Any, of: str, *, is_end: bool = False) -> Any:
    """Take a bound that is a date for a datetime too: that day's beginning or end."""
    if of == "datetime" and type(bound) is dt.date:
        time = dt.time(23, 59, 59) if is_end else dt.time()
        return dt.datetime.combine(bound, time)
    wanted = {"date": dt.date, "datetime": dt.datetime, "time": dt.time}[of]
    return bound if type(bound) is wanted else None


def _of_many(kind: Any, args: tuple[Any, ...], hints: Hints, default: Any) -> Shape | None:
    """Choose a control for a list, a set, or a tuple."""
    if kind not in _ANY_LENGTH:
        return None
    values = tuple(default) if isinstance(default, _ORDERED) else None
    if not args:
        return _undeclared_many(kind, hints, values)
    if kind is tuple and args[-1] is not ...:
        return _pair(args, hints, values) if len(args) == _PAIR else None
    return _of_any_length(args[0], values)


def _of_any_length(kind: Any, values: tuple[Any, ...] | None) -> Shape | None:
    """Choose by what each element is."""
    inner = taken_apart(kind)
    element = None if inner.is_optional else shape_of(inner.type, inner.hints, None)
    match element:
        case Shape(domain=Choices() as choices):
            known = tuple(v for v in values or () if any(is_same(v, c) for c in choices.values))
            return Shape(kind="several", domain=Several(of=choices), default=known)
        case Shape(domain=Numbers() | Words() | Colours() as of) if inner.type in (int, float, str):
            return _list(of, values)
        case _:
            return None


def _list(of: Numbers | Words | Colours, values: tuple[Any, ...] | None) -> Shape | None:
    if any(value == "" for value in values or ()):  # no tag is empty
        return None
    return Shape(kind="tags", domain=Lists(of=of), default=values or ())


def _undeclared_many(kind: Any, hints: Hints, values: tuple[Any, ...] | None) -> Shape | None:
    """Choose by the elements that there are."""
    kinds = {type(value) for value in values or ()}
    if kind is tuple and len(values or ()) == _PAIR and kinds <= {int, float}:
        return _pair((int if kinds == {int} else float,) * _PAIR, hints, values)
    if kinds == {int, float}:
        kinds = {float}
    if len(kinds) != 1 or not kinds <= {int, float, str}:
        return None
    (element,) = kinds
    of = Words() if element is str else Numbers(is_whole=element is int)
    shape = _list(of, values)
    return replace(shape, is_guessed=True) if shape else None


def _pair(args: tuple[Any, ...], hints: Hints, values: tuple[Any, ...] | None) -> Shape | None:
    """Choose a control for two numbers of which the first is not above the second."""
    first, last = (taken_apart(arg) for arg in args)
    if {first.type, last.type} - {int, float} or first.is_optional or last.is_optional:
        return None
    is_whole = {first.type, last.type} == {int}
    if values is not None and (len(values) != _PAIR or not values[0] <= values[1]):
        return None
    known = hints.or_else(first.hints).or_else(last.hints)
    numbers = numbers_within(known, is_whole=is_whole, default=values and values[0])
    is_guessed = numbers.size is None
    if is_guessed:
        if values is None:
            return None
        numbers = guessed_ends(*(values if is_whole else map(float, values)))
    domain = Pairs(of=numbers)
    return Shape(kind="range", domain=domain, default=values or domain.start, is_guessed=is_guessed)


def _of_union(kind: Any, hints: Hints, default: Any) -> Shape | None:
    """Choose for one of several types: by the default's, or as text that any of them reads."""
    members = [taken_apart(member).type for member in get_args(kind)]
    if set(members) <= {int, float}:
        return shape_of(float if float in members else int, hints, default)
    literals = [one for member in members for one in _literals(member)]
    is_text = default is None or isinstance(default, str)
    if is_text and all(_reads_text(member) for member in members):
        texts = tuple(one for one in literals if isinstance(one, str))
        return _text(replace(hints, suggestions=hints.suggestions or texts or None), default)
    fitting = [member for member in members if member is type(default)]
    return shape_of(fitting[0], hints, default) if fitting else None


def _literals(kind: Any) -> tuple[Any, ...]:
    return get_args(kind) if get_origin(kind) is Literal else ()


def _reads_text(kind: Any) -> bool:
    is_scalar = kind in (str, int, float, dt.date, dt.datetime, dt.time) or kind in _WRITTEN
    return is_scalar or bool(_literals(kind))


_MAKERS: dict[type, Callable[[Hints, Any], Shape | None]] = {
    bool: _truth,
    int: _whole,
    float: _real,
    str: _text,
    **{kind: _moment(kind) for kind in (dt.date, dt.datetime, dt.time)},
    **{kind: _written(hint) for kind, hint in _WRITTEN.items()},
}
