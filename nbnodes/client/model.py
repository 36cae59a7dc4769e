"""A model of a server, called like a local one: values in, its value or Result out."""

from __future__ import annotations

import json
import re
import threading
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib.util import find_spec
from itertools import islice
from typing import Any
from urllib.parse import quote, urlencode

from nbnodes.client.calls import Calls, JobFuture, unheard
from nbnodes.client.connections import Request
from nbnodes.client.declared import parameter_of
from nbnodes.client.given import body_of
from nbnodes.client.server import Reply, reply_of
from nbnodes.client.told import or_raised, problem_outcome, success_of, success_of_table
from nbnodes.engines.engine import CancelToken, Progress
from nbnodes.errors import (
    NbnodesError,
    ParameterError,
    RunCancelledError,
    RunTimeoutError,
    ServerError,
    UsageError,
)
from nbnodes.formats.jsonable import json_value
from nbnodes.notebook.parameters import Parameter
from nbnodes.result import CellError, Failure, Result

_AT_ONCE = 500  # sets of parameters in one request
_INDEX = re.compile(r"\A\[(\d+)\]")
_OptionalProgress = Callable[[Progress], None] | None


class RemoteModel:
    """A notebook, or a node of a graph, that a server runs. Safe from several threads.

    Args:
        calls: Lead to the server.
        told: What the server tells of it.
    """

    def __init__(self, calls: Calls, told: Mapping[str, Any]) -> None:
        self.name: str = told["name"]
        self.title: str = told.get("title", self.name)
        self.description: str = told.get("description", "")
        self._calls = calls
        self._path = f"api/models/{quote(self.name)}"
        self._told = told

    @property
    def parameters(self) -> Mapping[str, Parameter]:
        """What may be given, by name, as the notebook declares it."""
        schemas: Mapping[str, Any] = self._told["parameters"]["properties"]
        required = self._told["parameters"].get("required", ())
        declared = self._told.get("declared", {})
        return {
            name: parameter_of(name, schema, declared.get(name, {}), required=name in required)
            for name, schema in schemas.items()
        }

    def __call__(self, **values: Any) -> Any:
        """Run it and return its value.

        Raises:
            RunFailedError: If a cell raised.
        """
        return self._run(values, CancelToken()).unwrap()

    def run(
        self,
        values: Mapping[str, Any] | None = None,
        /,
        *,
        check: bool = True,
        timeout_s: float | None = None,
        on_progress: _OptionalProgress = None,
        **parameters: Any,
    ) -> Result:
        """Run it.

        Args:
            values: Parameters by name; needed for those named like an option.
            check: Whether a failure is raised rather than returned.
            timeout_s: Seconds to wait; the run is stopped then, if nobody else wants it.
            on_progress: Hears how far it is.
            **parameters: Parameters by name.

        Returns:
            A Success or Failure; it tells no outputs and no engine.

        Raises:
            RunFailedError: If a cell raised, unless `check` is False.
            ParameterError: For wrong parameters, unless `check` is False.
            EngineError: If the server's machine failed.
            ServerError: If the server is away, too busy, or does not let in.
        """
        given = {**(values or {}), **parameters}
        try:
            with _limited(self.name, timeout_s) as cancel:
                result = self._run(given, cancel, on_progress)
        except ParameterError as error:
            if check:
                raise
            return _refused(self.name, error)
        if check:
            result.unwrap()
        return result

    async def arun(
        self,
        values: Mapping[str, Any] | None = None,
        /,
        *,
        check: bool = True,
        timeout_s: float | None = None,
        on_progress: _OptionalProgress = None,
        **parameters: Any,
    ) -> Result:
        """Run it while the event loop goes on; arguments as `run`.

        Cancelling the task stops the run.
        """
        import asyncio

        given, cancel = {**(values or {}), **parameters}, CancelToken()

        def run() -> Result:
            with _limited(self.name, timeout_s, cancel):
                return self._run(given, cancel, on_progress)

        try:
            result = await asyncio.wrap_future(self._calls.submit(run, cancel))
        except ParameterError as error:
            if check:
                raise
            return _refused(self.name, error)
        if check:
            result.unwrap()
        return result

    def submit(
        self,
        values: Mapping[str, Any] | None = None,
        /,
        *,
        on_progress: _OptionalProgress = None,
        **parameters: Any,
    ) -> JobFuture:
        """Make a job of it, which goes on without this program.

        Returns:
            A future of its Result, a Failure too; `cancel` stops the job.

        Raises:
            ParameterError: At once.
        """
        given = body_of({**(values or {}), **parameters}, self.name)
        body = f'{{"model": {json.dumps(self.name)}, "parameters": {given}}}'
        request = Request(
            method="POST",
            path="api/jobs",
            body=body.encode(),
            headers={"Idempotency-Key": uuid.uuid4().hex},
        )
        reply = self._calls.server.ask(request)
        if not reply.is_good:
            raise self._calls.server.problem(reply, self.name)
        return self._calls.followed(reply.told()["id"], self.name, on_progress)

    def map(self, values: Iterable[Mapping[str, Any]]) -> Iterator[Result]:
        """Run it for each set of parameters, in parallel; Results come in order.

        A Failure is returned like any Result. Leaving the loop early stops what still runs.

        Raises:
            ParameterError: If a set of parameters is wrong; none of the next 500 has run then.
            UsageError: If it is none at all.
        """
        left = iter(values)
        begin = 0
        while sets := list(islice(left, _AT_ONCE)):
            _check_sets(sets, self.name)
            yield from self._batch(sets, begin)
            begin += len(sets)

    def render(
        self, form: str, values: Mapping[str, Any] | None = None, /, **parameters: Any
    ) -> bytes:
        """Run it, and return its value in a format: "csv", "png", "html", "ipynb", ….

        Raises:
            FormatError: If the value has no such form; names those that it has.
            RunFailedError: If a cell raised.
        """
        given = {**(values or {}), **parameters}
        path = f"{self._path}/run?{urlencode({'format': form})}"
        reply = self._asked(path, given, CancelToken())
        if reply.status == 202:  # noqa: PLR2004
            job = reply.told()["id"]
            self._calls.awaited(job, self.name, CancelToken(), unheard).unwrap()
            path = f"api/jobs/{job}/result?{urlencode({'format': form})}"
            reply = self._calls.server.ask(Request(method="GET", path=path))
        if not reply.is_good:
            self._calls.server.result(reply, self.name).unwrap()
        return reply.body

    def __repr__(self) -> str:
        return f"RemoteModel({self.name!r} of {self._calls.server.connections.address.url})"

    def _run(
        self,
        given: Mapping[str, Any],
        cancel: CancelToken,
        on_progress: _OptionalProgress = None,
    ) -> Result:
        """Run it; where that takes longer than requests wait, follow the job."""
        reply = self._asked(f"{self._path}/run", given, cancel, is_job=on_progress is not None)
        if reply.status == 202:  # noqa: PLR2004
            job, heard = reply.told()["id"], on_progress or unheard
            return self._calls.awaited(job, self.name, cancel, heard)
        if reply.status == 406:  # noqa: PLR2004  # too large for JSON, perhaps
            formats = reply.told().get("formats", ())
            if "arrow" in formats and find_spec("pyarrow"):
                return self._as_arrow(given, cancel)
        return self._calls.server.result(reply, self.name)

    def _asked(
        self, path: str, given: Mapping[str, Any], cancel: CancelToken, *, is_job: bool = False
    ) -> Reply:
        server = self._calls.server
        wait_s = max(1, int(server.timeout_s / 2))  # an answer comes before patience ends
        prefer = "respond-async" if is_job else f"wait={wait_s}"
        body = body_of(given, self.name).encode()
        request = Request(method="POST", path=path, body=body, headers={"Prefer": prefer})
        return server.ask(request, cancel)

    def _as_arrow(self, given: Mapping[str, Any], cancel: CancelToken) -> Result:
        reply = self._asked(f"{self._path}/run?format=arrow", given, cancel)
        if not reply.is_good or reply.status == 202:  # noqa: PLR2004
            return self._calls.server.result(reply, self.name)
        return success_of_table(reply.body, reply.headers, self.name)

    def _batch(self, sets: Sequence[Mapping[str, Any]], begin: int) -> Iterator[Result]:
        """Run some sets of parameters, of which the first is the `begin`th of all."""
        body = f"[{','.join(body_of(one, self.name) for one in sets)}]".encode()
        path, server = f"{self._path}/batch", self._calls.server
        request = Request(method="POST", path=path, body=body, is_patient=True)
        count = 0
        with server.connections.exchange(request) as response:
            if response.status != 200:  # noqa: PLR2004
                raise _counted_on(server.problem(reply_of(response), self.name), begin)
            for line in response:
                told = json_value(line)
                if told.get("status") in (429, 503):  # busy: asked again, alone
                    yield self._run(sets[count], CancelToken())
                else:
                    yield self._line(told)
                count += 1
        if count < len(sets):
            raise ServerError(f"{self.name}: the server ended after {begin + count} Results")

    def _line(self, told: Mapping[str, Any]) -> Result:
        return success_of(told) if "value" in told else or_raised(problem_outcome(told, self.name))


