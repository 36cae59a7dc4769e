"""Domains and values become JSON and come back: what a page and a server tell each other. Pure.

A value is written as its domain makes plain: a date as "2001-02-03", a pair as two elements, an
integer beyond those that JavaScript counts as its digits in text. Among choices anything may stand,
so there a value that JSON does not know is tagged: {"date": "…"}. What cannot be written at all
comes back as `Shown`, its short text.
"""

from __future__ import annotations

import datetime as dt
import decimal
import math
import pathlib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from typing import Any, TypeAlias

from nbnodes.control.domains import (
    Choices,
    Colours,
    Domain,
    Files,
    Fixed,
    Lists,
    Pairs,
    Several,
    Truth,
    Words,
    short_text,
)
from nbnodes.control.grids import LARGEST_WHOLE, Moments, Numbers, Powers
from nbnodes.errors import UsageError

Json: TypeAlias = Any
"""None, bool, int, float, str, or a list or dict of such."""

_DIGITS = re.compile(r"[+-]?[0-9]+")
_TYPES: dict[str, type[Domain]] = {
    one.__name__.lower(): one
    for one in (
        *(Truth, Numbers, Powers, Moments, Choices, Several),
        *(Pairs, Words, Lists, Colours, Files, Fixed),
    )
}


@dataclass(frozen=True, slots=True)
class Shown:
    """Stands for a value that has no JSON form.

    Attributes:
        text: Its short text.
    """

    text: str

    def __repr__(self) -> str:
        return self.text


def domain_as_json(domain: Domain) -> dict[str, Json]:
    """Write a domain: its name as "type", then its attributes."""
    name = type(domain).__name__.lower()
    return {"type": name} | {
        one.name: _attribute_as_json(getattr(domain, one.name), domain) for one in fields(domain)
    }


def domain_from_json(written: Mapping[str, Json]) -> Domain:
    """Read what `domain_as_json` wrote.

    Raises:
        UsageError: If it did not.
    """
    kind = _TYPES.get(str(written.get("type")))
    if kind is None:
        raise UsageError(f"{written.get('type')!r} is no domain; there are: {', '.join(_TYPES)}")
    of = str(written.get("of"))
    try:
        return kind(
            **{
                name: _attribute_from_json(name, value, kind, of)
                for name, value in written.items()
                if name != "type"
            }
        )
    except (TypeError, ValueError, AttributeError, KeyError) as error:
        raise UsageError(f"{dict(written)!r} is no domain: {error}") from error


def value_as_json(value: Any, domain: Domain) -> Json:
    """Write a value of a domain."""
    if value is None:
        return None
    match domain:
        case Several() | Pairs() | Lists():
            return [value_as_json(one, domain.of) for one in value]
        case Moments():
            return value.isoformat()
        case Numbers() if type(value) is int and abs(value) > LARGEST_WHOLE:
            return str(value)
        case Files():
            return []  # their content stays where it is
        case _:
            return _tagged(value)


def value_from_json(written: Json, domain: Domain) -> Any:
    """Read what `value_as_json` wrote.

    Raises:
        UsageError: If it did not.
    """
    if written is None:
        return None
    match domain:
        case Several() | Pairs() | Lists():
            return tuple(value_from_json(one, domain.of) for one in written)
        case Moments():
            return _moment(str(written), domain.of)
        case Numbers(is_whole=True) if isinstance(written, str) and _DIGITS.fullmatch(written):
            return int(written)
        case Files():
            return ()
        case _:
            return _untagged(written)


def _attribute_as_json(value: Any, domain: Domain) -> Json:
    if type(value) in _TYPES.values():
        return domain_as_json(value)
    if isinstance(value, dt.date | dt.time):
        return value_as_json(value, domain)
    return [_tagged(one) for one in value] if isinstance(value, tuple) else value


def _attribute_from_json(name: str, value: Json, kind: type, of: str) -> Any:
    if isinstance(value, Mapping):
        return domain_from_json(value)
    if kind is Moments and name in ("low", "high") and value is not None:
        return _moment(value, of)
    return tuple(_untagged(one) for one in value) if isinstance(value, list) else value


def _moment(text: str, of: str) -> Any:
    kinds: dict[str, Any] = {"date": dt.date, "datetime": dt.datetime, "time": dt.time}
    try:
        return kinds[of].fromisoformat(text)
    except ValueError:
        raise UsageError(f"{text!r} is no {of}") from None


def _tagged(value: Any) -> Json:
    if type(value) is float:
        return value if math.isfinite(value) else {"float": repr(value)}
    if value is None or type(value) in (bool, int, str):
        return value
    if type(value) in (list, tuple):
        return {type(value).__name__: [_tagged(one) for one in value]}
    for tag, (kind, write, _) in _TAGS.items():
        if type(value) is kind or (kind is pathlib.Path and isinstance(value, kind)):
            return {tag: write(value)}
    return {"shown": repr(value) if isinstance(value, Shown) else short_text(value)}


def _untagged(written: Json) -> Any:
    if not isinstance(written, Mapping):
        return written
    ((tag, value),) = written.items()
    if tag in ("list", "tuple"):
        elements = [_untagged(one) for one in value]
        return elements if tag == "list" else tuple(elements)
    return _TAGS[tag][2](value) if tag in _TAGS else Shown(str(value))


_TAGS: dict[str, tuple[type, Callable[[Any], str], Callable[[str], Any]]] = {
    "date": (dt.date, dt.date.isoformat, dt.date.fromisoformat),
    "datetime": (dt.datetime, dt.datetime.isoformat, dt.datetime.fromisoformat),
    "time": (dt.time, dt.time.isoformat, dt.time.fromisoformat),
    "decimal": (decimal.Decimal, str, decimal.Decimal),
    "path": (pathlib.Path, str, pathlib.Path),
    "float": (float, repr, float),
}
