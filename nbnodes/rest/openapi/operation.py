"""Parts of OpenAPI's operations become operations: what all of ours share is added here. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, TypeAlias

Json: TypeAlias = dict[str, Any]

ALWAYS = (400, 403, 405, 500)
"""What any operation may answer: malformed, refused, not so, our own fault."""

RUNS = (406, 422, 424, 429, 503, 504)
"""What an operation may answer that runs something."""


def operation(  # noqa: PLR0913  # what an operation is made of
    name: str,
    summary: str,
    responses: Mapping[str, Json],
    *,
    problems: Iterable[int] = (),
    parameters: Iterable[Json] = (),
    body: Json | None = None,
    tag: str = "server",
    description: str = "",
) -> Json:
    """Return an operation.

    Args:
        name: Its identifier; one of its own.
        summary: What it does, in a line.
        responses: What it answers when all is well, by status.
        problems: The statuses of Problems that it may answer, besides those that any may.
        parameters: Of its query, path and headers.
        body: Of its request.
        tag: The group that it belongs to.
        description: More, in Markdown.
    """
    statuses = sorted({*ALWAYS, *problems})
    listed = list(parameters)
    return {
        "operationId": name,
        "tags": [tag],
        "summary": summary,
        **({"description": description} if description else {}),
        **({"parameters": listed} if listed else {}),
        **({"requestBody": body} if body else {}),
        "responses": {**responses, **{str(one): problem_reference(one) for one in statuses}},
    }


def response(description: str, content: Mapping[str, Json], headers: Iterable[str] = ()) -> Json:
    """Return an answer: schemas by media type, and the names of its headers."""
    named = {name: reference("headers", name) for name in headers}
    bodies = {media_type: {"schema": schema} for media_type, schema in content.items()}
    return {
        "description": description,
        **({"headers": named} if named else {}),
        **({"content": bodies} if bodies else {}),
    }


def json_response(description: str, schema: Json, headers: Iterable[str] = ()) -> Json:
    """Return an answer in JSON."""
    return response(description, {"application/json": schema}, headers)


def json_body(schema: Json, *, is_required: bool = True) -> Json:
    """Return the body of a request in JSON."""
    return {"required": is_required, "content": {"application/json": {"schema": schema}}}


def reference(kind: str, name: str) -> Json:
    """Refer to a component."""
    return {"$ref": f"#/components/{kind}/{name}"}


def problem_reference(status: int) -> Json:
    """Refer to the answer that is a Problem of a status."""
    return reference("responses", f"Problem{status}")
