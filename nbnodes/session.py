"""The Session: engines, workers, a cache, and the Models bound to them. Values in, Results out.

Session and Model stand in one file because each makes the other: `session.model(path)` gives a
Model, and a Model that is given no Session finds the current one (docs/adr/002).
"""

from __future__ import annotations

import os
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextvars import ContextVar, Token
from dataclasses import replace
from functools import cache, cached_property, partial
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self
from weakref import WeakSet

from nbnodes.cache.codec import Codec
from nbnodes.cache.key import KeyParts
from nbnodes.cache.location import open_chosen, open_memory
from nbnodes.cache.signing import Signer
from nbnodes.cache.store import CacheStore
from nbnodes.engines.engine import CancelToken, Engine, RunRequest
from nbnodes.engines.registry import built_in_names, open_engine
from nbnodes.errors import ParameterError, UsageError
from nbnodes.notebook.document import Notebook
from nbnodes.notebook.parameters import Parameter
from nbnodes.notebook.reader import Source, read
from nbnodes.notebook.signature import Signature
from nbnodes.notebook.surroundings import Surroundings
from nbnodes.result import Result, Success
from nbnodes.scheduler.cached_run import CachedRunner
from nbnodes.scheduler.options import RunOptions, Values, limit_s, refused
from nbnodes.settings import Settings

if TYPE_CHECKING:  # brings logging and queues, which an answer from the cache does not need
    from nbnodes.scheduler.remembered import Remembered
    from nbnodes.scheduler.workers import RunFuture, Workers