@contextmanager
def _limited(
    name: str, timeout_s: float | None, cancel: CancelToken | None = None
) -> Iterator[CancelToken]:
    """Stop what goes on for too long: give what stops it."""
    cancel, is_late = cancel or CancelToken(), threading.Event()

    def stop() -> None:
        is_late.set()
        cancel.cancel()

    timer = threading.Timer(timeout_s, stop) if timeout_s else None
    if timer is not None:
        timer.daemon = True
        timer.start()
    try:
        yield cancel
    except RunCancelledError:
        if not is_late.is_set():
            raise
        raise RunTimeoutError(f"{name}: not done after {timeout_s:g} s, stopped") from None
    finally:
        if timer is not None:
            timer.cancel()


def _check_sets(sets: Iterable[object], name: str) -> None:
    for one in sets:
        if not isinstance(one, Mapping):
            text = f'{one!r} is no set of parameters; expected one like {{"n": 15}}'
            raise UsageError(f"{name}: {text}")


def _counted_on(error: NbnodesError, begin: int) -> NbnodesError:
    """Count the sets that a server tells of on from those before."""
    if not isinstance(error, ParameterError) or not begin:
        return error

    def counted(found: re.Match[str]) -> str:
        return f"[{int(found[1]) + begin}]"

    return ParameterError(error.notebook, [_INDEX.sub(counted, one) for one in error.problems])


def _refused(name: str, error: ParameterError) -> Failure:
    """Tell of wrong parameters as a Failure, as a local Model does."""
    told = CellError(ename="ParameterError", evalue=str(error), cell_index=0)
    return Failure(name=name, engine="", error=told)
