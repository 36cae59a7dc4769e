"""What operations refer to: schemas of answers, Problems by status, headers, access. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, get_args

from nbnodes.formats.formats import FORMATS
from nbnodes.jobs.job import EventKind, JobState
from nbnodes.rest.openapi.operation import Json, reference
from nbnodes.rest.problem import MEDIA_TYPE


def components(*, is_guarded: bool, cookie_name: str) -> dict[str, Any]:
    """Return the components that are the same for all servers.

    Args:
        is_guarded: Whether who comes in must show that they may.
        cookie_name: The cookie that shows it, for pages.
    """
    statuses = {**_PROBLEMS, **({401: "Nobody said who asks: send a token"} if is_guarded else {})}
    found: dict[str, Any] = {
        "schemas": {name: dict(schema) for name, schema in _SCHEMAS.items()},
        "headers": {
            name: {"description": text, "schema": schema}
            for name, (text, schema) in _HEADERS.items()
        },
        "parameters": _PARAMETERS,
        "responses": {f"Problem{code}": _problem(code, text) for code, text in statuses.items()},
    }
    if is_guarded:
        found["securitySchemes"] = {
            "token": {"type": "http", "scheme": "bearer"},
            "cookie": {"type": "apiKey", "in": "cookie", "name": cookie_name},
        }
    return found


def _problem(status: int, text: str) -> Json:
    headers = {"Retry-After": reference("headers", "Retry-After")} if status in _LATER else {}
    if status == 405:  # noqa: PLR2004  # RFC 9110, 15.5.6
        headers = {"Allow": reference("headers", "Allow")}
    return {
        "description": text,
        **({"headers": headers} if headers else {}),
        "content": {MEDIA_TYPE: {"schema": reference("schemas", "Problem")}},
    }


def _object(properties: Mapping[str, Json], *required: str, text: str = "") -> Json:
    return {
        "type": "object",
        **({"description": text} if text else {}),
        "properties": dict(properties),
        **({"required": list(required)} if required else {}),
    }


_LATER = frozenset({409, 429, 503})
_PROBLEMS: Mapping[int, str] = {
    400: "The request is malformed",
    403: "Refused: another site asks, or who asks may not",
    404: "There is no such thing; `suggestions` lists names that were perhaps meant",
    405: "Not with this method",
    406: "Not in this format; `formats` lists those that there are",
    409: "Not now: it has not ended, or the same Idempotency-Key was sent with another request",
    410: "Its value is not kept any more",
    413: "Too large",
    415: "Not JSON",
    422: "Wrong parameters: `errors` lists each of them",
    424: "The notebook failed, or its process ended: cell, line, `ename` and `evalue` say where",
    429: "Too many runs of this client",
    500: "The server failed; its log says more",
    503: "Too many runs, or the server is closing",
    504: "The run took longer than it may",
}

_TEXT: Json = {"type": "string"}
_COUNT: Json = {"type": "integer", "minimum": 0}
_MOMENT: Json = {"type": ["number", "null"], "description": "In seconds since 1970"}
_LINKS: Json = {"type": "object", "additionalProperties": _TEXT}

_ERROR = _object({"parameter": _TEXT, "detail": _TEXT}, "parameter", "detail")
_PROBLEM = _object(
    {
        "type": {"type": "string", "format": "uri-reference"},
        "title": _TEXT,
        "status": {"type": "integer", "minimum": 400, "maximum": 599},
        "detail": _TEXT,
        "instance": _TEXT,
        "errors": {"type": "array", "items": _ERROR},
        "suggestions": {"type": "array", "items": _TEXT},
        "formats": {"type": "array", "items": _TEXT},
        "notebook": _TEXT,
        "cell": {"type": "integer", "minimum": 1, "description": "Which cell, from 1"},
        "cell_index": {"type": "integer", "description": "The same, from 0"},
        "line": {"type": "integer", "description": "Which line of the cell, from 1"},
        "source": {"type": "string", "description": "What stands in that line"},
        "ename": {"type": "string", "description": "What was raised"},
        "evalue": {"type": "string", "description": "What that said"},
        "traceback": {"type": "array", "items": _TEXT},
    },
    *("type", "title", "status"),
    text="What went wrong (RFC 9457)",
)
_MODEL = _object(
    {
        "name": _TEXT,
        "title": _TEXT,
        "description": {"type": "string", "description": "In Markdown"},
        "parameters": {"type": "object", "description": "A JSON Schema of what it takes"},
        "declared": {
            "type": "object",
            "description": "Its parameters as the notebook declares them",
            "additionalProperties": _object(
                {"annotation": _TEXT, "default": {"type": ["string", "null"]}, "help": _TEXT}
            ),
        },
        "return": {"type": ["object", "null"], "description": "The cell that gives its value"},
        "edges": {
            "type": "object",
            "additionalProperties": _TEXT,
            "description": "Its parameters that other nodes feed, and which",
        },
        "digest": {"type": "string", "description": "Names the code that runs"},
        "median_run_s": {"type": ["number", "null"], "description": "Of its latest runs"},
        "links": _LINKS,
    },
    *("name", "parameters", "links"),
    text="What can be called",
)
_ANSWER = _object(
    {
        "value": {"description": 'A table is {"columns", "index", "data"}'},
        "type": {"type": "string", "description": "What the value is in Python"},
        "dtypes": {"type": "object", "description": "Of an array or table: types of its parts"},
        "cached": {"type": "boolean", "description": "Whether the cache gave it"},
        "duration_s": {"type": "number", "description": "How long the run took, or had taken"},
        "key": {"type": ["string", "null"], "description": "Its cache key"},
        "model": _TEXT,
    },
    *("value", "cached", "duration_s", "model"),
    text="What a run gave",
)
_JOB = _object(
    {
        "id": _TEXT,
        "model": _TEXT,
        "parameters": {"type": "object"},
        "state": {"enum": list(get_args(JobState))},
        "submitted_at": _MOMENT,
        "started_at": _MOMENT,
        "ended_at": _MOMENT,
        "key": {"type": ["string", "null"]},
        "cached": {"type": ["boolean", "null"]},
        "progress": _object(
            {
                "done": {**_COUNT, "description": "Cells that have ended"},
                "total": {**_COUNT, "description": "Cells that will run"},
                "part": {"type": "number", "description": "Of the present cell, from 0 to 1"},
                "cell": {"type": "string", "description": "What the present cell says it is at"},
                "nodes": {"type": "object", "additionalProperties": _TEXT},
            }
        ),
        "error": {"type": ["object", "null"]},
        "has_value": {"type": "boolean"},
        "links": _LINKS,
    },
    *("id", "model", "state", "links"),
    text="A run that outlives its caller",
)
_SCHEMAS: Mapping[str, Json] = {
    "Problem": _PROBLEM,
    "Model": _MODEL,
    "Models": _object(
        {
            "models": {"type": "array", "items": reference("schemas", "Model")},
            "problems": {"type": "array", "items": _TEXT},
        },
        "models",
    ),
    "Answer": _ANSWER,
    "BatchLine": {
        "description": "What one set of parameters gave: an answer, or a problem",
        "allOf": [
            _object({"index": _COUNT, "parameters": {"type": "object"}}, "index", "parameters"),
            {"anyOf": [reference("schemas", "Answer"), reference("schemas", "Problem")]},
        ],
    },
    "Job": _JOB,
    "Jobs": _object({"jobs": {"type": "array", "items": reference("schemas", "Job")}}, "jobs"),
    "JobEvents": {
        "type": "string",
        "description": "Server-sent events; `event` is one of "
        f"{', '.join(get_args(EventKind))}; `data` is JSON; `id` counts from 1 without a gap",
    },
}
_HEADERS: Mapping[str, tuple[str, Json]] = {
    "ETag": ("Names the value: its cache key", _TEXT),
    "X-Cache": ("Whether the cache gave the value", {"enum": ["hit", "miss"]}),
    "Server-Timing": ("How long the run took, in milliseconds", _TEXT),
    "Location": ("Where to ask for the job", _TEXT),
    "Retry-After": ("After how many seconds to ask again", _COUNT),
    "Allow": ("The methods that there are", _TEXT),
    "Preference-Applied": ("Which preference was followed", _TEXT),
}


def _header(name: str, text: str, example: str) -> Json:
    schema = {"type": "string", "examples": [example]}
    return {"name": name, "in": "header", "description": text, "schema": schema}


_PARAMETERS: Json = {
    "format": {
        "name": "format",
        "in": "query",
        "description": "How to write the value; else the Accept header says it",
        "schema": {"enum": list(FORMATS)},
    },
    "If-None-Match": _header(
        "If-None-Match", "The ETag of the value that the client has: 304 if it is still so", '"a"'
    ),
    "Prefer": _header(
        "Prefer",
        "`respond-async`: answer 202 and a job at once; `wait=5`: after 5 seconds (RFC 7240)",
        "wait=5",
    ),
    "Idempotency-Key": _header(
        "Idempotency-Key", "The same key with the same request gives the same job", "a-1"
    ),
    "Last-Event-ID": {
        "name": "Last-Event-ID",
        "in": "header",
        "description": "Only events after this one",
        "schema": _COUNT,
    },
    "after": {
        "name": "after",
        "in": "query",
        "description": "The same, for who cannot send that header",
        "schema": _COUNT,
    },
    "job": {
        "name": "id",
        "in": "path",
        "required": True,
        "description": "Names the job",
        "schema": {"type": "string", "pattern": "^[0-9a-f]{32}$"},
    },
}