class Session:
    """Decides what must run and keeps what was computed. Safe from several threads.

    As a context manager it is the current Session for what is made inside, and closes at the end.

    Args:
        engine: Name of the default engine.
        workers: How many submitted runs may go on at once.
        cache: A folder, ":memory:", a CacheStore, or False for none; None: as the settings say.
        settings: What the other arguments override; default: those of the working directory.
        lasting: Whether several runs may follow; see `nbnodes.engines.registry.open_engine`.

    Raises:
        SettingsError: If the settings are wrong.
        EngineNotFoundError: If there is no such engine.
    """

    def __init__(
        self,
        *,
        engine: str | None = None,
        workers: int | None = None,
        cache: str | os.PathLike[str] | CacheStore | bool | None = None,
        settings: Settings | None = None,
        lasting: bool = True,
    ) -> None:
        self._lasting = lasting
        settings = settings or Settings.load()
        self.settings = replace(
            settings, engine=engine or settings.engine, workers=workers or settings.workers
        )
        if self.settings.engine not in built_in_names():
            open_engine(self.settings.engine).close()  # refuses an unknown name now
        self.store = open_chosen(cache, self.settings)
        self.runner = CachedRunner(self.store, Codec(Signer()))
        self._lock = threading.Lock()
        self._engines: dict[str, Engine] = {}
        self._running: set[CancelToken] = set()
        self._workers: Workers | None = None
        self._tokens: list[Token[Session | None]] = []
        self._followers: WeakSet[Any] = WeakSet()

    @cached_property
    def remembered(self) -> Remembered:
        """What graphs know that run in this Session."""
        from nbnodes.scheduler.remembered import Remembered

        limit_bytes = self.settings.cache_size_bytes
        return Remembered(self.runner, self.store, open_memory(limit_bytes=limit_bytes))

    def model(self, source: Source) -> Model:
        """Read a notebook and bind it to this Session."""
        return Model(source, session=self)

    def run(self, model: Model, values: Values, options: RunOptions) -> Result:
        """Run a Model and wait.

        Raises:
            ParameterError: For wrong, unknown or missing parameters; nothing has run then.
            EngineError: If the machine failed.
        """
        return self.run_request(self._request(model, values, options), options)

    def submit(self, model: Model, values: Values, options: RunOptions) -> RunFuture:
        """Run a Model on a worker.

        Raises:
            ParameterError: At once, as `run`.
        """
        return self.submit_request(self._request(model, values, options), options)

    def submit_request(self, request: RunRequest, options: RunOptions) -> RunFuture:
        """Make a run on a worker; only wait, and take no worker, where an equal one is under way.

        Its `cancel` stops the run unless others wait for it, too; see `nbnodes.scheduler.party`.
        """
        engine, name = self._engine(options)
        use, opened = options.cache_use, partial(self._opened, engine)
        if options.subset is None:
            shared = self.runner.submit(opened, request, use, name, self.submit_work)
            if shared is not None:
                return shared

        def run() -> Result:  # time spent waiting for a worker is not the run's
            return self.run_request(replace(request, started_at=time.monotonic()), options)

        return self.submit_work(run, options.cancel)

    def recall(
        self, model: Model, values: Values, options: RunOptions | None = None
    ) -> Success | None:
        """Return what is stored of just this run; None for nothing. Nothing runs, nothing waits.

        Raises:
            ParameterError: As `run`.
        """
        options = options or _PLAIN
        request = self._request(model, values, options)
        return self.runner.recall(request, self._engine(options)[1])

    def submit_work(self, work: Callable[[], Result], cancel: CancelToken) -> RunFuture:
        """Do something that gives a Result on a worker; `cancel` has to stop it."""
        from nbnodes.scheduler.workers import Workers

        with self._lock:
            self._workers = workers = self._workers or Workers(self.settings.workers)
        return workers.submit(work, cancel)

    def key_parts(
        self, model: Model, values: Values, options: RunOptions | None = None
    ) -> KeyParts:
        """Return what a run's Result would depend on, without running it.

        Raises:
            ParameterError: As `run`.
            FingerprintError: If a value has no cache key.
        """
        options = options or _PLAIN
        request = self._request(model, values, options)
        return self.runner.parts(request, self._engine(options)[1])

    def request(self, notebook: Notebook, values: Values, options: RunOptions) -> RunRequest:
        """Return a run with values that have been checked; see `Signature.check`.

        Raises:
            UsageError: If a limit of time is wrong.
        """
        return RunRequest(
            notebook=notebook,
            values=values,
            folder=os.path.abspath(options.cwd or notebook.folder),
            globals=options.globals,
            timeout_s=limit_s("timeout_s", options, self.settings),
            cell_timeout_s=limit_s("cell_timeout_s", options, self.settings),
            output_size_bytes=self.settings.output_size_bytes,
            cancel=options.cancel,
            on_progress=options.on_progress,
            on_output=options.on_output,
        )

    def run_request(
        self, request: RunRequest, options: RunOptions, parts: KeyParts | None = None
    ) -> Result:
        """Make a run, or take it from the cache.

        Args:
            request: The run.
            options: How it is made.
            parts: The parts of its key, where they are known.

        Raises:
            EngineError: If the machine failed.
            UsageError: If its working directory does not exist.
        """
        engine, name = self._engine(options)
        if options.globals is not None and name != "inprocess":
            raise UsageError(f"globals are shared by engine='inprocess' only, not {name!r}")
        with self._lock:
            self._running.add(request.cancel)
        try:
            return self.runner.run(
                partial(self._opened, engine),
                request.placed(),
                options.cache_use,
                name,
                parts,
                options.subset,
            )
        finally:
            with self._lock:
                self._running.discard(request.cancel)

    def follow(self, follower: Any) -> None:
        """Have something closed before this is."""
        self._followers.add(follower)

    def survey(self, model: Model) -> Surroundings:
        """Look at what a Model's Results depend on besides its cells and values."""
        return self.runner.survey(model.notebook, model.notebook.folder)

    def close(self) -> None:
        """Stop what runs and give back everything held; may be called twice."""
        for follower in tuple(self._followers):
            follower.close()
        with self._lock:
            running, engines = list(self._running), list(self._engines.values())
            workers, self._workers = self._workers, None
            self._engines = {}
        for cancel in running:
            cancel.cancel()
        self.runner.stop()
        if workers:
            workers.close()
        for engine in engines:
            engine.close()
        if self.store:
            self.store.close()

    def __enter__(self) -> Self:
        self._tokens.append(_current.set(self))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None
    ) -> None:
        _current.reset(self._tokens.pop())
        self.close()

    def _request(self, model: Model, values: Values, options: RunOptions) -> RunRequest:
        return self.request(model.notebook, model.validate(values), options).placed()

    def _engine(self, options: RunOptions) -> tuple[str | Engine, str]:
        """Return the engine that runs are made by, and its name."""
        engine = options.engine or self.settings.engine
        return engine, engine if isinstance(engine, str) else engine.name

    def _opened(self, engine: str | Engine) -> Engine:
        """Return an engine, made when first needed: an answer from the cache needs none."""
        if not isinstance(engine, str):
            return engine
        with self._lock:
            if engine not in self._engines:
                self._engines[engine] = open_engine(engine, lasting=self._lasting)
            return self._engines[engine]


