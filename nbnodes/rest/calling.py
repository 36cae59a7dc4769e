"""A call of an Endpoint over HTTP: values in; an Answer, a Job or a Problem out."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Hashable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from nbnodes.errors import FormatError, ParameterError
from nbnodes.formats.formats import FORMATS
from nbnodes.jobs.job import Job
from nbnodes.jobs.run import JobReport
from nbnodes.rest.accepting import wanted_format
from nbnodes.rest.answer import Answer
from nbnodes.rest.desk import Desk
from nbnodes.rest.endpoint import Endpoint
from nbnodes.rest.given import BY_BODY, RUN_RESERVED, format_from_query
from nbnodes.rest.problem import ProblemError, about_failure, refused
from nbnodes.rest.reporting import started
from nbnodes.rest.route import Route
from nbnodes.rest.running import Running
from nbnodes.result import Failure, Result, Success
from nbnodes.scheduler.workers import RunFuture


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """What a client asks for.

    Attributes:
        endpoint: What is to run.
        given: Values by name, as they were given.
        accept: The `Accept` header; None for none.
        form: The format that the query names; "" for none.
        asked: What stands for the values in a question: the query itself, or the body.
        is_json: Whether values are JSON's, which has types, and not text.
        values: The values, where they have been checked already.
    """

    endpoint: Endpoint
    given: Mapping[str, Any]
    accept: str | None
    form: str
    asked: Hashable
    is_json: bool = False
    values: Mapping[str, Any] | None = None

    def checked(self) -> Mapping[str, Any]:
        """Return the values, checked.

        Raises:
            ParameterError: With every mistake.
        """
        if self.values is not None:
            return self.values
        if self.is_json:
            return self.endpoint.rules.checked(self.given, self.endpoint.check)
        try:
            return self.endpoint.check(self.given)
        except ParameterError as error:
            missing = RUN_RESERVED - self.given.keys()
            told = (f"{one}; {BY_BODY}" if _name(one) in missing else one for one in error.problems)
            raise ParameterError(error.notebook, tuple(told)) from None

    def question(self, edition: object) -> Hashable | None:
        """Say what is asked: equal questions have equal answers; None where that is not known."""
        if edition is None or self.asked is None:
            return None
        return (self.endpoint.name, edition, self.asked, self.accept, self.form)


def call_of(
    route: Route,
    endpoint: Endpoint,
    given: Mapping[str, Any],
    asked: Hashable,
    *,
    is_json: bool = False,
) -> Call:
    """Read what a request says of the form of its answer.

    Raises:
        ProblemError: If it names a format that there is not.
    """
    form = format_from_query(route.request.query, () if is_json else endpoint.parameters)
    accept = route.request.headers.get("Accept")
    if not form and wanted_format(accept, None, tuple(FORMATS)) is None:
        raise _nothing_acceptable(tuple(FORMATS))
    return Call(
        endpoint=endpoint, given=given, accept=accept, form=form, asked=asked, is_json=is_json
    )


async def answered(route: Route, call: Call) -> Answer | Job:
    """Return the answer: remembered, or from a run; a Job where that takes too long.

    Raises:
        NbnodesError: As it is told to clients; see `nbnodes.rest.problem.about_error`.
    """
    if "respond-async" in preferences(route):
        return await submitted(route, call.endpoint, call.given, call.checked())
    found = await answer_of_call(route, call, partial(_waited, route))
    if isinstance(found, Running):
        return await _adopted(route.desk, call, found)
    return found


async def answer_of_call(
    route: Route, call: Call, wait: Callable[[Running], Awaitable[Result | None]]
) -> Answer | Running:
    """Return the answer: remembered, recalled, or from a run; the run where `wait` gives it up.

    Raises:
        NbnodesError: As `answered`.
    """
    desk = route.desk
    question = await _question(desk, call)
    found = desk.answers.get(question) if question is not None else None
    if found is not None:
        desk.metrics.cache(call.endpoint.name, "hit")
        return found
    values = call.checked()
    edition = call.endpoint.edition
    is_quick = question is not None and edition is not None and edition.is_quick
    result: Result | None = await desk.recall(call.endpoint, values, is_quick=is_quick)
    if result is None:
        running = desk.begin(call.endpoint, values, route.client)
        with desk.waiting():
            result = await wait(running)
        if result is None:
            return running
    return await written(desk, call, result, question)


async def submitted(
    route: Route, endpoint: Endpoint, given: Mapping[str, Any], values: Mapping[str, Any]
) -> Job:
    """Begin a Job; the same `Idempotency-Key` gives the same one again.

    Args:
        route: Who asks.
        endpoint: What is to run.
        given: Values by name, as they were given.
        values: The same, checked.
    """
    desk, loop = route.desk, asyncio.get_running_loop()

    async def begun() -> Running:
        return desk.begin(endpoint, values, route.client)

    def start(report: JobReport) -> RunFuture:  # called where the disk is waited for
        running = asyncio.run_coroutine_threadsafe(begun(), loop).result()
        return started(running, report)

    again = route.request.headers.get("Idempotency-Key")
    submit = partial(desk.jobs.submit, idempotency_key=again)
    return await desk.in_thread(submit, endpoint.name, dict(given), start)


async def written(
    desk: Desk, call: Call, result: Result, question: Hashable | None = None
) -> Answer:
    """Write a Result as the client wants it.

    Args:
        desk: The server's.
        call: What the client asks for.
        result: The Result.
        question: What was asked when it was asked; None to keep nothing.

    Raises:
        ProblemError: If the notebook failed, or has no form that the client accepts.
    """
    if isinstance(result, Failure):
        raise ProblemError(about_failure(result, call.endpoint.notebook, debug=desk.debug))
    form = call.form or await _chosen(desk, call.accept, result)
    try:
        if question is not None and question != await _question(desk, call, is_new=True):
            question = None  # something has moved since it was asked
        return await desk.written(call.endpoint, result, form, question)
    except FormatError as error:
        there = list(await desk.formats_of(result))
        raise refused(406, "Not in this format", str(error), formats=there) from None


def preferences(route: Route) -> dict[str, str]:
    """Return what a client would like to have (RFC 7240): `respond-async`, `wait=5`."""
    words = ",".join(route.request.headers.get_list("Prefer")).split(",")
    pairs = (word.split(";")[0].partition("=") for word in words if word.strip())
    return {name.strip().lower(): value.strip().strip('"') for name, _, value in pairs}


def wait_s(route: Route) -> float:
    """Return for how long a client waits: what it prefers, at most what is allowed."""
    asked = preferences(route).get("wait", "")
    limit_s = route.desk.limits.sync_timeout_s
    return min(float(asked), limit_s) if asked.isdigit() and len(asked) < 10 else limit_s  # noqa: PLR2004


async def _waited(route: Route, running: Running) -> Result | None:
    """Wait for a run as long as callers wait; None if it goes on then.

    A client that goes away meanwhile stops it.
    """
    route.on_gone = running.stop
    try:
        if route.is_gone:
            running.stop()
        return await running.result(wait_s(route))
    except TimeoutError:
        return None
    finally:
        route.on_gone = None


async def _adopted(desk: Desk, call: Call, running: Running) -> Job:
    """Make a Job of a run that has begun."""
    submit = desk.jobs.submit
    try:
        return await desk.in_thread(
            submit, call.endpoint.name, dict(call.given), partial(started, running)
        )
    except BaseException:
        running.stop()  # nobody would hear of it
        raise


async def _chosen(desk: Desk, accept: str | None, result: Success) -> str:
    if accept is None or accept in ("*/*", "application/json"):  # most; json is tried first
        return "json" if accept == "application/json" else await _first(desk, result)
    there = await desk.formats_of(result)
    form = wanted_format(accept, None, there)
    if form is None:
        raise _nothing_acceptable(there)
    return form


async def _first(desk: Desk, result: Success) -> str:
    """Return the format for who takes any: JSON where the value has it."""
    if isinstance(result.value, str | int | float | bool) or result.value is None:
        return "json"
    there = await desk.formats_of(result)
    return wanted_format(None, None, there) or "text"


async def _question(desk: Desk, call: Call, *, is_new: bool = False) -> Hashable | None:
    """Return what is asked as all stands now, by a new look or one of a moment ago."""
    edition = call.endpoint.edition
    if edition is None:
        return None
    look = edition.anew if is_new else edition.now
    return call.question(await look(desk.in_thread))


def _name(problem: str) -> str:
    """Return which parameter a problem is about."""
    return problem.partition(":")[0]


def _nothing_acceptable(there: tuple[str, ...]) -> ProblemError:
    listed = ", ".join(f"{name} ({FORMATS[name].media_type})" for name in there)
    text = f"nothing that the Accept header allows can be given; there are: {listed}"
    return refused(406, "Not acceptable", text, formats=list(there))
