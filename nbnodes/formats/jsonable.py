"""A value becomes what JSON has, and that becomes text; what JSON lacks is refused by its name."""

from __future__ import annotations

import dataclasses
import json
import math
import os
from collections.abc import Collection, Iterable, Mapping
from typing import Any

from nbnodes.errors import FormatError
from nbnodes.formats.arrays import (
    array_json,
    characters_of,
    column_json,
    frame_json,
    is_array,
    is_column,
    is_frame,
    is_plainly_json,
    is_series,
    is_text,
    library_of,
    parts_of,
    series_json,
)
from nbnodes.formats.integers import int_of, int_text, is_over_limit, of_any_length

_AS_IT_IS = frozenset({str, int, bool, type(None)})
_SHORT = frozenset({bool, dict, float, list, tuple, type(None)})  # what has no text of its own
_NUMBERS = frozenset({int, bool, float})
_CONTAINERS = frozenset({dict, list})
_AS_TEXT = ("decimal", "fractions", "pathlib", "uuid")
_ORDERED = ("datetime", "decimal", "fractions", "uuid")
_DEEPEST = 200  # lists in lists: Python's own reading and writing of JSON ends below 1,000
_LONGEST_RANGE = 100_000_000  # a range takes no room, what it becomes does
_ELEMENT_BITS, _ELEMENT_CHARACTERS = 512, 128  # longer numbers and texts count as several elements


def jsonable(value: Any, *, limit: int | None = None) -> Any:
    """Turn a value into what JSON has: a table becomes `{"columns", "index", "data"}`, NaN null.

    Args:
        value: The value.
        limit: How many elements it may have, all levels together; None for no limit.

    Raises:
        FormatError: If JSON has nothing for a part of it, or it has too many elements.
    """
    if type(value) in _AS_IT_IS:
        return value
    try:
        return of_any_length(lambda: _Walk(limit).of(value))
    except RecursionError:
        raise _too_deep(value) from None


def has_json(value: Any, *, limit: int | None = None) -> bool:
    """Tell whether `jsonable` takes a value.

    Columns of plain cells are not looked at, however long; lists have to be.
    """
    try:
        if library_of(value) == "numpy" and is_array(value) and is_plainly_json(value):
            _Walk(limit).take_array(value)
        elif library_of(value) == "pandas" and (is_frame(value) or is_series(value)):
            _check_parts(value, limit)
        elif isinstance(value, range):
            _Walk(limit).take_range(value)
        else:
            jsonable(value, limit=limit)
    except FormatError:
        return False
    return True


def json_text(value: Any) -> str:
    """Write what `jsonable` gave as JSON: integers of any length, and text that UTF-8 can hold.

    Raises:
        FormatError: If it is nested too deep.
    """
    try:
        text = _dumped(value)
    except RecursionError:
        raise _too_deep(value) from None
    except ValueError as error:
        if not is_over_limit(error):
            raise
        text = _dumped_with_long_integers(value)
    return text if text.isascii() else _of_whole_characters(text)


def json_value(text: str | bytes) -> Any:
    """Read what `json_text` wrote: integers of any length.

    Raises:
        ValueError: If it is no JSON.
    """
    try:
        return json.loads(text)
    except ValueError as error:
        if not is_over_limit(error):
            raise
    return json.loads(text, parse_int=int_of)


def is_too_deep(value: Any) -> bool:
    """Tell whether what was read from JSON is nested deeper than `jsonable` writes."""
    containers = [value] if type(value) in _CONTAINERS else []
    for _ in range(_DEEPEST):
        parts = (one.values() if type(one) is dict else one for one in containers)
        containers = [part for some in parts for part in some if type(part) in _CONTAINERS]
        if not containers:
            return False
    return True


def _check_parts(value: Any, limit: int | None) -> None:
    """Take a table or a Series apart, and write only what must be looked at."""
    walk = _Walk(limit)
    walk.take_table(value)
    for part in parts_of(value):
        if not is_plainly_json(part) or (limit is not None and is_text(part)):
            column_json(part, walk.of_cell)


