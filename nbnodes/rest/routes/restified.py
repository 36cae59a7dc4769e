"""`/restified/{path}`: a notebook's bare JSON value, as notebook_restified has it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from nbnodes.rest.answer import BARE
from nbnodes.rest.calling import Call
from nbnodes.rest.given import from_body, from_query, refuse_query
from nbnodes.rest.route import Route, named
from nbnodes.rest.routes.answering import Answering


class RestifiedIndex(Route):
    """`GET /restified`: that it is there, and what it has."""

    template = "/restified"

    async def get(self) -> None:
        """List the notebooks."""
        found = await self.desk.catalogue.endpoints()
        path = self.desk.restified_path
        self.write_json({"notebooks": [f"{path}/{one.name}" for one in found]})


class Restified(Answering):
    """`GET` and `POST /restified/{path}`: the value, and nothing around it."""

    template = "/restified/{path}"
    running = frozenset({"GET", "HEAD", "POST"})

    async def get(self, name: str) -> None:
        """Run it with the query's parameters; of repeated ones the last counts."""
        self.refuse_other_sites()
        query = self.request.query
        given = from_query(query)
        last = {n: one[-1] if isinstance(one, list) else one for n, one in given.items()}
        await self._bare(name, last, query)

    async def post(self, name: str) -> None:
        """Run it with the body's parameters."""
        refuse_query(self.request.query, named(name))
        given = from_body(self.json_body() if self.body else {})
        await self._bare(name, given, self.body)

    async def _bare(self, name: str, given: Mapping[str, Any], asked: object) -> None:
        endpoint = await self.desk.catalogue.endpoint(named(name))
        call = Call(endpoint=endpoint, given=given, accept=None, form=BARE, asked=asked)
        await self.answer(call)
