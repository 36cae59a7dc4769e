"""Given values become the values that the cells see: typed, checked, all mistakes at once."""

from __future__ import annotations

import datetime as dt
import enum
import re
from collections.abc import Collection, Mapping
from functools import lru_cache
from types import UnionType
from typing import Any, Literal, Union, get_args, get_origin

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


class Lone(Text):
    """Text in a URL, where a repeated name is a list: alone, it may be the only one of a list."""

    __slots__ = ()


def validate_values(
    notebook_name: str,
    parameters: Mapping[str, Parameter],
    given: Mapping[str, Any],
    *,
    closed: bool,
    fed: Collection[str] = (),
) -> dict[str, Any]:
    """Check and coerce the given values.

    Args:
        notebook_name: What the error calls the notebook.
        parameters: What the notebook declares.
        given: The caller's values, by name.
        closed: Whether other names than the declared ones are refused.
        fed: Parameters that get their values otherwise, and so are not missing.

    Raises:
        ParameterError: With every unknown name, wrong type and missing value.
    """
    problems: list[str] = []
    values: dict[str, Any] = {}
    for name, value in given.items():
        parameter = parameters.get(name)
        if parameter is None and closed:
            problems.append(unknown_name(name, parameters))
            continue
        try:
            values[name] = _coerced(value, parameter.type if parameter else Unknown)
        except ValueError as error:
            text = f"{name}: {_shown(value)} is no {_expected(parameter)}: {error}"
            problems.append(text + _hint(value, parameter))
    problems += [
        f"{parameter.name}: it has no default, so give it a value"
        for parameter in parameters.values()
        if parameter.required and parameter.name not in given and parameter.name not in fed
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


def adapter_of(kind: Any) -> Any:
    """Return pydantic's validator of a type (a `TypeAdapter`); None for what it takes for no type.

    Raises:
        ValueError: If the type is wrong in itself, such as a pattern that is no regular expression.
    """
    try:
        return _remembered_adapter(kind)
    except TypeError:  # metadata that has no hash, as in `Annotated[int, {"step": 5}]`
        return _new_adapter(kind)


def unknown_name(name: str, parameters: Mapping[str, Parameter]) -> str:
    """Say that there is no such parameter, and which may have been meant."""
    import difflib

    near = difflib.get_close_matches(name, parameters, n=1, cutoff=0.5)
    hint = f"; did you mean {near[0]}?" if near else ""
    known = ", ".join(parameters) or "none"
    return f"{name}: there is no such parameter{hint} (it has: {known})"


def _hint(value: Any, parameter: Parameter | None) -> str:
    kind = parameter.type if parameter else Unknown
    outer = get_origin(kind) or kind
    is_text = isinstance(value, Text) and value[:1] not in ("[", "{")
    is_text_of_many = is_text and outer in (list, set, tuple)
    return "; write it as JSON, such as [1, 2]" if is_text_of_many else ""


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
    if isinstance(value, enum.Enum) and get_origin(kind) is Literal:
        value = value.value  # the notebook's own enum; it makes its member of it again
    if not isinstance(value, Text):
        return _validated(_plain_scalar(value), kind)
    fast = _fast(str(value), kind)
    if fast is not None:
        return fast
    if not adapter_of(kind):
        return plain_value(value)
    read = _from_lone if isinstance(value, Lone) else _from_text
    return read(str(value), kind)


def _fast(text: str, kind: Any) -> Any:
    """Coerce what needs no pydantic; None for all else."""
    if kind is str:
        return text
    pattern = _PLAIN_TEXT.get(kind) if isinstance(kind, type) else None
    return kind(text) if pattern and pattern.fullmatch(text) else None


def _from_text(text: str, kind: Any) -> Any:
    """Coerce text: as it stands, else as the None, number or JSON that it spells.

    Of a union, the first member that takes the text: pydantic's own choice for `int | str` is
    always str, so that 3 could not be given.
    """
    spelled = _spelled(text)
    if spelled is None and _accepts(None, kind):
        return None
    for member in get_args(kind) if get_origin(kind) in (Union, UnionType) else ():
        try:
            return _from_text(text, member)
        except ValueError:
            continue
    try:
        return _validated(text, kind)
    except ValueError:
        if isinstance(spelled, list | dict):  # the error then tells which element is wrong
            return _validated(spelled, kind)
        found = _validated(spelled, kind) if _accepts(spelled, kind) else text
        is_truth_as_number = isinstance(spelled, bool) and not isinstance(found, bool)
        if found is text or is_truth_as_number:
            raise
        return found


def _from_lone(text: str, kind: Any) -> Any:
    """Coerce text as it stands, or as the only one of a list, unless it is a list's JSON."""
    try:
        return _from_text(text, kind)
    except ValueError:
        if isinstance(_spelled(text), list | dict) or not _accepts([text], kind):
            raise
        return _validated([text], kind)


def _spelled(text: str) -> Any:
    import json

    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return _WORDS.get(text, text)


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

    adapter = adapter_of(kind)
    if adapter is None:
        return value
    try:
        return _standard_zone(adapter.validate_python(value))
    except ValidationError as error:
        reasons = (_reason(detail) for detail in error.errors(include_url=False))
        raise ValueError("; ".join(dict.fromkeys(reasons))) from None
    except TypeError as error:  # a bound that the type does not have
        raise ValueError(f"its annotation is wrong: {error}") from error


def _standard_zone(value: Any) -> Any:
    """Give a moment that pydantic read a zone of the standard library, whose key is the same."""
    zone: Any = value.tzinfo if isinstance(value, dt.datetime | dt.time) else None
    if not type(zone).__module__.startswith("pydantic"):
        return value
    return value.replace(tzinfo=dt.timezone(zone.utcoffset(None)))


def _reason(detail: Mapping[str, Any]) -> str:
    place = "".join(f"[{part!r}]" for part in detail["loc"] if isinstance(part, int))
    message = str(detail["msg"]).removeprefix("Input ")
    return f"{place} {message}".strip()


def _new_adapter(kind: Any) -> Any:
    from pydantic import ConfigDict, TypeAdapter
    from pydantic.errors import PydanticUserError

    # a type with a configuration of its own takes none from outside
    for config in (ConfigDict(arbitrary_types_allowed=True), None):
        try:
            return TypeAdapter(kind, config=config)
        except (PydanticUserError, ImportError):  # such as one whose package is not installed
            continue
        except Exception as error:
            # a wrong annotation fails inside pydantic in its own way; it is the parameter's mistake
            raise ValueError(f"its annotation is wrong: {error}") from error
    return None


_remembered_adapter = lru_cache(maxsize=256)(_new_adapter)
