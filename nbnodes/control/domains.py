"""What a person may set a control to: the domains, frozen values. Pure.

Every domain says how many values it has (`size`; None for no end of them), where to begin when
nobody says where (`start`), which value stands at a place (`at`), at which place the nearest value
stands (`index`), and which value is nearest (`nearest`).
"""

from __future__ import annotations

import itertools
import math
import re
import reprlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any, TypeAlias

from nbnodes.control.grids import Moments, Numbers, Powers
from nbnodes.errors import UsageError

_PAIR = 2
_SHOWN = 80  # characters


class _Endless:
    """What a domain without a grid answers."""

    __slots__ = ()

    @property
    def size(self) -> None:
        """No end of values."""
        return

    def at(self, index: int) -> Any:
        """Refuse: there is no grid."""
        raise UsageError(f"there is no value number {index} where there is no end of values")

    def index(self, value: Any) -> int:
        """Refuse: there is no grid."""
        raise UsageError(f"{value!r} has no place where there is no end of values")


@dataclass(frozen=True, slots=True, kw_only=True)
class Truth:
    """True or False."""

    @property
    def size(self) -> int:
        """Two."""
        return 2

    @property
    def start(self) -> bool:
        """False."""
        return False

    def at(self, index: int) -> bool:
        """Return False, then True."""
        return bool(index)

    def index(self, value: Any) -> int:
        """Return 0 for False, 1 for True."""
        return int(self.nearest(value))

    def nearest(self, value: Any) -> bool:
        """Return the value, which must be a bool."""
        if isinstance(value, bool):
            return value
        raise UsageError(f"{value!r} is neither True nor False")


