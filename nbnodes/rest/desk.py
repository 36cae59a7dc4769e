"""The Desk: what the handlers of one server share. Questions come in, Answers go out."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Hashable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from typing import Any, TypeVar

from nbnodes.errors import RunCancelledError, UsageError
from nbnodes.formats.formats import formats_of
from nbnodes.jobs.jobs import Jobs
from nbnodes.live.graph import Graph
from nbnodes.page.frames import Frames
from nbnodes.page.look import asset_url
from nbnodes.rest.admission import Admission
from nbnodes.rest.answer import Answer, Answers, answer_of
from nbnodes.rest.catalogue import Catalogue
from nbnodes.rest.drawings import Drawings
from nbnodes.rest.endings import Endings
from nbnodes.rest.endpoint import Endpoint
from nbnodes.rest.limits import Limits
from nbnodes.rest.metrics import Metrics
from nbnodes.rest.running import Running, own_fault
from nbnodes.result import Success
from nbnodes.session import Session

T = TypeVar("T")

_LOOK_S = 0.05
_LAST_WORDS_S = 2.0  # for what is stopped at the end to be answered
_FEW = 64  # characters, bits
_THREADS = 4  # that read the cache and write answers; runs have workers of their own


class Desk:
    """What handlers share. Used on the event loop, but where a method says otherwise.

    Args:
        session: Where all runs.
        catalogue: What is served.
        jobs: Runs that outlive their callers.
        limits: What is allowed.
        base_path: The path under which all routes stand; it ends with a slash.
        restified_path: Where notebook_restified's routes stand; default: under the base path.
        is_open: Whether more can be called than is listed.
        cookie_name: The cookie by which browsers come in, as documents tell it.
        debug: Whether tracebacks are told.
        is_guarded: Whether who comes in must show that they may.

    Attributes:
        answers: Answers that were written before.
        frames: Documents that pages show in frames.
        drawings: What cards show.
        metrics: What is counted.
        admission: How many runs there may be.
        visits: The pages that are open.
        endings: What ends on other threads while the loop goes on.
        streams: What open event streams wait for; None ends one.
    """

    _awaited = 0  # answers that somebody waits for

    def __init__(  # noqa: PLR0913  # what a server is made of
        self,
        session: Session,
        catalogue: Catalogue,
        jobs: Jobs,
        *,
        limits: Limits | None = None,
        base_path: str = "/",
        restified_path: str | None = None,
        is_open: bool = False,
        cookie_name: str = "nbnodes",
        debug: bool = False,
        is_guarded: bool = False,
    ) -> None:
        self.session = session
        self.catalogue = catalogue
        self.jobs = jobs
        self.limits = limits or Limits()
        self.debug = debug
        self.is_guarded = is_guarded
        self.answers = Answers(self.limits.answers_size_bytes)
        self.frames = Frames()
        self.base_path = base_path
        self.restified_path = restified_path or f"{base_path}restified"
        self.is_open, self.cookie_name = is_open, cookie_name
        style_url = asset_url(base_path, "drawing.css")
        self.drawings = Drawings(self._framed, style_url, debug=debug)
        self.admission = Admission(self.limits, session.settings.workers)
        self.visits: set[Any] = set()
        self.endings = Endings()
        self.streams: set[asyncio.Queue[Any]] = set()
        self.metrics = Metrics(
            queue=lambda: max(0, self.admission.count - session.settings.workers),
            running=lambda: min(self.admission.count, session.settings.workers),
            workers=lambda: session.settings.workers,
            visits=lambda: len(self.visits),
            jobs=lambda: sum(self.jobs.counts().values()),
        )
        self._threads: ThreadPoolExecutor | None = None
        self._runs: set[Running] = set()

    async def in_thread(self, work: Callable[..., T], *arguments: Any) -> T:
        """Do something that takes its time on another thread."""
        if self._threads is None:
            self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="nbnodes-desk")
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._threads, partial(work, *arguments))

    async def recall(
        self, endpoint: Endpoint, values: Mapping[str, Any], *, is_quick: bool = False
    ) -> Success | None:
        """Return the stored Result, if there is one.

        Args:
            endpoint: What is asked.
            values: Its values, checked.
            is_quick: Whether to look at what it depends on takes next to nothing: then it is told
                here whether there is one.
        """
        with own_fault():
            if is_quick and all(map(is_small, values.values())) and endpoint.lacks(values):
                return None
            found = await self.in_thread(endpoint.recall, values)
        if found is not None:
            self.metrics.cache(endpoint.name, "hit")
        return found

    def recalled(self, graph: Graph, node: str, values: Mapping[str, Any]) -> Success | None:
        """Return a node's stored Result, if there is one; called on any thread."""
        try:
            return graph.recall(node, values)
        except UsageError:  # a parameter has no value yet
            return None

    def begin(self, endpoint: Endpoint, values: Mapping[str, Any], client: str) -> Running:
        """Begin a run.

        Raises:
            ProblemError: If there are too many, or it cannot run here.
            ParameterError: If a value is wrong.
        """
        self.admission.enter(client, self.metrics.median_s(endpoint.name) or 0.0)

        def ended(running: Running) -> None:
            self._runs.discard(running)
            self.admission.leave(client)
            self._count(running)

        try:
            with own_fault():
                running = Running(endpoint, values, ended)
        except BaseException:
            self.admission.leave(client)
            raise
        self._runs.add(running)
        return running

    async def formats_of(self, result: Success) -> tuple[str, ...]:
        """Return the formats that a Result can be written in."""
        look = partial(formats_of, limit=self.limits.elements)
        return await self.in_thread(look, result)

    async def written(
        self, endpoint: Endpoint, result: Success, form: str, question: Hashable | None
    ) -> Answer:
        """Write a Result, and keep the answer for who asks the same.

        Args:
            endpoint: What was asked.
            result: The Result.
            form: The format.
            question: What was asked, as long as all is as it was; None to keep nothing.

        Raises:
            FormatError: If the value has no such form.
        """
        write = partial(answer_of, elements=self.limits.elements)
        if is_small(result.value):
            now, later = write(result, endpoint.name, form)
        else:
            now, later = await self.in_thread(write, result, endpoint.name, form)
        if question is not None and later.etag:
            self.answers.put(question, later)
        return now

    @contextmanager
    def waiting(self) -> Iterator[None]:
        """Mark that somebody waits for an answer that is on its way."""
        self._awaited += 1
        try:
            yield
        finally:
            self._awaited -= 1

    async def end(self, drain_s: float = 0.0) -> None:
        """End what it holds, and wait for that; all who wait are answered, the last by refusals.

        Args:
            drain_s: How long runs that have begun, and that somebody waits for, may still take.
        """
        self.admission.close()
        for running in tuple(self._runs):
            if running.is_awaited and not running.future.running():
                running.give_up()
        await _within(drain_s, lambda: not self._awaited)
        loop = asyncio.get_running_loop()
        await loop.run_in_executor(None, self.jobs.close)  # its followers hear that jobs are lost
        for running in tuple(self._runs):
            running.give_up()
        for stream in tuple(self.streams):
            stream.put_nowait(None)
        await _within(_LAST_WORDS_S, lambda: not self._awaited and not self.streams)
        await loop.run_in_executor(None, self._close)

    def _close(self) -> None:
        for visit in tuple(self.visits):
            visit.close()
        if self._threads is not None:
            self._threads.shutdown(wait=False, cancel_futures=True)
        self.endings.close()

    def _framed(self, html: str) -> str:
        """Keep a document for a frame; return where pages find it."""
        return f"{self.base_path}frames/{self.frames.put(html)}"

    def _count(self, running: Running) -> None:
        name, future = running.endpoint.name, running.future
        if not future.cancelled() and future.exception() is None:
            self.metrics.result(name, future.result())
            return
        is_stopped = future.cancelled() or isinstance(future.exception(), RunCancelledError)
        self.metrics.run(name, "cancelled" if is_stopped else "error", None)


async def _within(longest_s: float, is_so: Callable[[], bool]) -> None:
    """Wait until something is so, but not too long."""
    ends_at = time.monotonic() + longest_s
    while not is_so() and time.monotonic() < ends_at:  # noqa: ASYNC110  # at a server's end
        await asyncio.sleep(_LOOK_S)


def is_small(value: Any) -> bool:
    """Whether a value is written sooner than a thread would begin to."""
    if isinstance(value, str):
        return len(value) <= _FEW
    if isinstance(value, int):
        return value.bit_length() <= _FEW
    return value is None or isinstance(value, float)
