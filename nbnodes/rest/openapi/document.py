"""All routes of a server become its OpenAPI 3.1 document."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib.metadata import PackageNotFoundError, version
from typing import Any, get_args

from nbnodes.jobs.job import JobState
from nbnodes.rest.openapi.components import components
from nbnodes.rest.openapi.models import (
    Described,
    given_to,
    identifiers,
    model_paths,
    parameter_schemas,
    run_responses,
    value_responses,
)
from nbnodes.rest.openapi.operation import (
    RUNS,
    Json,
    json_body,
    json_response,
    operation,
    problem_reference,
    reference,
    response,
)

_ANYTHING: Json = {"type": "object"}


def openapi_document(  # noqa: PLR0913  # what a server is like
    *,
    title: str,
    base_url: str,
    endpoints: Sequence[Described],
    is_guarded: bool = False,
    is_open: bool = False,
    restified_url: str | None = None,
    cookie_name: str = "nbnodes",
) -> dict[str, Any]:
    """Write the document.

    Args:
        title: What the server is called.
        base_url: The address under which the routes stand, such as "/" or "/nbnodes/".
        endpoints: What can be called.
        is_guarded: Whether who comes in must show that they may.
        is_open: Whether others can be called too, as any notebook can in Jupyter.
        restified_url: The address under which `restified/` stands; None for `base_url`.
        cookie_name: The cookie that lets a page in, where the server is guarded.
    """
    shared = components(is_guarded=is_guarded, cookie_name=cookie_name)
    shared["schemas"] |= parameter_schemas(endpoints)
    paths = {
        **model_paths(endpoints, is_open=is_open),
        **_job_paths(endpoints, is_open=is_open),
        **_restified_paths(endpoints, restified_url, is_open=is_open),
        **_server_paths(),
    }
    document: dict[str, Any] = {
        "openapi": "3.1.0",
        "info": {"title": title, "version": _version(), "description": _ABOUT},
        "servers": [{"url": _without_slash(base_url)}],
        "paths": _guarded(paths) if is_guarded else paths,
        "components": shared,
    }
    return {**document, "security": [{"token": []}, {"cookie": []}]} if is_guarded else document


__all__ = ["Described", "openapi_document"]

_ABOUT = """Notebooks that are called like functions.

