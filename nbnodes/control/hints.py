"""A type is taken apart: what it is without its metadata, and what the metadata say. Pure.

`Annotated[int, Field(ge=0, le=10)] | None` is an int, optional, with bounds.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, fields, replace
from types import UnionType
from typing import Annotated, Any, Final, Literal, Union, get_args, get_origin

_BY_ATTRIBUTE = {  # of annotated_types' and pydantic's metadata
    "ge": "low",
    "gt": "above",
    "le": "high",
    "lt": "below",
    "multiple_of": "multiple",
    "max_length": "longest",
    "pattern": "pattern",
}
_BY_KEY = ("step", "unit", "multiline", "logarithmic")


@dataclass(frozen=True, slots=True, kw_only=True)
class Hints:
    """What is known of a parameter's values beyond their type. None or "" for what is not.

    Attributes:
        low: The smallest value.
        high: The largest value.
        above: What every value is larger than.
        below: What every value is smaller than.
        multiple: What every value is a multiple of.
        step: What two neighbours should differ by.
        longest: How many characters there may be.
        pattern: What text must match.
        suggestions: Examples.
        label: What people call it.
        help: What it is for.
        unit: What it counts.
        multiline: Whether text has lines.
        logarithmic: Whether ratios count, not differences.
    """

    low: Any = None
    high: Any = None
    above: Any = None
    below: Any = None
    multiple: float | None = None
    step: float | None = None
    longest: int | None = None
    pattern: str | None = None
    suggestions: tuple[Any, ...] | None = None
    label: str | None = None
    help: str | None = None
    unit: str | None = None
    multiline: bool | None = None
    logarithmic: bool | None = None

    def or_else(self, other: Hints) -> Hints:
        """Take from another what is not known here."""
        unknown = [one.name for one in fields(self) if getattr(self, one.name) is None]
        return replace(self, **{name: getattr(other, name) for name in unknown})


@dataclass(frozen=True, slots=True, kw_only=True)
class Declaration:
    """A type, taken apart.

    Attributes:
        type: The type without metadata and without None.
        hints: What the metadata say.
        is_optional: Whether None is allowed.
    """

    type: Any
    hints: Hints = Hints()
    is_optional: bool = False


def taken_apart(declared: Any) -> Declaration:
    """Take a type apart."""
    kind, hints, is_optional = declared, Hints(), False
    while True:
        origin = get_origin(kind)
        if hasattr(kind, "__value__"):  # `type Share = Annotated[float, …]`
            kind = kind.__value__
        elif origin is Annotated:
            for entry in kind.__metadata__[::-1]:  # the outermost, which is last, holds
                hints = hints.or_else(_hints(entry))
            kind = kind.__origin__
        elif origin is Final:
            (kind,) = get_args(kind)
        elif origin in (Union, UnionType, Literal) and _has_none(kind):
            kind, is_optional = _without_none(kind), True
        else:
            return Declaration(type=kind, hints=hints, is_optional=is_optional)


def _has_none(kind: Any) -> bool:
    args = get_args(kind)
    return any(one in (None, type(None)) for one in args) and len(set(args)) > 1


def _without_none(kind: Any) -> Any:
    rest = tuple(one for one in get_args(kind) if one not in (None, type(None)))
    return Literal[rest] if get_origin(kind) is Literal else Union[rest]  # noqa: UP007  # of a tuple


def _hints(entry: Any) -> Hints:
    """Read one entry of metadata, and those that it stands for."""
    if isinstance(entry, Mapping):
        return Hints(**{key: entry[key] for key in _BY_KEY if key in entry})
    found = Hints()
    for part in _parts(entry):
        named = {new: getattr(part, old, None) for old, new in _BY_ATTRIBUTE.items()}
        pattern = named["pattern"]
        named["pattern"] = getattr(pattern, "pattern", pattern)  # a compiled one has its text
        found = found.or_else(Hints(**named))
    if not hasattr(entry, "json_schema_extra"):
        return found
    extra = entry.json_schema_extra
    told = Hints(
        label=entry.title,
        help=entry.description,
        suggestions=tuple(entry.examples) if entry.examples else None,
    )
    return found.or_else(told).or_else(_hints(extra) if isinstance(extra, Mapping) else Hints())


def _parts(entry: Any) -> Iterator[Any]:
    """Yield what pydantic's `Field` and annotated_types' groups consist of; else the entry."""
    import annotated_types

    inner: Iterable[Any] | None = None
    if isinstance(entry, annotated_types.GroupedMetadata):
        inner = entry
    elif hasattr(entry, "json_schema_extra"):
        inner = entry.metadata
    if inner is None:
        yield entry
        return
    for part in inner:
        yield from _parts(part)
