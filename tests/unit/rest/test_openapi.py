from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Iterator
from typing import Annotated, Any, Literal

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from pydantic import Field
from schemathesis.specs.openapi.definitions import OPENAPI_31

from nbnodes.formats.formats import FORMATS
from nbnodes.notebook.parameters import Parameter, Unknown
from nbnodes.notebook.signature import Signature
from nbnodes.rest.given import RUN_RESERVED, from_query
from nbnodes.rest.openapi.document import openapi_document
from nbnodes.rest.openapi.models import Described
from nbnodes.rest.schemas import BodyRules


def _parameter(name: str, kind: Any, default: Any = None, *, required: bool = False) -> Parameter:
    return Parameter(name=name, type=kind, annotation="such", default=default, required=required)


_MANY = (
    _parameter("n", Annotated[int, Field(ge=0, le=40)], 15),
    _parameter("since", dt.date, required=True),
    _parameter("names", list[str], ["a"]),
    _parameter("kind", Literal["a", "b"], "a"),
    _parameter("flag", bool, default=True),
    _parameter("share", float | None),
    _parameter("trend.window", int, 3),
    _parameter("any", Unknown),
)
FIBONACCI = Described(
    name="fibonacci", title="Fibonacci", parameters={"n": _parameter("n", int, 15)}
)
MANY = Described(
    name="reports/many things.v2",
    title="Many things",
    description="Takes *much*.",
    parameters={one.name: one for one in _MANY},
)
BARE = Described(name="bare", title="Bare", parameters={})
ENDPOINTS = (FIBONACCI, MANY, BARE)
SERVERS: dict[str, dict[str, Any]] = {
    "one of its own": {"base_url": "/", "endpoints": ENDPOINTS},
    "a guarded one": {"base_url": "/", "endpoints": ENDPOINTS, "is_guarded": True},
    "in Jupyter": {
        "base_url": "/user/ann/nbnodes/",
        "endpoints": ENDPOINTS,
        "is_guarded": True,
        "is_open": True,
        "restified_url": "/user/ann/",
    },
    "one without models": {"base_url": "/", "endpoints": (), "is_open": True},
}


def _document(**server: Any) -> dict[str, Any]:
    return openapi_document(title="Models", **server)


@pytest.fixture(params=SERVERS.values(), ids=SERVERS)
def document(request: pytest.FixtureRequest) -> dict[str, Any]:
    return _document(**request.param)


