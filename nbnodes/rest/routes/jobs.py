"""`/api/jobs`: runs that outlive their callers."""

from __future__ import annotations

import asyncio
import json
from functools import partial

from nbnodes.jobs.job import ENDED, Job, JobEvent
from nbnodes.rest.admission import closing
from nbnodes.rest.calling import Call, call_of, submitted, written
from nbnodes.rest.given import from_body
from nbnodes.rest.job_json import job_json
from nbnodes.rest.problem import Problem, ProblemError, refused
from nbnodes.rest.route import Route, mapping
from nbnodes.rest.routes.answering import Answering

_STATES = ("queued", "running", *sorted(ENDED))
_BEAT_S = 15.0
"""So often a stream says that it is there, though nothing happens: proxies close silent ones."""


class JobList(Route):
    """`POST` and `GET /api/jobs`: begin one; list the latest."""

    template = "/api/jobs"
    running = frozenset({"POST"})

    async def post(self) -> None:
        """Begin a Job: `{"model": …, "parameters": {…}}`."""
        body = mapping(self.json_body(), "the body")
        unknown = sorted(body.keys() - {"model", "parameters"})
        if unknown or not isinstance(body.get("model"), str):
            text = 'send {"model": "name", "parameters": {…}}'
            text = f"{text}; not known: {', '.join(unknown)}" if unknown else text
            raise refused(400, "Malformed request", text)
        if self.desk.admission.is_closed:
            raise closing()
        given = from_body(mapping(body.get("parameters", {}), "parameters"))
        endpoint = await self.desk.catalogue.endpoint(body["model"])
        values = endpoint.rules.checked(given, endpoint.check)
        job = await submitted(self, endpoint, given, values)
        self.set_header("Location", f"{self.base_path}api/jobs/{job.id}")
        self.write_json(job_json(job, self.base_path), status=202)

    async def get(self) -> None:
        """List Jobs, the latest first."""
        state = self.get_query_argument("state", None)
        limit = self.get_query_argument("limit", "100")
        if state is not None and state not in _STATES:
            raise refused(400, "No such state", f"there are: {', '.join(_STATES)}")
        if not (limit.isascii() and limit.isdigit() and 1 <= int(limit[:9]) <= 1000):  # noqa: PLR2004
            raise refused(400, "Wrong limit", "limit: expected 1 to 1000")
        read = partial(self.desk.jobs.all, state, int(limit[:9]))
        jobs = await self.desk.in_thread(read)
        debug = self.desk.debug
        self.write_json({"jobs": [job_json(one, self.base_path, debug=debug) for one in jobs]})


class OneJob(Route):
    """`GET` and `DELETE /api/jobs/{id}`: how far it is; stop it."""

    template = "/api/jobs/{id}"
    running = frozenset({"DELETE"})

    async def get(self, job: str) -> None:
        """Tell of it."""
        self._tell(await self.desk.in_thread(self.desk.jobs.get, job))

    async def delete(self, job: str) -> None:
        """Stop it; one that has ended stays as it is."""
        self._tell(await self.desk.in_thread(self.desk.jobs.cancel, job))

    def _tell(self, job: Job) -> None:
        if not job.is_ended:
            self.set_header("Retry-After", "1")
        self.write_json(job_json(job, self.base_path, debug=self.desk.debug))


class JobResult(Answering):
    """`GET /api/jobs/{id}/result`: what it gave, in any format."""

    template = "/api/jobs/{id}/result"

    async def get(self, job: str) -> None:
        """Answer as `/run` does; 409 while there is nothing yet."""
        found = await self.desk.in_thread(self.desk.jobs.get, job)
        if not found.is_ended:
            text = f"the job is {found.state}: ask again when it has ended"
            raise ProblemError(Problem(status=409, title="Not ended", detail=text, retry_after_s=1))
        endpoint = await self.desk.catalogue.endpoint(found.endpoint)
        result = await self.desk.in_thread(self.desk.jobs.result, job)
        if result is None:
            reason = (found.error or {}).get("reason") or "its value is not kept any more"
            text = f"the job is {found.state}: {reason}"
            raise refused(410, "No value", text)
        call: Call = call_of(self, endpoint, found.values, None)
        self.write_answer(await written(self.desk, call, result))


class JobEvents(Route):
    """`GET /api/jobs/{id}/events`: what happens to it, as it happens (server-sent events)."""

    template = "/api/jobs/{id}/events"
    is_endless = True

    async def get(self, job: str) -> None:
        """Stream events until it has ended; those after `Last-Event-ID` only."""
        last = self.request.headers.get("Last-Event-ID", "") or self.get_query_argument("after", "")
        after = int(last) if last.isascii() and last.isdigit() and len(last) < 12 else 0  # noqa: PLR2004
        is_over, after = await self.desk.in_thread(self._place, job, after)
        self.set_header("Cache-Control", "no-store")
        if is_over:  # so that who comes back by itself, as browsers do, comes no more
            self.set_status(204)
            return
        waiting: asyncio.Queue[JobEvent | None] = asyncio.Queue()
        loop = asyncio.get_running_loop()

        def hear(event: JobEvent) -> None:
            loop.call_soon_threadsafe(waiting.put_nowait, event)

        self.set_header("Content-Type", "text/event-stream")
        self.set_header("X-Accel-Buffering", "no")
        self.on_gone = lambda: waiting.put_nowait(None)
        self.write("retry: 1000\n\n")
        await self.flush()
        end = await self.desk.in_thread(self.desk.jobs.follow, job, after, hear)
        self.desk.streams.add(waiting)
        try:
            await self._send(waiting)
        finally:
            self.desk.streams.discard(waiting)
            end()

    def _place(self, job: str, after: int) -> tuple[bool, int]:
        """Return whether all has been told, and after which event to begin; on any thread.

        Of a job that goes on, who names an event that never was is told all: it would else wait
        for one that does not come.

        Raises:
            JobNotFoundError: If there is no such job; nothing has been sent then.
        """
        found = self.desk.jobs.get(job)
        if after == 0:
            return False, 0
        if found.is_ended:
            return not self.desk.jobs.events(job, after), after
        return False, after if self.desk.jobs.events(job, after - 1) else 0

    async def _send(self, waiting: asyncio.Queue[JobEvent | None]) -> None:
        while not self.is_gone:
            try:
                event = await asyncio.wait_for(waiting.get(), _BEAT_S)
            except TimeoutError:
                self.write(": still there\n\n")
            else:
                if event is None:
                    return
                data = json.dumps(event.data, default=str)
                self.write(f"id: {event.number}\nevent: {event.kind}\ndata: {data}\n\n")
                if event.kind == "end":
                    await self.flush()
                    return
            await self.flush()