@dataclass(frozen=True, slots=True, kw_only=True)
class Choices:
    """One of several values.

    Attributes:
        values: The values, in the order in which they are shown.
        labels: What people read for each.
    """

    values: tuple[Any, ...]
    labels: tuple[str, ...]

    def __post_init__(self) -> None:
        if not self.values:
            raise UsageError("there is nothing to choose from")
        if len(self.values) != len(self.labels):
            raise UsageError(f"{len(self.values)} values have {len(self.labels)} labels")

    @classmethod
    def among(cls, options: Mapping[Any, Any] | Iterable[Any]) -> Choices:
        """Read choices as ipywidgets does: values, (label, value) pairs, or a mapping of such."""
        pairs: list[Any] = [*(options.items() if isinstance(options, Mapping) else options)]
        if not all(isinstance(pair, tuple | list) and len(pair) == _PAIR for pair in pairs):
            pairs = [(_label(value), value) for value in pairs]
        values = tuple(value for _, value in pairs)
        return cls(values=values, labels=tuple(str(label) for label, _ in pairs))

    @property
    def size(self) -> int:
        """How many there are."""
        return len(self.values)

    @property
    def are_distinct(self) -> bool:
        """Whether `==` tells them apart: not 1 from True, nor one array from another."""
        try:
            different = len(set(self.values)) == self.size
        except TypeError:  # some have no hash
            pairs = itertools.combinations(self.values, 2)
            different = not any(_is_equal(one, other) for one, other in pairs)
        return different and all(_is_equal(one, one) for one in self.values)

    @property
    def start(self) -> None:
        """Nothing is chosen for the person."""
        return

    def at(self, index: int) -> Any:
        """Return a value by its place."""
        return self.values[index]

    def index(self, value: Any) -> int:
        """Return the place of a value.

        Raises:
            UsageError: If it is none of them.
        """
        for same in (is_same, _is_equal):
            for index, known in enumerate(self.values):
                if same(known, value):
                    return index
        raise UsageError(f"{value!r} is none of: {', '.join(self.labels)}")

    def nearest(self, value: Any) -> Any:
        """Return the value as it stands among the choices."""
        return self.values[self.index(value)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Several:
    """Any number of some choices, each at most once.

    Attributes:
        of: The choices.
    """

    of: Choices

    @property
    def size(self) -> int:
        """How many ways there are to choose."""
        return 1 << self.of.size

    @property
    def start(self) -> tuple[Any, ...]:
        """Nothing is chosen for the person."""
        return ()

    def at(self, index: int) -> tuple[Any, ...]:
        """Return what the bits of a number choose."""
        return tuple(value for i, value in enumerate(self.of.values) if index >> i & 1)

    def index(self, value: Any) -> int:
        """Return the number whose bits choose these."""
        return sum({1 << self.of.index(one) for one in _elements(value)})

    def nearest(self, value: Any) -> tuple[Any, ...]:
        """Return the chosen values as they stand among the choices."""
        return tuple(self.of.nearest(one) for one in _elements(value))


@dataclass(frozen=True, slots=True, kw_only=True)
class Pairs:
    """From one value to another that does not come before it.

    Attributes:
        of: Where both ends lie.
    """

    of: Numbers | Choices

    @property
    def size(self) -> int | None:
        """How many pairs there are: n (n + 1) / 2."""
        ends = self.of.size
        return None if ends is None else ends * (ends + 1) // 2

    @property
    def start(self) -> tuple[Any, Any]:
        """From the first value to the last."""
        ends = self.of.size
        if ends is None:
            return self.of.start, self.of.start
        return self.of.at(0), self.of.at(ends - 1)

    def at(self, index: int) -> tuple[Any, Any]:
        """Return a pair by its place: pairs are ordered by their upper end, then by the lower."""
        upper = (math.isqrt(8 * index + 1) - 1) // 2
        return self.of.at(index - upper * (upper + 1) // 2), self.of.at(upper)

    def index(self, value: Any) -> int:
        """Return the place of the nearest pair."""
        lower, upper = sorted(self.of.index(end) for end in _both(value))
        return upper * (upper + 1) // 2 + lower

    def nearest(self, value: Any) -> tuple[Any, Any]:
        """Return the pair of the nearest ends, the lower one first."""
        if self.size is not None:
            return self.at(self.index(value))
        lower, upper = (self.of.nearest(end) for end in _both(value))
        return (lower, upper) if lower <= upper else (upper, lower)


@dataclass(frozen=True, slots=True, kw_only=True)
class Words(_Endless):
    """Text.

    Attributes:
        longest: How many characters it may have; None for any number.
        pattern: What it must match; "" for anything.
        suggestions: What may be meant; other text is allowed too.
        hint: What an empty field shows.
    """

    longest: int | None = None
    pattern: str = ""
    suggestions: tuple[str, ...] = ()
    hint: str = ""

    @property
    def start(self) -> str:
        """No text."""
        return ""

    def nearest(self, value: Any) -> str:
        """Return the text.

        Raises:
            UsageError: If it is no text, too long, or other than the pattern.
        """
        if not isinstance(value, str):
            raise UsageError(f"{value!r} is no text")
        if self.longest is not None and len(value) > self.longest:
            raise UsageError(f"{value!r} has more than {self.longest} characters")
        if self.pattern and not re.search(self.pattern, value):
            raise UsageError(f"{value!r} does not match {self.pattern}")
        return value


@dataclass(frozen=True, slots=True, kw_only=True)
class Colours(_Endless):
    """Colours, as CSS writes them."""

    @property
    def start(self) -> str:
        """Black."""
        return "#000000"

    def nearest(self, value: Any) -> str:
        """Return the colour, which must be text."""
        if not isinstance(value, str) or not value.strip():
            raise UsageError(f"{value!r} is no colour; write it as #1f77b4 or by its name")
        return value


@dataclass(frozen=True, slots=True, kw_only=True)
class Lists(_Endless):
    """Lists of any length.

    Attributes:
        of: What each element is.
    """

    of: Numbers | Words | Colours

    @property
    def start(self) -> tuple[Any, ...]:
        """An empty one."""
        return ()

    def nearest(self, value: Any) -> tuple[Any, ...]:
        """Return the nearest elements."""
        return tuple(self.of.nearest(one) for one in _elements(value))


@dataclass(frozen=True, slots=True, kw_only=True)
class Files(_Endless):
    """Files that a person hands over.

    Attributes:
        accept: Which, as HTML's `accept` says it: ".csv,.txt"; "" for any.
        is_several: Whether there may be more than one.
    """

    accept: str = ""
    is_several: bool = False

    @property
    def start(self) -> tuple[Any, ...]:
        """None."""
        return ()

    def nearest(self, value: Any) -> tuple[Any, ...]:
        """Return the files."""
        return tuple(_elements(value))


@dataclass(frozen=True, slots=True, kw_only=True)
class Fixed:
    """One value that people cannot change.

    Attributes:
        text: How it is shown.
        reason: Why it cannot be changed, and what to do so that it can.
    """

    text: str
    reason: str = ""

    @property
    def size(self) -> int:
        """One."""
        return 1

    @property
    def start(self) -> None:
        """It stands in the control, as its default."""
        return

    def at(self, index: int) -> Any:
        """Refuse: the value stands in the control."""
        raise UsageError(f"there is no value number {index}: {self.text} is fixed")

    def index(self, value: Any) -> int:  # noqa: ARG002  # there is one place
        """Return 0."""
        return 0

    def nearest(self, value: Any) -> Any:
        """Refuse: nothing can be set."""
        raise UsageError(f"{value!r} cannot be set: {self.text} is fixed. {self.reason}".rstrip())


Domain: TypeAlias = (
    Truth
    | Numbers
    | Powers
    | Moments
    | Choices
    | Several
    | Pairs
    | Words
    | Lists
    | Colours
    | Files
    | Fixed
)


def is_same(one: Any, other: Any) -> bool:
    """Whether two values are equal and of one type: 1, 1.0 and True differ."""
    return one is other or (type(one) is type(other) and _is_equal(one, other))


def short_text(value: Any) -> str:
    """Return a value's `repr`, cut where it is long; one that fails is no error."""
    short = reprlib.Repr()
    short.maxother = short.maxstring = short.maxlong = _SHOWN
    return " ".join(short.repr(value).split())


def _is_equal(one: Any, other: Any) -> bool:
    try:
        return bool(one == other)
    except (ArithmeticError, TypeError, ValueError):  # such as two arrays
        return False


def _label(value: Any) -> str:
    return value.name if isinstance(value, Enum) else str(value)


def _elements(value: Any) -> list[Any]:
    if isinstance(value, str) or not isinstance(value, Iterable):
        raise UsageError(f"{value!r} is no list of values")
    return list(value)


def _both(value: Any) -> list[Any]:
    ends = _elements(value)
    if len(ends) != _PAIR:
        raise UsageError(f"{value!r} is no pair of values")
    return ends
