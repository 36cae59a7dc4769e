"""The table of routes: what each answers is documented, and what runs something says so."""

from __future__ import annotations

import pytest

from nbnodes.rest.mount import ROUTES
from nbnodes.rest.openapi.document import openapi_document
from nbnodes.rest.route import Route

API = [route for _, route in ROUTES if route.template.startswith("/api")]


@pytest.mark.parametrize("route", [route for _, route in ROUTES], ids=lambda one: one.__name__)
def test_a_method_that_may_run_or_stop_something_is_marked_so(route: type[Route]) -> None:
    assert {*route.methods()} - {"GET", "HEAD"} == {*route.running} - {"GET", "HEAD"}


@pytest.mark.parametrize("route", API, ids=lambda one: one.__name__)
def test_every_method_of_the_api_is_documented(route: type[Route]) -> None:
    document = openapi_document(title="", base_url="/", endpoints=(), is_open=True)
    methods = {one for one in route.methods() if one != "HEAD"}
    assert {one.upper() for one in document["paths"][route.template]} - {"PARAMETERS"} == methods