class _Walk:
    """One way through a value. It counts what it meets."""

    def __init__(self, limit: int | None) -> None:
        self._limit = limit
        self._left = 0 if limit is None else limit
        self._depth = 0

    def of(self, value: Any) -> Any:
        """Return what JSON has for a value."""
        kind = type(value)
        if kind in _AS_IT_IS:
            return value
        if kind is float or isinstance(value, float):
            return float(value) if math.isfinite(value) else None
        if isinstance(value, str):
            return value
        if isinstance(value, int):
            return int(value)
        if self._depth == _DEEPEST:
            raise _too_deep(value)
        self._depth += 1
        written = self._of_many(value)
        self._depth -= 1
        return written

    def of_cell(self, value: Any) -> Any:
        """Return what JSON has for a cell of a table."""
        if self._limit is not None:
            self._take_texts((value,), value)
        return self.of(value)

    def take_table(self, value: Any) -> None:
        """Count what is in a table or Series, and its labels."""
        columns = value.columns if is_frame(value) else [value.name]
        self._take(value.size + len(value) + len(columns), value)

    def _of_many(self, value: Any) -> Any:
        if isinstance(value, list | tuple):
            return self._of_list(value)
        if isinstance(value, Mapping):
            return self._of_mapping(value)
        if isinstance(value, range):
            self.take_range(value)
            return list(value)
        if isinstance(value, set | frozenset):
            return self._of_set(value)
        return self._of_object(value)

    def _of_mapping(self, value: Mapping[Any, Any]) -> dict[str, Any]:
        self._take(len(value), value)
        written = {_name(key): self.of(element) for key, element in value.items()}
        self._take_texts(written, value)
        self._take_texts(written.values(), value)
        if len(written) < len(value):
            text = "has several keys that JSON writes as the same name"
            raise FormatError(f"a {type(value).__name__} {text}")
        return written

    def _of_list(self, value: list[Any] | tuple[Any, ...]) -> list[Any]:
        self._take(len(value), value)
        kinds = set(map(type, value))
        if not kinds <= _SHORT:
            self._take_texts(value, value)
        if kinds <= _AS_IT_IS or (kinds == {float} and all(map(math.isfinite, value))):
            return list(value)
        return [self.of(element) for element in value]

    def _of_set(self, values: set[Any] | frozenset[Any]) -> list[Any]:
        """Sort: a set's own order differs from process to process, its JSON must not."""
        if _is_ordered(values):
            try:
                return self._of_list(sorted(values))
            except (TypeError, ArithmeticError):  # with and without a time zone; Decimal's NaN
                pass
        return sorted(self._of_list(list(values)), key=json_text)

    def _of_object(self, value: Any) -> Any:
        library = library_of(value)
        if library == "pandas":
            return self._of_pandas(value)
        if library == "numpy" and is_array(value):
            self.take_array(value)
            return array_json(value, self.of)
        if library in _AS_TEXT:
            return str(value)
        if isinstance(value, type):
            raise _no_json(value)
        if dataclasses.is_dataclass(value):
            return {f.name: self.of(getattr(value, f.name)) for f in dataclasses.fields(value)}
        return _of_moment(value)

    def _of_pandas(self, value: Any) -> Any:
        import pandas as pd

        if is_frame(value):
            self.take_table(value)
            return frame_json(value, self.of_cell)
        if is_series(value):
            self.take_table(value)
            return series_json(value, self.of_cell)
        if is_column(value):
            self._take(len(value), value)
            return column_json(value, self.of_cell)
        if value is pd.NaT or value is pd.NA:
            return None
        if isinstance(value, pd.Period | pd.Interval | pd.offsets.BaseOffset):
            return str(value)
        return _of_moment(value)

    def take_array(self, value: Any) -> None:
        """Count what is in an array of NumPy."""
        self._take(value.size * (1 + characters_of(value) // _ELEMENT_CHARACTERS), value)

    def take_range(self, value: range) -> None:
        """Count what is in a range."""
        count = max(0, (value[-1] - value[0]) // value.step + 1) if value else 0
        if count > _LONGEST_RANGE:  # `len` would end at the largest index of a list
            raise FormatError(f"a range of {_LONGEST_RANGE:,} elements or more has no JSON form")
        self._take(count, value)

    def _take(self, count: int, value: Any) -> None:
        if self._limit is None:
            return
        self._left -= count
        if self._left < 0:
            text = f"has more than {self._limit:,} elements, too many for JSON here"
            raise FormatError(f"a {type(value).__name__} {text}")

    def _take_texts(self, elements: Iterable[Any], value: Any) -> None:
        """Count long texts and numbers as several elements: one text may stand in many places."""
        if self._limit is not None:
            self._take(sum(map(_extra, elements)), value)


def _is_ordered(values: Collection[Any]) -> bool:
    """Tell whether all that are unequal have an order: sets have none, and NaN no place in it."""
    kinds = set(map(type, values))
    if kinds == {tuple}:
        return all(type(part) in (str, int) for value in values for part in value)
    if kinds <= _NUMBERS:
        return all(map(math.isfinite, filter(_is_float, values)))
    return len(kinds) == 1 and (kinds == {str} or kinds.pop().__module__ in _ORDERED)


def _is_float(value: Any) -> bool:
    return isinstance(value, float)


def _extra(value: Any) -> int:
    if isinstance(value, str):
        return len(value) // _ELEMENT_CHARACTERS
    return value.bit_length() // _ELEMENT_BITS if isinstance(value, int) else 0


def _of_moment(value: Any) -> str:
    text = value.isoformat() if hasattr(value, "isoformat") else None
    if not isinstance(text, str):
        raise _no_json(value)
    return text


def _name(key: Any) -> str:
    if isinstance(key, str):
        return key
    return int_text(key) if isinstance(key, int) else str(key)


def _no_json(value: Any) -> FormatError:
    return FormatError(f"a {type(value).__module__}.{type(value).__qualname__} has no JSON form")


def _too_deep(value: Any) -> FormatError:
    kind = type(value).__name__
    return FormatError(f"a {kind} that contains itself, or is nested so deep, has no JSON form")


def _dumped(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, allow_nan=False)


def _dumped_with_long_integers(value: Any) -> str:
    """Write a mark for each long integer, and then its digits for the mark."""
    import re

    mark, texts = os.urandom(16).hex(), list[str]()

    def marked(part: Any) -> Any:
        if isinstance(part, dict):
            return {_name(key): marked(element) for key, element in part.items()}
        if isinstance(part, list | tuple):
            return [marked(element) for element in part]
        if type(part) is int and part.bit_length() > _ELEMENT_BITS:
            texts.append(int_text(part))
            return f"{mark}{len(texts) - 1}"
        return part

    return re.sub(rf'"{mark}(\d+)"', lambda found: texts[int(found[1])], _dumped(marked(value)))


def _of_whole_characters(text: str) -> str:
    """Escape half a character (a lone surrogate): as itself no UTF-8 can hold it."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode(errors="backslashreplace").decode()
    return text
