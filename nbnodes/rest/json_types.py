"""A declared type becomes the JSON Schema of what JSON may give for it. Loaded when asked for.

Pydantic writes it; here stands what it leaves open: a schema must take nothing that the type then
refuses. So dates, times and the like get a pattern (a format alone binds nobody, and pydantic also
takes numbers for them), and what no JSON can stand for takes nothing.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue  # noqa: TID253  # its subclass

from nbnodes.notebook.validation import adapter_of

NOTHING: dict[str, Any] = {"not": {}}
"""The schema that takes no value."""

_DATE = r"[1-9][0-9]{3}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])"
_TIME = r"([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9](\.[0-9]{1,9})?)?"
_ZONE = r"([Zz]|[+-]([01][0-9]|2[0-3]):[0-5][0-9])"
_NUMBER = r"[+-]?[0-9]{1,18}(\.[0-9]{1,18})?"
_CLOCK_SPAN = r"T([0-9]{1,4}H([0-9]{1,4}M)?([0-9]{1,4}S)?|[0-9]{1,4}M([0-9]{1,4}S)?|[0-9]{1,4}S)"
_SPAN = rf"[+-]?P([0-9]{{1,4}}W|[0-9]{{1,4}}D({_CLOCK_SPAN})?|{_CLOCK_SPAN})"
_LONGEST_S = 86_399_999_913_600  # a timedelta's most, a day less: 10**9 - 2 days
_HEX = "[0-9a-fA-F]"

PATTERNS = {
    name: f"^{pattern}$"
    for name, pattern in {
        "date": _DATE,
        "date-time": f"{_DATE}[Tt ]{_TIME}{_ZONE}?",
        "time": f"{_TIME}{_ZONE}?",
        "duration": _SPAN,
        "uuid": f"{_HEX}{{8}}-{_HEX}{{4}}-{_HEX}{{4}}-{_HEX}{{4}}-{_HEX}{{12}}",
        "fraction": r"[+-]?[0-9]{1,18}(/[1-9][0-9]{0,17}|\.[0-9]{1,18})?",
        "decimal": _NUMBER,
        "complex": rf"{_NUMBER}([+-][0-9]{{1,18}}(\.[0-9]{{1,18}})?j)?",
        "integer": r"-?(0|[1-9][0-9]{0,17})",
    }.items()
}
"""What text must look like, by format; each is found in time linear in the text."""

_SCALAR = {"type": ["null", "boolean", "number", "string"]}
_KEYS: Mapping[str, dict[str, Any]] = {
    "int": {"pattern": PATTERNS["integer"]},
    "float": {"pattern": PATTERNS["decimal"]},
    "bool": {"enum": ["true", "false"]},
    "none": NOTHING,
}


def type_schema(kind: Any) -> dict[str, Any]:
    """Return the JSON Schema (2020-12) of a type; `{}` where any value does.

    Raises:
        ValueError: If the type is wrong in itself.
    """
    adapter = adapter_of(kind)
    if adapter is None:
        return {}
    schema = adapter.json_schema(schema_generator=_Strict, mode="validation")
    definitions = schema.pop("$defs", {})
    mended: dict[str, Any] = _mended(schema, definitions, frozenset())
    return mended


class _Strict(GenerateJsonSchema):
    """Pydantic's, for what it takes too lightly. See its class for the methods' names."""

    ignored_warning_kinds = {"skipped-choice", "non-serializable-default"}  # noqa: RUF012  # as there

    def handle_invalid_for_json_schema(self, schema: Any, error_info: str) -> JsonSchemaValue:  # noqa: ARG002  # as there
        return dict(NOTHING)

    def literal_schema(self, schema: Any) -> JsonSchemaValue:
        """List what JSON can hold: a tuple or bytes among the choices cannot be given."""
        plain = [one for one in schema["expected"] if _is_plain(one)]
        schema["expected"] = plain
        return super().literal_schema(schema) if plain else dict(NOTHING)

    def decimal_schema(self, schema: Any) -> JsonSchemaValue:
        number = self.float_schema(schema)
        return {"anyOf": [number, {"type": "string", "pattern": PATTERNS["decimal"]}]}

    def timedelta_schema(self, schema: Any) -> JsonSchemaValue:
        """Take seconds, as a query does."""
        seconds = {"type": "number", "minimum": -_LONGEST_S, "maximum": _LONGEST_S}
        return {"anyOf": [super().timedelta_schema(schema), seconds]}

    def complex_schema(self, schema: Any) -> JsonSchemaValue:  # noqa: ARG002  # as there
        text = {"type": "string", "pattern": PATTERNS["complex"]}
        return {"anyOf": [{"type": "number"}, text]}

    def set_schema(self, schema: Any) -> JsonSchemaValue:
        return _hashable(super().set_schema(schema))

    def frozenset_schema(self, schema: Any) -> JsonSchemaValue:
        return _hashable(super().frozenset_schema(schema))

    def dict_schema(self, schema: Any) -> JsonSchemaValue:
        """Say how keys must read that are not text."""
        written = super().dict_schema(schema)
        names = _KEYS.get(schema.get("keys_schema", {}).get("type", ""))
        return {**written, "propertyNames": dict(names)} if names else written


def _is_plain(value: Any) -> bool:
    is_finite = type(value) is float and math.isfinite(value)
    return is_finite or value is None or type(value) in (bool, int, str)


def _hashable(schema: JsonSchemaValue) -> JsonSchemaValue:
    return schema if schema.get("items") else {**schema, "items": dict(_SCALAR)}


def _mended(schema: Any, definitions: Mapping[str, Any], opened: frozenset[str]) -> Any:
    """Put patterns to formats, and definitions where they are referred to.

    One that contains itself is cut off where it does: there any value stands.
    """
    if not isinstance(schema, dict):
        return schema
    name = str(schema.get("$ref", "")).rpartition("/")[2]
    if name:
        rest = {key: value for key, value in schema.items() if key != "$ref"}
        target = {} if name in opened else definitions.get(name, {})
        return {**_mended(target, definitions, opened | {name}), **rest}

    def mend(inner: Any) -> Any:
        return _mended(inner, definitions, opened)

    made = {
        key: _INSIDE[key](mend, value) if key in _INSIDE else value for key, value in schema.items()
    }
    pattern = PATTERNS.get(made.get("format", ""))
    return {**made, "pattern": pattern} if pattern and "pattern" not in made else made


_Mend = Callable[[Any], Any]


def _one(mend: _Mend, schema: Any) -> Any:
    return mend(schema)


def _each(mend: _Mend, schemas: list[Any]) -> Any:
    return [mend(one) for one in schemas]


def _named(mend: _Mend, schemas: Mapping[str, Any]) -> Any:
    return {name: mend(one) for name, one in schemas.items()}


_INSIDE: Mapping[str, Callable[[_Mend, Any], Any]] = {
    **dict.fromkeys(("items", "additionalProperties", "propertyNames", "not"), _one),
    **dict.fromkeys(("anyOf", "oneOf", "allOf", "prefixItems"), _each),
    "properties": _named,
}
