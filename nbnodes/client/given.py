"""Values in Python become the JSON body of a request; what JSON cannot tell is refused by name."""

from __future__ import annotations

import datetime
import enum
import math
from collections.abc import Mapping
from typing import Any

from nbnodes.errors import FormatError, ParameterError
from nbnodes.formats.arrays import is_frame, is_series, library_of
from nbnodes.formats.jsonable import json_text, jsonable


def body_of(values: Mapping[str, Any], name: str) -> str:
    """Write parameters as JSON: dates, decimals and the like as text, arrays and sets as lists.

    Args:
        values: Values by name.
        name: What is called.

    Raises:
        ParameterError: With every value that has no JSON form.
    """
    found, problems = {}, []
    for parameter, value in values.items():
        try:
            found[parameter] = _written(value)
        except FormatError as error:
            problems.append(f"{parameter}: {error}")
    if problems:
        raise ParameterError(name, problems)
    return json_text(found)


def _written(value: Any) -> Any:
    if isinstance(value, enum.Enum):
        return _written(value.value)
    if isinstance(value, datetime.timedelta):
        return _span(value)
    if library_of(value) == "pandas" and (is_frame(value) or is_series(value)):
        kind = type(value).__name__
        text = f"a {kind} cannot be sent as a parameter; send its records: to_dict('records')"
        raise FormatError(text)
    _refuse_no_number(value)
    return jsonable(value)


def _refuse_no_number(value: Any) -> None:
    """Refuse what JSON would make null of, which is another value."""
    if isinstance(value, float) and not math.isfinite(value):
        raise FormatError(f"{value} has no JSON form")
    if isinstance(value, list | tuple | set | frozenset):
        for element in value:
            _refuse_no_number(element)
    elif isinstance(value, Mapping):
        for element in value.values():
            _refuse_no_number(element)


def _span(value: datetime.timedelta) -> str:
    """Write a span of time (ISO 8601)."""
    if value.microseconds:
        raise FormatError(f"{value!r}: spans are sent in whole seconds")
    sign, value = ("-", -value) if value.days < 0 else ("", value)
    minutes, seconds = divmod(value.seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{sign}P{value.days}DT{hours}H{minutes}M{seconds}S"
