"""Given values become the values that the cells see: typed, checked, all mistakes at once."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from nbnodes.errors import ParameterError
from nbnodes.notebook.parameters import Parameter, Unknown

_PLAIN_TEXT = {  # what pydantic reads as Python does
    int: re.compile(r"[+-]?[0-9]{1,18}"),
    float: re.compile(r"[+-]?[0-9]{1,15}(\.[0-9]{1,15})?"),
}
_SHOWN = 80  # characters of a wrong value that an error repeats
_WORDS = {"True": True, "False": False, "None": None}


class Text(str):
    """A value as typed in a shell or found in a URL: it takes the parameter's declared type."""

    __slots__ = ()


def validate_values(
    notebook_name: str,
    parameters: Mapping[str, Parameter],
    given: Mapping[str, Any],
    *,
    closed: bool,
) -> dict[str, Any]:
    """Check and coerce the given values.

    Args:
        notebook_name: What the error calls the notebook.
        parameters: What the notebook declares.
        given: The caller's values, by name.
        closed: Whether other names than the declared ones are refused.

    Raises:
        ParameterError: With every unknown name, wrong type and missing value.
    """
    problems: list[str] = []
    values: dict[str, Any] = {}
    for name, value in given.items():
        parameter = parameters.get(name)
        if parameter is None and closed:
            problems.append(_unknown(name, parameters))
            continue
        try:
            values[name] = _coerced(value, parameter.type if parameter else Unknown)
        except ValueError as error:
            problems.append(f"{name}: {_shown(value)} is no {_expected(parameter)}: {error}")
    problems += [
        f"{parameter.name}: it has no default, so give it a value"
        for parameter in parameters.values()
        if parameter.required and parameter.name not in given
    ]
    if problems:
        raise ParameterError(notebook_name, problems)
    return values


def plain_value(text: str) -> Any:
    """Read text as papermill's `-p` does: True, False, None, an int, a float, else itself."""
    if text in _WORDS:
        return _WORDS[text]
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return str(text)


def _unknown(name: str, parameters: Mapping[str, Parameter]) -> str:
    import difflib

    near = difflib.get_close_matches(name, parameters, n=1, cutoff=0.5)
    hint = f"; did you mean {near[0]}?" if near else ""
    known = ", ".join(parameters) or "none"
    return f"{name}: there is no such parameter{hint} (it has: {known})"


def _expected(parameter: Parameter | None) -> str:
    return parameter.type_name if parameter else "value"


def _shown(value: Any) -> str:
    text = repr(str(value)) if isinstance(value, str) else repr(value)
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN - 1]}…"


def _coerced(value: Any, kind: Any) -> Any:
    """Coerce to a type; the commonest cases do not pay for importing pydantic.

    Raises:
        ValueError: If the value is not of that type; its text is pydantic's reason.
    """
    if kind is Unknown:
        return plain_value(value) if isinstance(value, Text) else value
    if isinstance(kind, type) and type(value) is kind:
        return value
    if isinstance(value, Text):
        return _from_text(str(value), kind)
    return _validated(_plain_scalar(value), kind)


def _from_text(text: str, kind: Any) -> Any:
    """Coerce text: as it stands, else as the None, number or JSON that it spells."""
    if kind is str:
        return text
    pattern = _PLAIN_TEXT.get(kind) if isinstance(kind, type) else None
    if pattern and pattern.fullmatch(text):
        return kind(text)
    import json

    try:
        spelled: Any = json.loads(text)
    except ValueError:
        spelled = _WORDS.get(text, text)
    if spelled is None and _accepts(None, kind):
        return None
    try:
        return _validated(text, kind)
    except ValueError:
        if spelled == text or not _accepts(spelled, kind):
            raise
        return _validated(spelled, kind)


def _plain_scalar(value: Any) -> Any:
    """Take a numpy scalar as the Python number it holds."""
    if type(value).__module__ == "numpy" and getattr(value, "ndim", None) == 0:
        return value.item()
    return value


def _accepts(value: Any, kind: Any) -> bool:
    try:
        _validated(value, kind)
    except ValueError:
        return False
    return True


def _validated(value: Any, kind: Any) -> Any:
    from pydantic import ValidationError

    try:
        return _adapter(kind).validate_python(value)
    except ValidationError as error:
        reasons = (_reason(detail) for detail in error.errors(include_url=False))
        raise ValueError("; ".join(dict.fromkeys(reasons))) from None


def _reason(detail: Mapping[str, Any]) -> str:
    place = "".join(f"[{part!r}]" for part in detail["loc"] if isinstance(part, int))
    message = str(detail["msg"]).removeprefix("Input ")
    return f"{place} {message}".strip()


@lru_cache(maxsize=256)
def _adapter(kind: Any) -> Any:
    from pydantic import ConfigDict, TypeAdapter
    from pydantic.errors import PydanticUserError

    try:
        return TypeAdapter(kind, config=ConfigDict(arbitrary_types_allowed=True))
    except PydanticUserError:  # a type with a configuration of its own takes none from outside
        return TypeAdapter(kind)
