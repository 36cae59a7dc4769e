"""`/api/models`: what there is, what it takes, and running it."""

from __future__ import annotations

import asyncio
import json
from collections import deque
from collections.abc import Iterable, Mapping
from typing import Any

from nbnodes.errors import NbnodesError, ParameterError
from nbnodes.jobs.job import Job
from nbnodes.rest.answer import Answer
from nbnodes.rest.calling import Call, answered, call_of, written
from nbnodes.rest.describing import description_of
from nbnodes.rest.endpoint import Endpoint
from nbnodes.rest.given import from_body, from_query, grid
from nbnodes.rest.job_json import job_json
from nbnodes.rest.problem import about_error, refused
from nbnodes.rest.route import Route, mapping, named


class Models(Route):
    """`GET /api/models`: what can be called."""

    template = "/api/models"

    async def get(self) -> None:
        """List it."""
        found = await self.desk.catalogue.endpoints(self)
        models = [description_of(self.desk, one, self.base_path) for one in found]
        self.write_json({"models": models, "problems": list(self.desk.catalogue.problems)})


class OneModel(Route):
    """`GET /api/models/{name}`: one of them."""

    template = "/api/models/{name}"

    async def get(self, name: str) -> None:
        """Describe it."""
        endpoint = await self.desk.catalogue.endpoint(named(name), self)
        self.write_json(description_of(self.desk, endpoint, self.base_path))


class Run(Route):
    """`GET` and `POST /api/models/{name}/run`: its value."""

    template = "/api/models/{name}/run"
    running = frozenset({"GET", "HEAD", "POST"})

    async def get(self, name: str) -> None:
        """Run it with the query's parameters."""
        self.refuse_other_sites()
        endpoint = await self.desk.catalogue.endpoint(named(name), self)
        query = self.request.query
        await self._answer(call_of(self, endpoint, from_query(query), query))

    async def head(self, name: str) -> None:
        """Do as GET, but for the body."""
        await self.get(name)

    async def post(self, name: str) -> None:
        """Run it with the body's parameters."""
        endpoint = await self.desk.catalogue.endpoint(named(name), self)
        given = from_body(self.json_body() if self.body else {})
        await self._answer(call_of(self, endpoint, given, self.body, is_json=True))

    async def _answer(self, call: Call) -> None:
        answer = await answered(self, call)
        if isinstance(answer, Job):
            self.write_job(answer)
        else:
            self.write_answer(answer)

    def write_answer(self, answer: Answer) -> None:
        """Answer with a value, or with 304 where the client has it."""
        self.set_header("Vary", "Accept, Origin")
        self.set_header("X-Cache", "hit" if answer.cached else "miss")
        timing = f'cache;desc="{"hit" if answer.cached else "miss"}"'
        self.set_header("Server-Timing", f"{timing}, run;dur={answer.run_s * 1000:.3f}")
        if answer.etag:
            self.set_header("ETag", answer.etag)
            self.set_header("Cache-Control", "private, no-cache")
            if _matches(self.request.headers.get("If-None-Match", ""), answer.etag):
                self.set_status(304)
                _ = self.finish()
                return
        else:
            self.set_header("Cache-Control", "no-store")
        self.set_header("Content-Type", answer.media_type)
        if answer.file_name:
            self.set_header("Content-Disposition", _attached(answer.file_name))
        if answer.media_type.startswith(("text/html", "image/svg")):  # the notebook's own HTML
            self.set_header("Content-Security-Policy", _APART)
        _ = self.finish(answer.body)

    def write_job(self, job: Job) -> None:
        """Answer with a Job: the run goes on, and this is where to ask."""
        self.set_header("Location", f"{self.base_path}api/jobs/{job.id}")
        if "respond-async" in self.request.headers.get("Prefer", ""):
            self.set_header("Preference-Applied", "respond-async")
        self.set_header("Retry-After", "1")
        self.write_json(job_json(job, self.base_path), status=202)


class Batch(Route):
    """`POST /api/models/{name}/batch`: a list or grid of parameters, answered line by line."""

    template = "/api/models/{name}/batch"
    running = frozenset({"POST"})

    async def post(self, name: str) -> None:
        """Run it for each set of parameters; lines come in order, each as soon as it can."""
        endpoint = await self.desk.catalogue.endpoint(named(name), self)
        sets = self._sets(self.json_body())
        self._check(endpoint, sets)
        self.set_header("Content-Type", "application/x-ndjson")
        self.set_header("Cache-Control", "no-store")
        self.set_header("X-Accel-Buffering", "no")
        ahead = max(2, 2 * self.desk.session.settings.workers)
        tasks: deque[asyncio.Task[bytes]] = deque()
        waiting = deque(enumerate(sets))
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

    def _check(self, endpoint: Endpoint, sets: Iterable[Mapping[str, Any]]) -> None:
        """Refuse all, before anything runs, if one set is wrong."""
        problems = []
        for index, values in enumerate(sets):
            try:
                endpoint.rules.checked(values, endpoint.check)
            except ParameterError as error:
                problems += [f"[{index}].{problem}" for problem in error.problems]
        if problems:
            raise ParameterError(endpoint.name, problems)

    async def _line(self, endpoint: Endpoint, index: int, given: Mapping[str, Any]) -> bytes:
        """Return the line of one set: its value, or its Problem."""
        asked = json.dumps(given, sort_keys=True, default=str)
        call = Call(
            endpoint=endpoint,
            given=given,
            accept=None,
            form="json",
            asked=("line", asked),
            is_json=True,
        )
        try:
            body = (await self._one(call)).body
        except NbnodesError as error:
            body = about_error(error).body()
        plain = json.loads(body)
        return json.dumps({"index": index, "parameters": given, **plain}).encode() + b"\n"

    async def _one(self, call: Call) -> Answer:
        desk, question = self.desk, call.question
        found = desk.answers.get(question) if question is not None else None
        if found is not None:
            return found
        values = call.checked()
        result: Any = await desk.recall(call.endpoint, values)
        if result is None:
            running = desk.begin(call.endpoint, values, self.client)
            result = await running.result(None, is_wanted=lambda: False)
        return await written(desk, call, result)


_APART = "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:"
"""What a notebook's HTML may do that is opened by itself: be looked at."""


def _matches(header: str, etag: str) -> bool:
    """Whether an If-None-Match header names an entity tag (RFC 9110, 13.1.2)."""
    given = [one.strip().removeprefix("W/") for one in header.split(",")]
    return etag in given or given == ["*"]


def _attached(name: str) -> str:
    from urllib.parse import quote

    plain = "".join(one if one.isascii() and one.isprintable() else "_" for one in name)
    plain = plain.replace('"', "_").replace("\\", "_")
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name)}"
