"""A value becomes bytes that name it: equal for equal values, different for different ones. Pure.

The encoding is injective (every part is tagged with its type and its length), does not depend on
the process, the hash seed or the order of a dict, and is versioned. Where opinions differ: 1, 1.0,
True and "1" differ; every NaN is one NaN; -0.0 is 0.0; a path is its text; a time is its wall clock
and its zone. Types that are not listed are refused, never guessed by `repr` or `pickle`. Those of
numpy, pandas and pyarrow are taken apart in `nbnodes.cache.tables`.
"""

from __future__ import annotations

import datetime
import enum
import hashlib
import math
import os
import struct
from collections.abc import Callable, Iterable
from dataclasses import fields, is_dataclass
from typing import Any

from nbnodes.errors import FingerprintError

VERSION = 1

_Encode = Callable[[Any], bytes]


def fingerprint(value: Any, *, where: str = "value") -> str:
    """Return the SHA-256 of a value's encoding, in hex.

    Args:
        value: What to name.
        where: What an error calls it.

    Raises:
        FingerprintError: If a part of it has a type that has no encoding; says which part.
    """
    return hashlib.sha256(encode(value, where=where)).hexdigest()


def encode(value: Any, *, where: str = "value") -> bytes:
    """Return the canonical encoding itself. Large arrays stand in it as their SHA-256.

    Raises:
        FingerprintError: As `fingerprint`.
    """
    try:
        return _encoded(value, where)
    except RecursionError:
        raise FingerprintError(f"{where}: it contains itself, or is nested too deeply") from None


def pair(name: str, element: Any) -> bytes:
    """Return what the encoding of a dict holds of one of its elements; see `joined`."""
    return _pair(name, element, name)


def joined(pairs: Iterable[bytes]) -> bytes:
    """Return the encoding of a dict of such elements: most may be known from another one."""
    return _tagged("dict", *sorted(pairs))


def _encoded(value: Any, where: str) -> bytes:
    kind = type(value)
    simple = _SIMPLE.get(kind)
    if simple is not None:
        return simple(value)
    container = _CONTAINERS.get(kind)
    if container is not None:
        return container(value, where)
    return _uncommon(value, where)


def _tagged(tag: str, *parts: bytes) -> bytes:
    """Join parts so that neither their borders nor the tag's can be mistaken."""
    lengths = b",".join(str(len(part)).encode() for part in parts)
    return tag.encode() + b"(" + lengths + b":" + b"".join(parts) + b")"


def _name(kind: type) -> str:
    return f"{kind.__module__}.{kind.__qualname__}"


# ---------------------------------------------------------------- plain values


def _int(value: int) -> bytes:
    return _tagged("int", f"{value:x}".encode())  # hex: decimal has a length limit and is slower


def _float(value: float) -> bytes:
    if math.isnan(value):
        return _tagged("float", b"nan")
    return _tagged("float", struct.pack("<d", value + 0.0))


def _time(value: datetime.time | datetime.datetime, where: str) -> bytes:
    zone = value.tzinfo
    named = b"" if zone is None else _zone(zone, f"{where}.tzinfo")
    wall = value.replace(tzinfo=None).isoformat()
    return _tagged(type(value).__name__, wall.encode(), named, str(value.fold).encode())


def _zone(zone: datetime.tzinfo, where: str) -> bytes:
    """Name a zone by its key, or by its text and, where it has one, its fixed offset."""
    name = str(getattr(zone, "key", None) or zone)
    if " at 0x" in name:
        raise FingerprintError(f"{where}: a {_name(type(zone))} has no name; use a ZoneInfo")
    offset = zone.utcoffset(None) if isinstance(zone, datetime.timezone) else None
    return _tagged("timezone", name.encode(), repr(offset).encode())