Equal questions have equal answers: the `ETag` of a value is its cache key. Every problem is told as
`application/problem+json` (RFC 9457). Parameters in a query are text, and are read as on a command
line; those in a body are JSON, and must have the types that the schema says."""


def _job_paths(endpoints: Sequence[Described], *, is_open: bool) -> dict[str, Json]:
    path = {"parameters": [reference("parameters", "job")]}
    submit = operation(
        "jobs.submit",
        "Begin a run that outlives this request",
        {"202": json_response("It has begun", _JOB, ("Location",))},
        problems=(404, 409, 413, 415, 422, 429, 503),
        parameters=[reference("parameters", "Idempotency-Key")],
        body=json_body(_submission(endpoints, is_open=is_open)),
        tag="jobs",
    )
    return {
        "/api/jobs": {
            "post": submit,
            "get": operation(
                "jobs",
                "List jobs, the latest first",
                {"200": json_response("The jobs", reference("schemas", "Jobs"))},
                parameters=_JOB_FILTERS,
                tag="jobs",
            ),
        },
        "/api/jobs/{id}": {
            **path,
            "get": _about_job("job", "How far it is", _told("Retry-After")),
            "delete": _about_job("job.stop", "Stop it", _told()),
        },
        "/api/jobs/{id}/result": {**path, "get": _job_result()},
        "/api/jobs/{id}/events": {**path, "get": _job_events()},
    }


def _job_result() -> Json:
    return operation(
        "job.result",
        "What it gave, in any format",
        value_responses(),
        problems=(404, 406, 409, 410, 424),
        parameters=[reference("parameters", name) for name in ("format", "If-None-Match")],
        tag="jobs",
    )


def _job_events() -> Json:
    return operation(
        "job.events",
        "What happens to it, as it happens",
        {
            "200": response("Events", {"text/event-stream": reference("schemas", "JobEvents")}),
            "204": response("It has ended, and the client has heard all of it", {}),
        },
        problems=(404,),
        parameters=[reference("parameters", name) for name in ("Last-Event-ID", "after")],
        tag="jobs",
    )


def _about_job(name: str, summary: str, answers: Mapping[str, Json]) -> Json:
    return operation(name, summary, answers, problems=(404,), tag="jobs")


def _told(*headers: str) -> dict[str, Json]:
    return {"200": json_response("The job", _JOB, headers)}


_JOB = reference("schemas", "Job")
_JOB_FILTERS: list[Json] = [
    {"name": "state", "in": "query", "schema": {"enum": list(get_args(JobState))}},
    {
        "name": "limit",
        "in": "query",
        "schema": {"type": "integer", "minimum": 1, "maximum": 1000, "default": 100},
    },
]


def _submission(endpoints: Sequence[Described], *, is_open: bool) -> Json:
    names = identifiers(endpoints)
    known = [given_to(one, names[one.name]) for one in endpoints]
    if known and not is_open:
        return {"anyOf": known}
    free = {
        "type": "object",
        "properties": {"model": {"type": "string", "minLength": 1}, "parameters": _ANYTHING},
        "required": ["model"],
        "additionalProperties": False,
    }
    return {"anyOf": [*known, free]}


def _restified_paths(
    endpoints: Sequence[Described], url: str | None, *, is_open: bool
) -> dict[str, Json]:
    """Return notebook_restified's path: a bare value for the path of a notebook."""
    known = {} if is_open else {"enum": [one.name for one in endpoints]}
    path = {
        "name": "path",
        "in": "path",
        "required": True,
        "description": "The path of a notebook, with or without its suffix",
        "schema": {"type": "string", "minLength": 1, **known},
    }
    query = {
        "name": "parameters",
        "in": "query",
        "description": "The notebook's own parameters, by name",
        "schema": {"type": "object", "additionalProperties": {"type": "string"}},
    }
    here = {"servers": [{"url": _without_slash(url)}]} if url is not None else {}
    get = _restified("restified", "Run a notebook", (404, *RUNS), parameters=[query])
    post = _restified(
        "restified.with",
        "Run a notebook with parameters in JSON",
        (404, 413, 415, *RUNS),
        body=json_body(_ANYTHING, is_required=False),
    )
    listed = {"200": json_response("Their paths", _ANYTHING)}
    index = operation("restified.index", "List notebooks", listed, tag="restified")
    return {
        "/restified": {**here, "get": index},
        "/restified/{path}": {**here, "parameters": [path], "get": get, "post": post},
    }


def _restified(name: str, summary: str, problems: Sequence[int], **parts: Any) -> Json:
    bare: Json = {"description": "Any JSON: the value alone"}
    answers = run_responses({"application/json": bare})
    return operation(name, summary, answers, problems=problems, tag="restified", **parts)


def _server_paths() -> dict[str, Json]:
    html, text = {"text/html": {"type": "string"}}, {"text/plain": {"type": "string"}}
    ready = {
        "200": json_response("It takes requests", _ANYTHING),
        "503": problem_reference(503),
    }
    alive = {"200": json_response("It is there", _ANYTHING)}
    return {
        "/openapi.json": {
            "get": operation("openapi", "This document", {"200": json_response("It", _ANYTHING)})
        },
        "/docs": {
            "get": operation("docs", "The same for people", {"200": response("A page", html)})
        },
        "/healthz": {"get": _public(operation("healthz", "Whether it lives", alive))},
        "/readyz": {"get": _public(operation("readyz", "Whether it takes requests", ready))},
        "/metrics": {
            "get": operation("metrics", "What Prometheus reads", {"200": response("Counts", text)})
        },
    }


def _public(found: Json) -> Json:
    return {**found, "security": []}


def _guarded(paths: dict[str, Json]) -> dict[str, Json]:
    """Say of each operation that asks who comes in that it may refuse."""
    return {
        path: {name: _may_refuse(part) for name, part in item.items()}
        for path, item in paths.items()
    }


def _may_refuse(part: Any) -> Any:
    if not isinstance(part, dict) or "responses" not in part or part.get("security") == []:
        return part
    return {**part, "responses": {**part["responses"], "401": problem_reference(401)}}


def _without_slash(url: str) -> str:
    return url.rstrip("/") or "/"


def _version() -> str:
    try:
        return version("nbnodes")
    except PackageNotFoundError:  # run from a folder, not installed
        return "0"
