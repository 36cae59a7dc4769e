"""A Success is written as text, JSON, HTML, CSV or PNG, for people and programs."""

from __future__ import annotations

import base64
import dataclasses
import io
import json
import math
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from nbnodes.errors import FormatError
from nbnodes.result import Success


def render(result: Success, name: str) -> str | bytes:
    """Write a Result in a format: bytes for "png", text for the others.

    Raises:
        FormatError: If the value has no such form; names the formats that it has.
    """
    try:
        with _integers_of_any_length():
            return _FORMATS[name](result)
    except FormatError as error:
        usable = ", ".join(formats_of(result))
        raise FormatError(f"{error}; it can be written as: {usable}") from None


def formats_of(result: Success) -> tuple[str, ...]:
    """Return the formats that a Result can be written in."""
    return tuple(name for name in FORMATS if _has(result, name))


def json_text(value: Any) -> str:
    """Write what `jsonable` gave as JSON: UTF-8, and integers of any length."""
    with _integers_of_any_length():
        return json.dumps(value, ensure_ascii=False, allow_nan=False)


def jsonable(value: Any) -> Any:
    """Turn a value into what JSON has: a table becomes `{"columns", "index", "data"}`, NaN null.

    Raises:
        FormatError: If JSON has nothing for a part of it.
    """
    try:
        with _integers_of_any_length():
            return _jsonable(value)
    except RecursionError:
        kind = type(value).__name__
        text = f"a {kind} that contains itself, or is nested so deep, has no JSON form"
        raise FormatError(text) from None


def _jsonable(value: Any) -> Any:
    if value is None or isinstance(value, bool | str):
        return value
    if isinstance(value, int):
        return int(value)
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {_name(key): _jsonable(element) for key, element in value.items()}
    if isinstance(value, list | tuple | set | frozenset | range):
        elements = _ordered(value) if isinstance(value, set | frozenset) else value
        return [_jsonable(element) for element in elements]
    return _jsonable_object(value)


def _jsonable_object(value: Any) -> Any:
    library = type(value).__module__.partition(".")[0]
    if library == "pandas":
        return _jsonable_pandas(value)
    if library == "numpy":
        return _jsonable_array(value)
    if hasattr(value, "isoformat"):
        return value.isoformat()
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {f.name: _jsonable(getattr(value, f.name)) for f in dataclasses.fields(value)}
    if library in ("decimal", "fractions", "pathlib", "uuid"):
        return str(value)
    raise _no_json(value)


def _no_json(value: Any) -> FormatError:
    return FormatError(f"a {type(value).__module__}.{type(value).__qualname__} has no JSON form")


def _ordered(values: set[Any] | frozenset[Any]) -> list[Any]:
    """Sort a set: its own order differs from process to process, its JSON must not."""
    try:
        return sorted(values)
    except TypeError:
        return sorted(values, key=repr)


def _jsonable_array(value: Any) -> Any:
    import numpy as np

    if not isinstance(value, np.ndarray | np.generic):
        raise _no_json(value)
    if value.dtype.kind in "mM":  # in nanoseconds, numpy's default, `tolist` gives bare integers
        value = value.astype(f"{value.dtype.kind}8[us]")
    return _jsonable(value.item() if value.ndim == 0 else value.tolist())


def _jsonable_pandas(value: Any) -> Any:
    import pandas as pd

    if isinstance(value, pd.DataFrame):
        return {
            "columns": [_label(column) for column in value.columns],
            "index": [_label(label) for label in value.index],
            "data": [[_jsonable(cell) for cell in row] for row in value.itertuples(index=False)],
        }
    if isinstance(value, pd.Series):
        labels = [_label(label) for label in value.index]
        return {"name": _label(value.name), "index": labels, "data": [_jsonable(v) for v in value]}
    if isinstance(value, pd.Index | pd.api.extensions.ExtensionArray):
        return [_label(label) for label in value]
    if value is pd.NaT or value is pd.NA:
        return None
    if isinstance(value, pd.Period | pd.Interval | pd.offsets.BaseOffset):
        return str(value)
    if hasattr(value, "isoformat"):
        return value.isoformat()
    raise _no_json(value)


def _label(label: Any) -> Any:
    return _jsonable(list(label)) if isinstance(label, tuple) else _jsonable(label)


def _name(key: Any) -> str:
    return key if isinstance(key, str) else str(key)


def _text(result: Success) -> str:
    if isinstance(result.value, str | int):
        return str(result.value)
    bundle, _ = result._repr_mimebundle_()  # Jupyter's public protocol
    return _joined(bundle["text/plain"]) if "text/plain" in bundle else repr(result.value)


@contextmanager
def _integers_of_any_length() -> Iterator[None]:
    """Lift Python's limit, which guards against text from strangers; the value is the caller's.

    It is one for all threads: the last one that writes puts it back.
    """
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


def _json(result: Success) -> str:
    return json_text(jsonable(result.value))


def _html(result: Success) -> str:
    import html

    bundle, _ = result._repr_mimebundle_()  # Jupyter's public protocol
    if "text/html" in bundle:
        return _joined(bundle["text/html"])
    if "image/svg+xml" in bundle:
        return _joined(bundle["image/svg+xml"])
    if "image/png" in bundle:
        picture = f"data:image/png;base64,{_joined(bundle['image/png'])}"
        return f'<img alt="{html.escape(result.name)}" src="{picture}">'
    return f"<pre>{html.escape(_text(result))}</pre>"


def _csv(result: Success) -> str:
    import csv

    value = result.value
    if hasattr(value, "to_csv"):
        return str(value.to_csv())
    rows = value.tolist() if hasattr(value, "tolist") else value
    if not isinstance(rows, list | tuple) or not rows:
        raise FormatError(f"a {type(value).__name__} is no table")
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    if all(isinstance(row, Mapping) for row in rows):
        names = list(dict.fromkeys(name for row in rows for name in row))
        writer.writerow(names)
        writer.writerows([row.get(name) for name in names] for row in rows)
    else:
        writer.writerows(row if isinstance(row, list | tuple) else [row] for row in rows)
    return file.getvalue()


def _png(result: Success) -> bytes:
    for output in reversed(result.outputs):
        picture = output.get("data", {}).get("image/png")
        if picture:
            return base64.b64decode(_joined(picture))
    if hasattr(result.value, "savefig"):
        file = io.BytesIO()
        result.value.savefig(file, format="png")
        return file.getvalue()
    raise FormatError(f"{result.name} shows no picture")


def _joined(text: str | list[str]) -> str:
    return text if isinstance(text, str) else "".join(text)


def _has(result: Success, name: str) -> bool:
    try:
        _FORMATS[name](result)
    except FormatError:
        return False
    return True


_lifting = threading.Lock()
_lifted: list[int] = []  # the limit, for each that writes
_FORMATS: dict[str, Callable[[Success], str | bytes]] = {
    "text": _text,
    "json": _json,
    "html": _html,
    "csv": _csv,
    "png": _png,
}
FORMATS = tuple(_FORMATS)
