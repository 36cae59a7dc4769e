"""Described endpoints become the paths of `/api/models`: each with its own parameters. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from nbnodes.formats.formats import FORMATS
from nbnodes.notebook.parameters import Parameter
from nbnodes.rest.openapi.operation import (
    RUNS,
    Json,
    json_body,
    json_response,
    operation,
    reference,
    response,
)
from nbnodes.rest.schemas import parameters_schema, query_parameters

ANY = "{name}"
"""Stands for the name of whatever can be called, in paths."""

_VALUE_HEADERS = ("ETag", "X-Cache", "Server-Timing")


@dataclass(frozen=True, slots=True, kw_only=True)
class Described:
    """What can be called, as the document tells of it.

    Attributes:
        name: Its name in addresses.
        title: What people call it.
        description: More, in Markdown.
        parameters: What a caller may give, by address.
    """

    name: str
    title: str
    description: str = ""
    parameters: Mapping[str, Parameter]


def identifiers(endpoints: Sequence[Described]) -> dict[str, str]:
    """Give each endpoint, by name, an identifier of its own, of letters, digits, `_` and `.`."""
    found: dict[str, str] = {}
    taken: set[str] = set()
    for one in endpoints:
        plain = re.sub(r"[^A-Za-z0-9_.]+", "_", one.name).strip("_") or "model"
        count = 1
        identifier = plain
        while identifier in taken:
            count += 1
            identifier = f"{plain}_{count}"
        taken.add(identifier)
        found[one.name] = identifier
    return found


def parameter_schemas(endpoints: Sequence[Described]) -> dict[str, Json]:
    """Return the schemas of what each endpoint takes, as components."""
    names = identifiers(endpoints)
    return {_component(names[one.name]): parameters_schema(one.parameters) for one in endpoints}


def model_paths(endpoints: Sequence[Described], *, is_open: bool) -> dict[str, Json]:
    """Return the paths of all endpoints.

    Args:
        endpoints: They.
        is_open: Whether others can be called too, by names that are not known here.
    """
    names = identifiers(endpoints)
    known = {} if is_open else {"enum": [one.name for one in endpoints]}
    name = {
        "name": "name",
        "in": "path",
        "required": True,
        "description": "The name of a model; of a notebook in a folder, its path",
        "schema": {"type": "string", "minLength": 1, **known},
    }
    listed = json_response("What can be called", reference("schemas", "Models"))
    told = json_response("What it takes and gives", reference("schemas", "Model"))
    paths: dict[str, Json] = {
        "/api/models": {"get": operation("models", "List models", {"200": listed}, tag="models")},
        f"/api/models/{ANY}": {
            "parameters": [name],
            "get": operation(
                "model", "Describe a model", {"200": told}, problems=(404,), tag="models"
            ),
        },
    }
    for one in endpoints:
        paths |= _paths_of(one, names[one.name])
    return paths | (_open_paths(name) if is_open else {})


def given_to(one: Described, identifier: str) -> Json:
    """Return the schema of `{"model": …, "parameters": …}` for an endpoint."""
    needed = any(parameter.required for parameter in one.parameters.values())
    return {
        "type": "object",
        "properties": {
            "model": {"const": one.name},
            "parameters": reference("schemas", _component(identifier)),
        },
        "required": ["model", *(["parameters"] if needed else [])],
        "additionalProperties": False,
    }


def value_responses(content: Mapping[str, Json] | None = None) -> dict[str, Json]:
    """Return the answers that carry a value, or say that it is still the same.

    Args:
        content: The schemas of its forms by media type; None for all formats that there are.
    """
    forms = _FORMS if content is None else content
    same = response("The client has it already", {}, _VALUE_HEADERS)
    return {"200": response("The value", forms, _VALUE_HEADERS), "304": same}


def run_responses(content: Mapping[str, Json] | None = None) -> dict[str, Json]:
    """Return the same, and the answer that it takes longer."""
    headers = ("Location", "Retry-After", "Preference-Applied")
    text = "It takes longer: it goes on as a job"
    return {
        **value_responses(content),
        "202": json_response(text, reference("schemas", "Job"), headers),
    }


_FORMS: Mapping[str, Json] = {
    **{one.media_type: {"type": "string", "description": one.name} for one in FORMATS.values()},
    FORMATS["json"].media_type: reference("schemas", "Answer"),
    FORMATS["ipynb"].media_type: {"type": "object"},
}


def _paths_of(one: Described, identifier: str) -> dict[str, Json]:
    path = f"/api/models/{quote(one.name)}"
    body = reference("schemas", _component(identifier))
    needed = any(parameter.required for parameter in one.parameters.values())
    return {
        f"{path}/run": _run(identifier, one, query_parameters(one.parameters), (body, needed)),
        f"{path}/batch": _batch(identifier, one, body),
    }


def _open_paths(name: Json) -> dict[str, Json]:
    """Return the paths of whatever else can be called: its parameters are not known here."""
    anything = Described(name=ANY, title="any model", parameters={})
    free: Json = {"type": "object"}
    query = {
        "name": "parameters",
        "in": "query",
        "description": "The model's own parameters, by name",
        "schema": {"type": "object", "additionalProperties": {"type": "string"}},
    }
    path = f"/api/models/{ANY}"
    run = _run("any_model", anything, [query], (free, False))
    batch = _batch("any_model", anything, free)
    return {
        f"{path}/run": {"parameters": [name], **run},
        f"{path}/batch": {"parameters": [name], **batch},
    }


def _run(
    identifier: str,
    one: Described,
    query: Sequence[Json],
    body: tuple[Json, bool],
) -> Json:
    form = reference("parameters", "format")
    headers = [reference("parameters", name) for name in ("If-None-Match", "Prefer")]
    answers = run_responses()
    shared: dict[str, Any] = {"tag": one.title, "description": one.description}
    schema, is_needed = body
    return {
        "get": operation(
            f"{identifier}.run",
            f"Run {one.title}",
            answers,
            problems=(404, *RUNS),
            parameters=[*query, form, *headers],
            **shared,
        ),
        "post": operation(
            f"{identifier}.run_with",
            f"Run {one.title} with parameters in JSON",
            answers,
            problems=(404, 413, 415, *RUNS),
            parameters=[form, *headers],
            body=json_body(schema, is_required=is_needed),
            **shared,
        ),
    }


def _batch(identifier: str, one: Described, sets: Json) -> Json:
    schema = parameters_schema(one.parameters)
    lists = {name: {"type": "array", "items": each} for name, each in schema["properties"].items()}
    grid = {**schema, "properties": lists} if lists else {"type": "object"}
    listed = {"type": "array", "items": sets}
    body = {"anyOf": [listed, _only("parameters", listed), _only("grid", grid)]}
    lines = {"type": "string", "description": "In each line one BatchLine, in JSON"}
    return {
        "post": operation(
            f"{identifier}.batch",
            f"Run {one.title} for a list, or a grid, of parameters",
            {"200": response("A line for each set, in order", {"application/x-ndjson": lines})},
            problems=(404, 413, 415, *RUNS),
            body=json_body(body),
            tag=one.title,
        )
    }


def _only(name: str, schema: Json) -> Json:
    properties = {name: schema}
    return {
        "type": "object",
        "properties": properties,
        "required": [name],
        "additionalProperties": False,
    }


def _component(identifier: str) -> str:
    return f"Parameters.{identifier}"
