"""`/openapi.json` and `/docs`: the routes, for programs and for people."""

from __future__ import annotations

from urllib.parse import quote

from nbnodes.control.controls import control_of
from nbnodes.page.reference import ReferenceModel, reference_html
from nbnodes.rest.describing import summary
from nbnodes.rest.endpoint import Endpoint, described
from nbnodes.rest.openapi.document import Described, openapi_document
from nbnodes.rest.route import Route
from nbnodes.rest.routes.pages import Page


class OpenApi(Route):
    """`GET /openapi.json`: all routes, as OpenAPI 3.1 writes them."""

    template = "/openapi.json"

    async def get(self) -> None:
        """Write it."""
        found = await self.desk.catalogue.endpoints()
        listed = []
        for one in found:
            title, description = described(one.notebook, one.name)
            listed.append(
                Described(
                    name=one.name,
                    title=title,
                    description=description,
                    parameters=one.parameters,
                )
            )
        self.write_json(
            openapi_document(
                title=self.desk.catalogue.title,
                base_url=self.base_path,
                endpoints=listed,
                is_guarded=self.desk.is_guarded,
                is_open=self.desk.is_open,
                restified_url=self.desk.restified_path.removesuffix("restified"),
                cookie_name=self.desk.cookie_name,
            )
        )


class Docs(Page):
    """`GET /docs`: the same for people, with a form for each model."""

    template = "/docs"

    async def get(self) -> None:
        """Write it."""
        found = await self.desk.catalogue.endpoints()
        base = self.base_path
        page = reference_html(
            f"{base}openapi.json",
            base,
            [_reference(one, base) for one in found],
            is_guarded=self.desk.is_guarded,
        )
        self.write_page(page)


def _reference(endpoint: Endpoint, base: str) -> ReferenceModel:
    title, description = described(endpoint.notebook, endpoint.name)
    return ReferenceModel(
        name=endpoint.name,
        title=title,
        description=summary(description),
        url=f"{base}api/models/{quote(endpoint.name)}",
        page_url=f"{base}pages/{quote(endpoint.name)}",
        controls={address: control_of(one) for address, one in endpoint.parameters.items()},
    )
