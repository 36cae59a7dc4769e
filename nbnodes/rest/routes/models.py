"""`/api/models`: what there is, what it takes, and running it."""

from __future__ import annotations

import asyncio
import json
from collections import deque
from collections.abc import Iterable, Mapping
from itertools import count
from typing import Any, TypeAlias

from nbnodes.errors import NbnodesError, ParameterError
from nbnodes.formats.jsonable import json_text
from nbnodes.rest.admission import FullError
from nbnodes.rest.answer import Answer
from nbnodes.rest.calling import Call, answer_of_call, call_of
from nbnodes.rest.describing import description_of
from nbnodes.rest.endpoint import Endpoint
from nbnodes.rest.given import BY_BODY, RUN_RESERVED, from_body, from_query, grid, refuse_query
from nbnodes.rest.problem import about_error, refused
from nbnodes.rest.route import Route, mapping, named
from nbnodes.rest.routes.answering import Answering
from nbnodes.rest.running import Running

_Set: TypeAlias = tuple[int, dict[str, Any], dict[str, Any]]
"""One of a batch: its index, what was given, and the same checked."""


class Models(Route):
    """`GET /api/models`: what can be called."""

    template = "/api/models"

    async def get(self) -> None:
        """List it."""
        found = await self.desk.catalogue.endpoints()
        models = [description_of(self.desk, one, self.base_path) for one in found]
        self.write_json({"models": models, "problems": list(self.desk.catalogue.problems)})


class OneModel(Route):
    """`GET /api/models/{name}`: one of them."""

    template = "/api/models/{name}"

    async def get(self, name: str) -> None:
        """Describe it."""
        endpoint = await self.desk.catalogue.endpoint(named(name))
        self.write_json(description_of(self.desk, endpoint, self.base_path))


class Run(Answering):
    """`GET` and `POST /api/models/{name}/run`: its value."""

    template = "/api/models/{name}/run"
    running = frozenset({"GET", "HEAD", "POST"})

    async def get(self, name: str) -> None:
        """Run it with the query's parameters."""
        self.refuse_other_sites()
        endpoint = await self.desk.catalogue.endpoint(named(name))
        query = self.request.query
        if "token" in endpoint.parameters and not self.desk.is_guarded:
            self._refuse_token(endpoint)
        given = from_query(query, reserved=RUN_RESERVED)
        await self.answer(call_of(self, endpoint, given, query))

    async def post(self, name: str) -> None:
        """Run it with the body's parameters."""
        endpoint = await self.desk.catalogue.endpoint(named(name))
        refuse_query(self.request.query, endpoint.name, reserved=RUN_RESERVED)
        given = from_body(self.json_body() if self.body else {})
        await self.answer(call_of(self, endpoint, given, self.body, is_json=True))

    def _refuse_token(self, endpoint: Endpoint) -> None:
        """Refuse what would else be passed over: nobody asks for a token here."""
        if self.get_query_arguments("token"):
            raise ParameterError(endpoint.name, [f"token: {BY_BODY}"])


class Batch(Route):
    """`POST /api/models/{name}/batch`: a list or grid of parameters, answered line by line."""

    template = "/api/models/{name}/batch"
    running = frozenset({"POST"})

    async def post(self, name: str) -> None:
        """Run it for each set of parameters; lines come in order, each as soon as it can."""
        endpoint = await self.desk.catalogue.endpoint(named(name))
        sets = self._sets(self.json_body())
        checked = await self.desk.in_thread(_checked, endpoint, sets)
        self.set_header("Content-Type", "application/x-ndjson")
        self.set_header("Cache-Control", "no-store")
        self.set_header("X-Accel-Buffering", "no")
        with self.desk.waiting():
            await self._write_lines(endpoint, deque(zip(count(), sets, checked, strict=False)))

    async def _write_lines(self, endpoint: Endpoint, waiting: deque[_Set]) -> None:
        """Write the line of each set, in order, some being made ahead."""
        ahead = self.desk.admission.most_of(max(2, 2 * self.desk.session.settings.workers))
        tasks: deque[asyncio.Task[bytes]] = deque()
        self.on_gone = lambda: [task.cancel() for task in tasks]
        await self.flush()  # who asks knows that all sets are taken
        try:
            while tasks or waiting:
                while waiting and len(tasks) < ahead:
                    tasks.append(asyncio.create_task(self._line(endpoint, *waiting.popleft())))
                self.write(await tasks[0])  # it stays among those that end with the client
                _ = tasks.popleft()
                await self.flush()
        except asyncio.CancelledError:
            if not self.is_gone:
                raise
        finally:
            for task in tasks:
                task.cancel()

    def _sets(self, body: Any) -> list[dict[str, Any]]:
        most = self.desk.limits.batch
        if isinstance(body, Mapping) and body.keys() == {"grid"}:
            return list(grid(mapping(body["grid"], "grid"), most))
        is_named = isinstance(body, Mapping) and body.keys() == {"parameters"}
        listed = body["parameters"] if is_named else body
        if not isinstance(listed, list):
            text = 'send a list of objects, or {"grid": {"n": [1, 2, 3]}}'
            raise refused(400, "Malformed request", text)
        if len(listed) > most:
            text = f"{len(listed)} sets of parameters, at most {most} allowed"
            raise refused(413, "Batch too large", text)
        return [from_body(one) for one in listed]

    async def _line(
        self, endpoint: Endpoint, index: int, given: Mapping[str, Any], values: Mapping[str, Any]
    ) -> bytes:
        """Return the line of one set: its value, or its Problem."""
        asked = json.dumps(given, sort_keys=True, default=str)
        call = Call(
            endpoint=endpoint,
            given=given,
            accept=None,
            form="json",
            asked=("line", asked),
            values=values,
        )
        try:
            found = await self._once_let_in(call)
            body = found.body if isinstance(found, Answer) else b""
        except NbnodesError as error:
            body = about_error(error).body()
        # joined as text: an answer may have integers longer than Python reads
        told = json_text({"index": index, "parameters": given}).removesuffix("}").encode()
        return told + b", " + body.removeprefix(b"{") + b"\n"

    async def _once_let_in(self, call: Call) -> Answer | Running:
        """Answer a call; where there are too many runs, wait: a batch is not refused for itself."""
        while True:
            try:
                return await answer_of_call(self, call, Running.result)
            except FullError:
                await self.desk.admission.room(self.client)


def _checked(endpoint: Endpoint, sets: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Check all sets of parameters; refuse all, before anything runs, if one is wrong."""
    problems = []
    found = []
    for index, values in enumerate(sets):
        try:
            found.append(endpoint.rules.checked(values, endpoint.check))
        except ParameterError as error:
            problems += [f"[{index}].{problem}" for problem in error.problems]
    if problems:
        raise ParameterError(endpoint.name, problems)
    return found
