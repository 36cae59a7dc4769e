"""Values that are all different, each by a readable name: what a fingerprint must tell apart."""

from __future__ import annotations

import datetime as dt
import enum
from collections import OrderedDict, namedtuple
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from pathlib import PurePosixPath
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from corpus_tables import ARROW, NUMPY, PANDAS

from nbnodes.cache.fingerprint import fingerprint

BERLIN = ZoneInfo("Europe/Berlin")
EAST = dt.timezone(dt.timedelta(hours=1))
NIGHT = dt.datetime(2020, 10, 25, 2, 30)  # noqa: DTZ001  # a clock time that Berlin has twice


class Color(enum.Enum):
    RED = 1
    BLUE = "RED"


class Paint(enum.Enum):
    RED = 1


class Level(enum.IntEnum):
    LOW = 1


class Word(enum.StrEnum):
    LOW = "1"


class Access(enum.Flag):
    READ = 1
    WRITE = 2


@dataclass(frozen=True)
class Point:
    x: Any
    y: Any = 2


@dataclass(frozen=True)
class Place:
    x: Any
    y: Any = 2


Pair = namedtuple("Pair", ["x", "y"])  # noqa: PYI024
Couple = namedtuple("Couple", ["x", "y"])  # noqa: PYI024


class Named:
    """A class of one's own that says what names its objects."""

    def __init__(self, name: Any) -> None:
        self.name = name

    def __nb_hash__(self) -> Any:
        return self.name


class Renamed(Named):
    """Another class that names its objects alike."""


class Table:
    """An object that is named by what has parts."""

    def __nb_hash__(self) -> Any:
        return {"rows": range(3)}


def numbered(group: str, values: tuple[Any, ...]) -> dict[str, Any]:
    """Name values by their text, cut short; the number keeps the names apart."""
    texts = [hex(v) if isinstance(v, int) else ascii(v) for v in values]
    return {
        f"{group} {i} {text[:40]}": value
        for i, (text, value) in enumerate(zip(texts, values, strict=True))
    }


ATOMS: tuple[Any, ...] = (
    None, ..., True, False, 0, 1, -1, 255, 256, 2**63, -(2**63), 16**4999, 16**4999 + 1,
    0.0, 1.0, 5e-324, 0.1, 0.1 + 0.2, 0.3, float("inf"), float("-inf"), float("nan"), 1e300,
    0j, 1j, -1j, 1 + 0j, complex("nan"), complex("inf"),
    "", " ", "1", "1.0", "True", "None", "nan", "a", "A", "a\0", "\0", "\0a", "\ud800", "\udc80",
    "é", "e\u0301", "日", "a,b", "a\nb", "int(1:1)", "none()", "[]", "\N{GRINNING FACE}",
    b"", b"1", b"a", b"\0", b"a\0", bytearray(), bytearray(b"1"), bytearray(b"a"),
    range(0), range(1), range(1, 2), range(0, 3, 2), range(0, 4, 2),
)  # fmt: skip

CONTAINERS: tuple[Any, ...] = (
    [], (), set(), frozenset(), {}, [[]], [()], ([],), ((),), [[], []], [[[]]], [{}], {"": {}},
    {frozenset()}, frozenset({frozenset()}), OrderedDict(), [None], (None,), {None}, {None: None},
    [1], (1,), {1}, frozenset({1}), {1: 1}, {1.0: 1}, {True: 1}, {"1": 1}, {b"1": 1}, {1: "1"},
    ["1"], [1.0], [True], [b"1"], [1, 1], [[1], 1], [[1, 1]], [1, [1]],
    ["a", "b"], ["b", "a"], ["a,b"], ["ab"], ["a", "", "b"], [["a"], "b"], ["a", ["b"]],
    [["a", "b"]], ("a", "b"), {"a": "b"}, {"b": "a"}, {("a", "b")},
    {"a": 1, "b": 2}, {"a": 2, "b": 1}, {"a": {"b": 2}}, {("a", 1): 2}, [("a", 1), ("b", 2)],
    [["a", 1], ["b", 2]], OrderedDict(a=1, b=2), OrderedDict(b=2, a=1), {"a": None}, {"a": ...},
)  # fmt: skip

SETS: dict[str, Any] = {  # their text depends on the hash seed
    "set of two": {"a", "b"},
    "frozenset of two": frozenset("ab"),
    "set of ten": set("abcdefghij"),
    "set of many types": {1, "1", 1.5, None, ("x", frozenset("yz"))},
    "sets as key and value": {frozenset("abc"): set("def")},
}

TIMES: tuple[Any, ...] = (
    dt.date(2020, 10, 25), "2020-10-25", NIGHT, NIGHT.isoformat(), str(NIGHT), NIGHT.time(),
    NIGHT.replace(hour=0, minute=0), NIGHT.replace(fold=1), NIGHT.replace(microsecond=1),
    NIGHT.replace(tzinfo=dt.UTC), NIGHT.replace(tzinfo=EAST), NIGHT.replace(tzinfo=BERLIN),
    NIGHT.replace(tzinfo=BERLIN, fold=1), NIGHT.replace(tzinfo=ZoneInfo("Europe/Paris")),
    NIGHT.time().replace(tzinfo=dt.UTC), NIGHT.time().replace(fold=1), dt.time(), dt.UTC, EAST,
    "UTC", dt.timedelta(), dt.timedelta(1), dt.timedelta(0, 1), dt.timedelta(0, 0, 1),
    dt.timedelta(-1, 1),
)  # fmt: skip

IDENTIFIERS: tuple[Any, ...] = (
    Decimal("1.0"), Decimal("1.00"), Decimal(1), Decimal("NaN"), Decimal("Infinity"), "Decimal(1)",
    Fraction(1), Fraction(1, 2), "1/2", Decimal("0.5"), UUID(int=1), str(UUID(int=1)),
    PurePosixPath("a"), PurePosixPath("a/b"), "a/b",
)  # fmt: skip

OWN: dict[str, Any] = {
    repr(value): value
    for value in (
        *(*Color, *Paint, *Level, *Word, *Access, Access.READ | Access.WRITE),
        *(Point(1), Point(1.0), Point(1, 3), Point(2, 1), Place(1), Point(Point(1))),
        *(Pair(1, 2), Pair(2, 1), Couple(1, 2), Pair((1, 2), ())),
    )
} | {
    "a dataclass's dict": {"x": 1, "y": 2},
    "a namedtuple's tuple": (1, 2),
    "named 1": Named(1),
    "named '1'": Named("1"),
    "named [1]": Named([1]),
    "another class, named 1": Renamed(1),
    "named by parts": Table(),
}

PLAIN: dict[str, Any] = {
    **numbered("atom", ATOMS),
    **numbered("container", CONTAINERS),
    **SETS,
    **numbered("time", TIMES),
    **numbered("identifier", IDENTIFIERS),
    **OWN,
}
STABLE = PLAIN | NUMPY
CORPUS = STABLE | PANDAS | ARROW


def digests(values: dict[str, Any]) -> dict[str, str]:
    """Give each value's fingerprint by its name."""
    return {name: fingerprint(value, where=name) for name, value in values.items()}
