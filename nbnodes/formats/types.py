"""What JSON does not say of a value is written beside it; with that, the value comes back.

A table as JSON has no types of columns, a date is text: `told` says what was meant, and `restored`
makes it of the JSON again. What stands inside lists and objects stays as JSON has it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from nbnodes.formats.arrays import is_array, is_column, is_frame, is_series, library_of


def told(value: Any) -> dict[str, Any]:
    """Say what a value is: its `type`, and of arrays and tables the `dtypes` of their parts."""
    found: dict[str, Any] = {"type": _type_name(type(value))}
    library = library_of(value)
    if library == "numpy" and is_array(value):
        found["dtypes"] = {"data": str(value.dtype), "shape": list(value.shape)}
    elif library == "pandas":
        if is_frame(value):
            columns = [str(one) for one in value.dtypes]
            found["dtypes"] = {"data": columns, **_labels(value), **_named("columns", value)}
        elif is_series(value):
            found["dtypes"] = {"data": str(value.dtype), **_labels(value)}
        elif is_column(value):
            found["dtypes"] = _labels_of("data", value)
    return found


def restored(written: Any, type_name: str, dtypes: Mapping[str, Any] | None = None) -> Any:
    """Make a value of its JSON again.

    Args:
        written: What JSON has.
        type_name: What `told` said of the type.
        dtypes: What it said of the parts.

    Returns:
        The value; what JSON has, where nothing better is known or its library is not installed.
    """
    try:
        if dtypes is not None:
            return _of_library(written, type_name, dtypes)
        read = _READ.get(type_name)
        return written if read is None else read(written)
    except (ImportError, TypeError, ValueError, KeyError, ArithmeticError):
        return written  # a newer library's type, or none here: JSON's own is right, too


def _type_name(kind: type) -> str:
    if kind.__module__ == "builtins":
        return kind.__qualname__
    return f"{kind.__module__.partition('.')[0]}.{kind.__qualname__}"


def _labels(value: Any) -> dict[str, Any]:
    return _labels_of("index", value.index)


def _labels_of(part: str, index: Any) -> dict[str, Any]:
    """Say of labels what they are: of several levels a list."""
    levels = getattr(index, "levels", None)
    kinds = str(index.dtype) if levels is None else [str(one.dtype) for one in levels]
    names = [one if isinstance(one, str) else None for one in getattr(index, "names", ())]
    return {part: kinds} | ({f"{part}_names": names} if any(names) else {})


def _named(part: str, frame: Any) -> dict[str, Any]:
    return _labels_of(part, frame.columns)


def _of_library(written: Any, type_name: str, dtypes: Mapping[str, Any]) -> Any:
    if type_name.startswith("numpy."):
        return _array(written, dtypes)
    if type_name == "pandas.DataFrame":
        return _frame(written, dtypes)
    if type_name == "pandas.Series":
        return _series(written, dtypes)
    return _index(written, "data", dtypes)


def _array(written: Any, dtypes: Mapping[str, Any]) -> Any:
    import numpy as np

    found = np.array(written, dtype=dtypes["data"]).reshape(dtypes["shape"])
    return found if dtypes["shape"] else found[()]


def _frame(written: Mapping[str, Any], dtypes: Mapping[str, Any]) -> Any:
    import pandas as pd

    index = _index(written["index"], "index", dtypes)
    rows: Sequence[Sequence[Any]] = written["data"]
    cells = zip(*rows, strict=True) if rows else ((),) * len(dtypes["data"])
    pairs = zip(cells, dtypes["data"], strict=True)
    columns = {place: _column(list(one), kind) for place, (one, kind) in enumerate(pairs)}
    frame = pd.DataFrame({place: pd.Series(one, index=index) for place, one in columns.items()})
    frame = frame if columns else pd.DataFrame(index=index)
    frame.columns = _index(written["columns"], "columns", dtypes)
    return frame


def _series(written: Mapping[str, Any], dtypes: Mapping[str, Any]) -> Any:
    import pandas as pd

    index = _index(written["index"], "index", dtypes)
    return pd.Series(_column(written["data"], dtypes["data"]), index=index, name=written["name"])


def _index(labels: Sequence[Any], part: str, dtypes: Mapping[str, Any]) -> Any:
    import pandas as pd

    kinds, names = dtypes[part], dtypes.get(f"{part}_names", [None])
    if isinstance(kinds, str):
        return pd.Index(_column(labels, kinds), name=names[0])
    levels = zip(*labels, strict=True) if labels else ((),) * len(kinds)
    columns = [_column(list(one), kind) for one, kind in zip(levels, kinds, strict=True)]
    return pd.MultiIndex.from_arrays(columns, names=names if any(names) else None)


def _column(cells: Sequence[Any], kind: str) -> Any:
    """Make one column; of a kind that cannot be made of JSON, one of objects."""
    import pandas as pd

    try:
        if kind.startswith("datetime64"):
            is_zoned = "," in kind
            moments = pd.to_datetime(cells, utc=is_zoned, format="ISO8601")
            return pd.DatetimeIndex(moments).astype(kind).array
        if kind.startswith("timedelta64"):
            return pd.TimedeltaIndex(cells).astype(kind).array
        return pd.array(cells, dtype=kind)
    except (TypeError, ValueError):
        return pd.array(cells, dtype=object)


def _fraction(text: str) -> Any:
    from fractions import Fraction

    return Fraction(text)


def _decimal(text: str) -> Any:
    from decimal import Decimal

    return Decimal(text)


def _path(text: str) -> Any:
    from pathlib import Path

    return Path(text)


def _uuid(text: str) -> Any:
    from uuid import UUID

    return UUID(text)


def _moment(kind: str) -> Callable[[str], Any]:
    def read(text: str) -> Any:
        import datetime

        return getattr(datetime, kind).fromisoformat(text)

    return read


def _timestamp(text: str | None) -> Any:
    import pandas as pd

    return pd.Timestamp(text)


_READ: Mapping[str, Callable[[Any], Any]] = {
    "float": lambda number: float("nan") if number is None else float(number),
    "tuple": tuple,
    "set": set,
    "frozenset": frozenset,
    "datetime.date": _moment("date"),
    "datetime.datetime": _moment("datetime"),
    "datetime.time": _moment("time"),
    "decimal.Decimal": _decimal,
    "fractions.Fraction": _fraction,
    "uuid.UUID": _uuid,
    "pathlib.Path": _path,
    "pathlib.PosixPath": _path,
    "pathlib.WindowsPath": _path,
    "pandas.Timestamp": _timestamp,
    "pandas.NaTType": _timestamp,
}
"""How a value is read from its JSON, by the name of its type."""