class Model:
    """A notebook as a function of its parameters. Making one reads the file and runs nothing.

    Args:
        source: A path, a URL, or an nbformat `NotebookNode`.
        session: What it runs in; default: the current Session.

    Raises:
        NotebookError: If the source cannot be read as a notebook.
    """

    def __init__(self, source: Source, *, session: Session | None = None) -> None:
        self.notebook: Notebook = read(source)
        self.signature = Signature.of(self.notebook)
        self.session = session or current_session()

    @property
    def name(self) -> str:
        """The notebook's name."""
        return self.notebook.name

    @property
    def parameters(self) -> Mapping[str, Parameter]:
        """What the notebook declares, by name."""
        return self.signature.parameters

    def __call__(self, **values: Any) -> Any:
        """Run the notebook and return its value.

        Raises:
            RunFailedError: If a cell raised.
        """
        return self.session.run(self, values, RunOptions()).unwrap()

    def run(self, values: Values | None = None, /, *, check: bool = True, **options: Any) -> Result:
        """Run the notebook.

        Args:
            values: Parameters by name; needed for those named like an option.
            check: Whether a failure is raised rather than returned.
            **options: The fields of `RunOptions`; every other name is a parameter.

        Raises:
            RunFailedError: If a cell raised, unless `check` is False.
            ParameterError: For wrong parameters, unless `check` is False.
        """
        values, run_options = RunOptions.taken_from(values, options)
        try:
            result = self.session.run(self, values, run_options)
        except ParameterError as error:
            if check:
                raise
            return refused(self.notebook, error)
        if check:
            result.unwrap()
        return result

    def submit(self, values: Values | None = None, /, **options: Any) -> RunFuture:
        """Run the notebook on one of the Session's workers; arguments as `run`.

        The future gives the Result, a Failure too; its `cancel` interrupts the notebook.
        """
        return self.session.submit(self, *RunOptions.taken_from(values, options))

    async def arun(
        self, values: Values | None = None, /, *, check: bool = True, **options: Any
    ) -> Result:
        """Run the notebook while the event loop goes on; arguments as `run`.

        Cancelling the task interrupts the notebook.
        """
        import asyncio

        try:
            future = self.submit(values, **options)
        except ParameterError as error:
            if check:
                raise
            return refused(self.notebook, error)
        result = await asyncio.wrap_future(future)
        if check:
            result.unwrap()
        return result

    def map(self, values: Iterable[Values], **options: Any) -> Iterator[Result]:
        """Run the notebook for each set of parameters, in parallel; Results come in order.

        A Failure is returned like any Result. Leaving the loop early cancels what still runs.
        """
        waiting: deque[RunFuture] = deque()
        try:
            for one in values:
                waiting.append(self.submit(one, **options))
                if len(waiting) > 2 * self.session.settings.workers:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            for future in waiting:
                future.cancel()

    def validate(self, values: Values) -> dict[str, Any]:
        """Check and coerce parameters.

        Raises:
            ParameterError: With every mistake.
        """
        return self.signature.check(values)

    def __repr__(self) -> str:
        return f"Model({self.notebook.path or self.name!r})"


def current_session() -> Session:
    """Return the innermost `with Session()` around the caller, else the default Session."""
    return _current.get() or _default_session()


_PLAIN = RunOptions()  # of what runs nothing, and so is never cancelled
_current: ContextVar[Session | None] = ContextVar("session", default=None)


@cache
def _default_session() -> Session:
    import atexit

    session = Session()
    atexit.register(session.close)
    return session