def _operations(document: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, item in document["paths"].items():
        for method, found in item.items():
            if method in ("get", "post", "delete"):
                yield path, method, found


def _all_inside(part: Any) -> Iterator[Any]:
    yield part
    for inner in part.values() if isinstance(part, dict) else part if type(part) is list else ():
        yield from _all_inside(inner)


def _resolved(document: dict[str, Any], reference: str) -> Any:
    found: Any = document
    for name in reference.removeprefix("#/").split("/"):
        found = found[name]
    return found


def test_the_document_is_one_of_openapi_3_1(document: dict[str, Any]) -> None:
    read = json.loads(json.dumps(document, allow_nan=False))
    problems = [
        f"{error.json_path}: {error.message[:200]}"
        for error in Draft202012Validator(OPENAPI_31).iter_errors(read)
    ]
    assert problems == []


def test_all_that_is_referred_to_is_there(document: dict[str, Any]) -> None:
    references = [
        part["$ref"] for part in _all_inside(document) if isinstance(part, dict) and "$ref" in part
    ]
    assert references
    assert all(_resolved(document, one) for one in references)


def test_every_schema_in_it_is_one(document: dict[str, Any]) -> None:
    for part in _all_inside(document):
        if isinstance(part, dict) and isinstance(part.get("schema"), dict):
            Draft202012Validator.check_schema(part["schema"])
    for schema in document["components"]["schemas"].values():
        Draft202012Validator.check_schema(schema)


def test_operations_have_identifiers_of_their_own(document: dict[str, Any]) -> None:
    identifiers = [one["operationId"] for _, _, one in _operations(document)]
    assert len(set(identifiers)) == len(identifiers)


def test_names_that_look_alike_get_identifiers_that_do_not() -> None:
    alike = [Described(name=name, title=name, parameters={}) for name in ("a b", "a/b", "a_b")]
    document = _document(base_url="/", endpoints=alike)
    schemas = document["components"]["schemas"]
    assert {"Parameters.a_b", "Parameters.a_b_2", "Parameters.a_b_3"} <= schemas.keys()


def test_each_parameter_of_a_path_is_told(document: dict[str, Any]) -> None:
    for path, item in document["paths"].items():
        told = [
            _resolved(document, one["$ref"]) if "$ref" in one else one
            for one in item.get("parameters", ())
        ]
        names = {one["name"] for one in told if one["in"] == "path"}
        assert names == set(re.findall(r"{(\w+)}", path)), path


def test_every_route_is_there() -> None:
    paths = _document(base_url="/", endpoints=ENDPOINTS)["paths"]
    assert paths.keys() == {
        *("/api/models", "/api/models/{name}", "/api/jobs", "/api/jobs/{id}"),
        *("/api/models/fibonacci/run", "/api/models/fibonacci/batch"),
        *("/api/models/bare/run", "/api/models/bare/batch"),
        "/api/models/reports/many%20things.v2/run",
        "/api/models/reports/many%20things.v2/batch",
        *("/api/jobs/{id}/result", "/api/jobs/{id}/events", "/restified/{path}"),
        "/restified",
        *("/openapi.json", "/docs", "/healthz", "/readyz", "/metrics"),
    }


def test_a_run_answers_in_each_format_and_says_what_names_the_value() -> None:
    run = _document(base_url="/", endpoints=[FIBONACCI])["paths"]["/api/models/fibonacci/run"]
    for method in ("get", "post"):
        answers = run[method]["responses"]
        assert answers["200"]["content"].keys() == {one.media_type for one in FORMATS.values()}
        assert answers["200"]["headers"].keys() == {"ETag", "X-Cache", "Server-Timing"}
        assert "content" not in answers["304"]
        assert {"Location", "Retry-After"} <= answers["202"]["headers"].keys()
        assert {"400", "404", "406", "422", "424", "429", "503", "504"} <= answers.keys()


def test_every_refusal_is_a_problem(document: dict[str, Any]) -> None:
    for path, method, found in _operations(document):
        for status, answer in found["responses"].items():
            if int(status) >= 400:
                told = _resolved(document, answer["$ref"])
                assert list(told["content"]) == ["application/problem+json"], (path, method)


def test_a_guarded_server_says_how_to_come_in_and_that_it_may_refuse() -> None:
    document = _document(base_url="/", endpoints=ENDPOINTS, is_guarded=True)
    assert document["security"] == [{"token": []}, {"cookie": []}]
    assert document["components"]["securitySchemes"]["token"]["scheme"] == "bearer"
    for path, _, found in _operations(document):
        is_public = path in ("/healthz", "/readyz")
        assert ("401" in found["responses"]) is not is_public
        assert (found.get("security") == []) is is_public


def test_an_unguarded_server_asks_nobody_who_they_are() -> None:
    document = _document(base_url="/", endpoints=ENDPOINTS)
    assert "security" not in document
    assert not any("401" in found["responses"] for _, _, found in _operations(document))


def test_in_jupyter_restified_stands_beside_our_own_routes() -> None:
    document = _document(**SERVERS["in Jupyter"])
    assert document["servers"] == [{"url": "/user/ann/nbnodes"}]
    assert document["paths"]["/restified/{path}"]["servers"] == [{"url": "/user/ann"}]
    assert "/api/models/{name}/run" in document["paths"]


def test_a_parameter_called_format_is_the_models_own_in_a_body_only() -> None:
    own = {"format": _parameter("format", str, "x")}
    one = Described(name="one", title="One", parameters=own)
    document = _document(base_url="/", endpoints=[one])
    assert "format" in document["components"]["schemas"]["Parameters.one"]["properties"]
    run = document["paths"]["/api/models/one/run"]["get"]
    assert [p for p in run["parameters"] if p.get("name") == "format"] == []
    assert {"$ref": "#/components/parameters/format"} in run["parameters"]


_SIGNATURE = Signature(name="many", parameters=MANY.parameters, is_closed=True)
_SCHEMA = schemathesis.openapi.from_dict(_document(base_url="/", endpoints=[MANY]))
_RUN = _SCHEMA["/api/models/reports/many%20things.v2/run"]


@settings(max_examples=50, deadline=None, suppress_health_check=list(HealthCheck))
@given(case=_RUN["POST"].as_strategy())
def test_each_body_that_schemathesis_makes_of_the_document_is_taken(case: Any) -> None:
    assert "since" in BodyRules(MANY.parameters, name="many").checked(case.body, _SIGNATURE.check)


@settings(max_examples=50, deadline=None, suppress_health_check=list(HealthCheck))
@given(case=_RUN["GET"].as_strategy(), data=st.data())
def test_each_query_that_schemathesis_makes_of_the_document_is_taken(
    case: Any, data: st.DataObject
) -> None:
    from requests import Request

    url = Request(**case.as_transport_kwargs(base_url="http://127.0.0.1")).prepare().url
    data.draw(st.just(url), label="url")
    given_values = from_query(str(url).partition("?")[2], reserved=RUN_RESERVED)
    assert "since" in _SIGNATURE.check(given_values)
