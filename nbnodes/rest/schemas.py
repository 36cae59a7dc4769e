"""Parameters become what HTTP says of them: a JSON Schema, query parameters, the rules of a body.

A body is JSON, which has types of its own: it is held to the schema that is published, so that what
the schema forbids is refused and what it allows is taken. A query is text, and is read leniently,
as the command line reads it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from nbnodes.errors import ParameterError
from nbnodes.formats.jsonable import is_too_deep
from nbnodes.notebook.parameters import Code, Parameter, Unknown
from nbnodes.notebook.validation import adapter_of, unknown_name
from nbnodes.rest.given import RUN_RESERVED
from nbnodes.rest.shapes import shape_check


def parameters_schema(parameters: Mapping[str, Parameter]) -> dict[str, Any]:
    """Return the JSON Schema (2020-12) of the object that gives values to parameters."""
    required = [name for name, one in parameters.items() if one.required]
    return {
        "type": "object",
        "properties": {name: parameter_schema(one) for name, one in parameters.items()},
        **({"required": required} if required else {}),
        "additionalProperties": False,
    }


def parameter_schema(parameter: Parameter) -> dict[str, Any]:
    """Return the JSON Schema of one parameter, with its help and its default.

    Bounds of dates and of decimals given as text have no words in JSON Schema; they hold all the
    same.
    """
    schema, notes = _described_type(parameter)
    words = [parameter.help or schema.get("description", ""), *notes]
    if not parameter.required:
        written = _default_json(parameter, schema)
        if written is _NO_JSON:
            words.append(f"Without it: {_shown(parameter.default)}")
        else:
            schema = {**schema, "default": written}
    text = "\n\n".join(filter(None, words))
    return {**schema, **({"description": text} if text else {})}


def query_parameters(parameters: Mapping[str, Parameter]) -> list[dict[str, Any]]:
    """Return OpenAPI's parameters of a query that gives values to parameters.

    What may be a list or an object is written as JSON in the query's text. What a query says for
    itself (`token`, `format`) is no parameter there; in a body it may be one.
    """
    given = {name: one for name, one in parameters.items() if name not in RUN_RESERVED}
    return [_query_parameter(name, one) for name, one in given.items()]


class BodyRules:
    """What a JSON object may give to parameters. Immutable, so safe from several threads.

    Args:
        parameters: What may be given, by name or address.
        name: What messages call the notebook or graph.

    Attributes:
        schema: Its JSON Schema.
    """

    def __init__(self, parameters: Mapping[str, Parameter], *, name: str) -> None:
        self.schema = parameters_schema(parameters)
        self._name = name
        self._parameters = dict(parameters)
        self._checks = {
            address: shape_check(schema) for address, schema in self.schema["properties"].items()
        }

    def checked(
        self, values: Mapping[str, Any], check: Callable[[Mapping[str, Any]], dict[str, Any]]
    ) -> dict[str, Any]:
        """Return the values that were read from JSON, as `check` coerces them.

        Args:
            values: What the body gives.
            check: The endpoint's own, such as `Signature.check`.

        Raises:
            ParameterError: With every mistake, of this check and of that.
        """
        wrong = self.problems(values)
        if not wrong:
            return check(values)
        others = {name: value for name, value in values.items() if name not in wrong}
        problems = [f"{name}: {problem}" for name, problem in wrong.items()]
        try:
            check(others)
        except ParameterError as error:
            problems += [one for one in error.problems if one.partition(":")[0] not in wrong]
        raise ParameterError(self._name, problems)

    def problems(self, values: Mapping[str, Any]) -> dict[str, str]:
        """Say by name what the schema forbids: unknown names, and values of another type."""
        found = {}
        for name, value in values.items():
            check = self._checks.get(name)
            if check is None:
                found[name] = unknown_name(name, self._parameters).removeprefix(f"{name}: ")
                continue
            problem = _TOO_DEEP if is_too_deep(value) else check(value)
            if problem:
                found[name] = problem
        return found


_NO_JSON = object()
_TOO_DEEP = "its lists and objects are nested too deep"  # nothing that runs or writes could end


def _described_type(parameter: Parameter) -> tuple[dict[str, Any], list[str]]:
    from nbnodes.rest.json_types import NOTHING, type_schema

    if parameter.type is Unknown:
        return {}, []
    try:
        return type_schema(parameter.type), []
    except ValueError as error:
        return dict(NOTHING), [f"No value can be given: {error}"]


def _default_json(parameter: Parameter, schema: Mapping[str, Any]) -> Any:
    """Write a default as JSON; `_NO_JSON` if that cannot be, or if the schema forbids it."""
    value = parameter.default
    if isinstance(value, Code):
        return _NO_JSON
    try:
        adapter = None if parameter.type is Unknown else adapter_of(parameter.type)
        if adapter is not None:
            value = adapter.dump_python(adapter.validate_python(value), mode="json", warnings=False)
        text = json.dumps(value, allow_nan=False)
        read = json.loads(text)
    except (ValueError, TypeError, RecursionError):  # pydantic's own errors are ValueErrors
        return _NO_JSON
    return _NO_JSON if shape_check(schema)(read) else read


def _shown(value: Any) -> str:
    text = str(value) if isinstance(value, Code) else repr(value)
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN - 1]}…"


_SHOWN = 200  # characters of a default that a description repeats


def _query_parameter(name: str, parameter: Parameter) -> dict[str, Any]:
    schema = parameter_schema(parameter)
    text = schema.pop("description", "")
    return {
        "name": name,
        "in": "query",
        "required": parameter.required,
        **({"description": text} if text else {}),
        **(
            {"content": {"application/json": {"schema": schema}}}
            if _is_deep(schema)
            else {"schema": schema}
        ),
    }


def _is_deep(schema: Mapping[str, Any]) -> bool:
    """Tell whether a list or an object may be meant, which OpenAPI has no one text for."""
    if schema.get("type") in ("array", "object"):
        return True
    return any(_is_deep(one) for key in ("anyOf", "oneOf", "allOf") for one in schema.get(key, ()))
