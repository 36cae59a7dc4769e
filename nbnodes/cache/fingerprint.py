"""A value becomes bytes that name it: equal for equal values, different for different ones. Pure.

The encoding is injective (every part is tagged with its type and its length), does not depend on
the process, the hash seed or the order of a dict, and is versioned. Where opinions differ: 1, 1.0,
True and "1" differ; every NaN is one NaN; -0.0 is 0.0; a path is its text; a time is its wall clock
and its zone. Types that are not listed are refused, never guessed by `repr` or `pickle`.
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


def _time(value: datetime.time | datetime.datetime) -> bytes:
    zone = value.tzinfo
    name = "" if zone is None else str(getattr(zone, "key", None) or zone)
    wall = value.replace(tzinfo=None).isoformat()
    return _tagged(type(value).__name__, wall.encode(), name.encode(), str(value.fold).encode())


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
    datetime.datetime: _time,
    datetime.time: _time,
    datetime.timedelta: lambda v: _tagged("timedelta", repr(v).encode()),
    datetime.timezone: lambda v: _tagged("timezone", str(v).encode()),
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
    pairs = [
        _tagged("", _encoded(key, f"{where} key {key!r}"), _encoded(element, f"{where}[{key!r}]"))
        for key, element in value.items()
    ]
    return _tagged("dict", *sorted(pairs))


_CONTAINERS: dict[type, Callable[[Any, str], bytes]] = {
    list: _sequence("list"),
    tuple: _sequence("tuple"),
    set: _set("set"),
    frozenset: _set("frozenset"),
    dict: _dict,
}


# ---------------------------------------------------------------- everything else


def _uncommon(value: Any, where: str) -> bytes:
    kind = type(value)
    own = getattr(value, "__nb_hash__", None)
    if own is not None and not isinstance(value, type):
        return _tagged("own", _name(kind).encode(), _encoded(own(), f"{where}.__nb_hash__()"))
    library = kind.__module__.partition(".")[0]
    if library in _LIBRARIES:
        parts = _LIBRARIES[library](value)
        if parts is not None:
            return _tagged(_name(kind), *(_encoded(part, where) for part in parts))
    if isinstance(value, enum.Enum):
        return _tagged("enum", _name(kind).encode(), value.name.encode())
    if isinstance(value, os.PathLike):
        return _tagged("path", _encoded(os.fspath(value), where))
    if is_dataclass(value) and not isinstance(value, type):
        content = {f.name: getattr(value, f.name) for f in fields(value)}
        return _tagged("dataclass", _name(kind).encode(), _dict(content, where))
    if isinstance(value, tuple) and hasattr(value, "_fields"):
        return _tagged("named", _name(kind).encode(), _sequence("tuple")(value, where))
    raise FingerprintError(
        f"{where}: a {_name(kind)} has no cache key; pass plain data, or give the class a method "
        "`__nb_hash__` that returns plain data which names the value"
    )


def _standard(value: Any) -> tuple[Any, ...] | None:
    """Numbers and identifiers of the standard library, by their text."""
    if type(value).__qualname__ in ("Decimal", "Fraction", "UUID"):
        return (str(value),)
    if type(value).__qualname__ == "OrderedDict":
        return (list(value.items()),)
    return None


class _Buffer:
    """Raw memory, named by its digest."""

    def __init__(self, content: Any) -> None:
        self._digest = hashlib.sha256(content).digest()

    def __nb_hash__(self) -> bytes:
        return self._digest


def _numpy(value: Any) -> tuple[Any, ...] | None:
    import numpy as np

    if isinstance(value, np.generic):
        plain = value.item()
        is_plain = isinstance(plain, float | complex)
        return (value.dtype.str, plain if is_plain else value.tobytes())
    if type(value) is not np.ndarray:
        return (str(value),) if isinstance(value, np.dtype) else None
    if value.dtype.hasobject:
        return ("objects", value.shape, _objects(value.ravel().tolist()))
    kind = value.dtype
    content = np.ascontiguousarray(value).astype(kind.newbyteorder("<"), copy=False)
    if kind.kind in "fc":
        content = content + content.dtype.type(0)  # -0.0 becomes 0.0
        content[np.isnan(content)] = np.nan
    description = kind.newbyteorder("<").descr if kind.names else kind.newbyteorder("<").str
    return (repr(description), value.shape, _Buffer(content.tobytes()))


def _objects(elements: list[Any]) -> Any:
    """Name a list; one of nothing but text, the common case, without naming each element."""
    if all(type(element) is str for element in elements):
        joined = "".join(elements).encode("utf-8", "surrogatepass")
        lengths = ",".join(str(len(element)) for element in elements)
        return ("text", _Buffer(joined), _Buffer(lengths.encode()))
    return elements


def _pandas(value: Any) -> tuple[Any, ...] | None:
    import pandas as pd

    if value is pd.NaT or value is pd.NA:
        return ()
    table: tuple[tuple[Any, Callable[[Any], tuple[Any, ...]]], ...] = (
        (pd.DataFrame, _pandas_frame),
        (pd.Series, lambda v: (v.name, v.index, _pandas_array(v.array))),
        (
            pd.MultiIndex,
            lambda v: (list(v.names), [v.get_level_values(i) for i in range(v.nlevels)]),
        ),
        (pd.Index, lambda v: (list(v.names), _pandas_array(v.array))),
        (pd.api.extensions.ExtensionArray, _pandas_array),
        (pd.Timestamp | pd.Timedelta, lambda v: (v.unit, v.value, str(getattr(v, "tz", None)))),
        (pd.Period | pd.Interval | pd.api.types.CategoricalDtype, lambda v: (str(v),)),
    )
    return next((parts(value) for kind, parts in table if isinstance(value, kind)), None)


def _pandas_frame(frame: Any) -> tuple[Any, ...]:
    columns = [_pandas_array(frame.iloc[:, i].array) for i in range(frame.shape[1])]
    return (frame.columns, frame.index, columns, frame.attrs)


def _pandas_array(array: Any) -> tuple[Any, ...]:
    """Name a column's values; categories by value, text and objects element by element."""
    import numpy as np

    name = str(array.dtype)
    if name == "category":
        return (name, array.ordered, array.categories, np.asarray(array.codes))
    if isinstance(array.dtype, np.dtype) and array.dtype != object:
        return (name, array.to_numpy())
    if hasattr(array, "asi8"):
        return (name, array.asi8)
    return (name, _objects(array.astype(object).tolist()))


def _pyarrow(value: Any) -> tuple[Any, ...] | None:
    import pyarrow as pa

    if not isinstance(value, pa.Table):
        return None
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, value.schema) as writer:
        writer.write_table(value.combine_chunks())
    return (_Buffer(sink.getvalue()),)


_LIBRARIES: dict[str, Callable[[Any], tuple[Any, ...] | None]] = {
    "collections": _standard,
    "decimal": _standard,
    "fractions": _standard,
    "uuid": _standard,
    "numpy": _numpy,
    "pandas": _pandas,
    "pyarrow": _pyarrow,
}