_SIMPLE: dict[type, _Encode] = {
    type(None): lambda _: b"none()",
    type(...): lambda _: b"ellipsis()",
    bool: lambda v: b"bool(1)" if v else b"bool(0)",
    int: _int,
    float: _float,
    complex: lambda v: _tagged("complex", _float(v.real), _float(v.imag)),
    str: lambda v: _tagged("str", v.encode("utf-8", "surrogatepass")),
    bytes: lambda v: _tagged("bytes", v),
    bytearray: lambda v: _tagged("bytearray", bytes(v)),
    range: lambda v: _tagged("range", *(_int(part) for part in (v.start, v.stop, v.step))),
    datetime.date: lambda v: _tagged("date", v.isoformat().encode()),
    datetime.timedelta: lambda v: _tagged("timedelta", repr(v).encode()),
}


# ---------------------------------------------------------------- containers


def _sequence(tag: str) -> Callable[[Any, str], bytes]:
    def encoded(value: Iterable[Any], where: str) -> bytes:
        parts = [_encoded(element, f"{where}[{i}]") for i, element in enumerate(value)]
        return _tagged(tag, *parts)

    return encoded


def _set(tag: str) -> Callable[[Any, str], bytes]:
    def encoded(value: Iterable[Any], where: str) -> bytes:
        return _tagged(tag, *sorted(_encoded(element, f"{where}{{…}}") for element in value))

    return encoded


def _dict(value: dict[Any, Any], where: str) -> bytes:
    return joined(_pair(key, element, where) for key, element in value.items())


def _pair(key: Any, element: Any, where: str) -> bytes:
    named = _encoded(key, f"{where} key {key!r}")
    return _tagged("", named, _encoded(element, f"{where}[{key!r}]"))


_CONTAINERS: dict[type, Callable[[Any, str], bytes]] = {
    list: _sequence("list"),
    tuple: _sequence("tuple"),
    set: _set("set"),
    frozenset: _set("frozenset"),
    dict: _dict,
    datetime.datetime: _time,
    datetime.time: _time,
    datetime.timezone: _zone,
}


# ---------------------------------------------------------------- everything else


def _uncommon(value: Any, where: str) -> bytes:
    kind = type(value)
    own = getattr(value, "__nb_hash__", None)
    if own is not None and not isinstance(value, type):
        return _tagged("own", _name(kind).encode(), _encoded(own(), f"{where}.__nb_hash__()"))
    parts = _library_parts(value, str(kind.__module__).partition(".")[0])
    if parts is not None:
        return _tagged("library", *(_encoded(part, where) for part in parts))
    known = _known_kind(value, _name(kind).encode(), where)
    if known is None:
        raise FingerprintError(
            f"{where}: a {_name(kind)} has no cache key; pass plain data, or give the class a "
            "method `__nb_hash__` that returns plain data which names the value"
        )
    return known


def _known_kind(value: Any, name: bytes, where: str) -> bytes | None:
    """Encode what the standard library gives a shape: enums, paths, dataclasses, named tuples."""
    if isinstance(value, enum.Enum):
        member = str(value.name).encode()
        return _tagged("enum", name, member, _encoded(value.value, f"{where}.value"))
    if isinstance(value, os.PathLike):
        return _tagged("path", _encoded(os.fspath(value), where))
    if isinstance(value, datetime.tzinfo):
        return _zone(value, where)
    if is_dataclass(value) and not isinstance(value, type):
        content = {f.name: getattr(value, f.name) for f in fields(value)}
        return _tagged("dataclass", name, _dict(content, where))
    if isinstance(value, tuple) and hasattr(value, "_fields"):
        names = _encoded(tuple(value._fields), where)
        return _tagged("named", name, names, _sequence("tuple")(value, where))
    return None


def _library_parts(value: Any, library: str) -> tuple[Any, ...] | None:
    """Take a value of a known library apart; None if it is of no such type."""
    if library in ("collections", "decimal", "fractions", "uuid"):
        return _standard_parts(value)
    if library in ("numpy", "pandas", "pyarrow"):
        from nbnodes.cache import tables

        return tables.parts(value, library)
    return None


def _standard_parts(value: Any) -> tuple[Any, ...] | None:
    name = type(value).__qualname__
    if name in ("Decimal", "Fraction", "UUID"):
        return (name, str(value))
    return (name, list(value.items())) if name == "OrderedDict" else None
