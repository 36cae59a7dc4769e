"""One run through the cache: a RunRequest goes in; the Result comes from the store or an engine."""

from __future__ import annotations

import hashlib
import json
import os
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from nbnodes.cache.codec import Codec, as_new, can_be_new
from nbnodes.cache.key import KeyParts, NotebookCode, key_parts
from nbnodes.cache.store import CacheStore, Entry
from nbnodes.engines.engine import Engine, Progress, RunRequest
from nbnodes.engines.kernels.kernelspec import kernel_identity
from nbnodes.engines.registry import has_own_document, runs_here
from nbnodes.errors import CacheError, CacheWarning, FingerprintError, Interruption, warn
from nbnodes.notebook.document import Notebook
from nbnodes.notebook.executed import executed_document
from nbnodes.notebook.surroundings import Surroundings, Surveyor
from nbnodes.result import CacheKey, Result, Success
from nbnodes.scheduler.keyed_run import CacheUse, KeyedRun
from nbnodes.scheduler.party import Parties, Ties

if TYPE_CHECKING:  # most runs have nothing to do with ranges, nor with workers
    from nbnodes.cache.intervals import Interval
    from nbnodes.scheduler.asks import Ask
    from nbnodes.scheduler.submitted import Start
    from nbnodes.scheduler.subsetting import Subsetting
    from nbnodes.scheduler.workers import RunFuture

_READ, _SMALL_BYTES = 256, 16_384


class CachedRunner:
    """Runs requests, each distinct one once. Safe from several threads."""

    def __init__(self, store: CacheStore | None, codec: Codec) -> None:
        self._store = store
        self._codec = codec
        self._surveyor = Surveyor()
        self._subsettings: dict[int, Subsetting] = {}
        self._parties = Parties()
        self._read: dict[CacheKey, tuple[bytes, Success]] = {}  # what was read lately
        self._lock = threading.Lock()  # held to change that
        self._codes: WeakKeyDictionary[Notebook, NotebookCode] = WeakKeyDictionary()
        self._has_warned = False

    def survey(self, notebook: Notebook, folder: str) -> Surroundings:
        """Look at what a notebook depends on besides its cells."""
        return self._surveyor.survey(notebook, folder)

    def modules(self, paths: Iterable[str]) -> dict[str, str]:
        """Name the code of local modules and of those that they import."""
        return self._surveyor.modules(paths, os.getcwd()) if paths else {}

    def parts(
        self,
        request: RunRequest,
        engine_name: str,
        digests: Mapping[str, str] | None = None,
    ) -> KeyParts:
        """Return what the request's Result depends on when that engine makes it.

        Args:
            request: The run.
            engine_name: The engine's name.
            digests: Digests of its values that are known.

        Raises:
            FingerprintError: If a value has no cache key.
        """
        notebook = request.notebook
        code = self._codes.get(notebook)
        if code is None:
            code = self._codes[notebook] = NotebookCode(notebook)
        return key_parts(
            code,
            request.values,
            self.survey(notebook, request.folder),
            folder=request.folder,
            kernel=_kernel(engine_name, notebook),
            document=_own_document(engine_name, request),
            output_size_bytes=request.output_size_bytes,
            digests=digests,
        )

    def run(
        self,
        open_engine: Callable[[], Engine],
        request: RunRequest,
        use: CacheUse,
        engine_name: str,
        parts: KeyParts | None = None,
        subset: Interval | None = None,
    ) -> Result:
        """Return the request's Result: stored, or made now and stored.

        Args:
            open_engine: Gives the engine; called only if something must run.
            request: The run.
            use: How it uses the cache.
            engine_name: The engine's name.
            parts: The parts of its key, where they are known.
            subset: How a wider range answers a narrower one; None: as the notebook declares.

        Raises:
            EngineError: If the machine failed.
            UsageError: If what the notebook declares is wrong.
        """
        if self._store is None or not self._is_kept(request, use):
            return _made(open_engine, request)
        try:
            parts = parts or self.parts(request, engine_name)
        except FingerprintError as error:
            text = f"{request.notebook.name} runs without the cache: {error}"
            warn(text, CacheWarning)
            return _made(open_engine, request)
        run = partial(self._run_request, self._store, open_engine, request, use, engine_name, parts)
        if not _is_ranged(request, subset) or use is not CacheUse.ON:
            return run(request.values)
        from nbnodes.scheduler.asks import ask_of

        ask = ask_of(request.notebook, request.values, parts, subset)
        if ask is None:
            return run(request.values)
        return self.answer(self._store, ask, run, request.interruption)

    def answer(
        self,
        store: CacheStore,
        ask: Ask,
        run: Callable[[Mapping[str, Any]], Result],
        interruption: Interruption,
    ) -> Result:
        """Return what is asked of a range: cut out of stored runs, or made by `run`.

        Raises:
            EngineError: If the machine failed.
            UsageError: If the range is none.
        """
        if id(store) not in self._subsettings:
            from nbnodes.scheduler.subsetting import Subsetting

            self._subsettings[id(store)] = Subsetting(store, self._codec)
        return self._subsettings[id(store)].answer(ask, run, interruption=interruption).result

    def run_keyed(self, store: CacheStore, run: KeyedRun, use: CacheUse) -> Result:
        """Return a run's Result: stored, or made now, by one caller at a time, and stored.

        Callers in this process who overlap wait for one run, each with what came of it as its own
        (`cached`, for all but the one whose thread makes it); see `nbnodes.scheduler.party`. One
        that makes it anew makes it alone.

        Raises:
            EngineError: If the machine failed, or the caller wants it no more.
        """
        if use is not CacheUse.ON:
            return self._kept(store, run, use, run.ties)
        hit = self._stored(store, run, run.parts.key)
        if hit is not None:
            return hit
        interruption = partial(run.interruption, run.ties.cancel)
        make = partial(self._kept, store, run, use)
        return run.as_own(
            self._parties.attend(
                run.question, run.name, run.ties, make, interruption, run.ends_at()
            )
        )

    def submit(
        self,
        open_engine: Callable[[], Engine],
        request: RunRequest,
        use: CacheUse,
        engine_name: str,
        start: Start,
    ) -> RunFuture | None:
        """Have a request's run made on a worker, or wait for one under way without a worker.

        Args:
            open_engine: As of `run`, as are those that follow.
            request: The run; its time begins when it does.
            use: How it uses the cache.
            engine_name: The engine's name.
            start: Has work done on a worker.

        Returns:
            What will give the Result; None if the run is one that nobody else can wait for.
        """
        store = self._store
        is_shared = use is CacheUse.ON and not _is_ranged(request)
        if store is None or not is_shared or not self._is_kept(request, use):
            return None
        try:
            parts = self.parts(request, engine_name)
        except FingerprintError:  # the run itself warns of it
            return None
        from nbnodes.scheduler.submitted import submitted

        def make(ties: Ties) -> Result:
            begun = replace(request, started_at=time.monotonic())
            run = self._keyed(open_engine, begun, engine_name, parts)
            return self._stored(store, run, run.parts.key) or self._kept(store, run, use, ties)

        keyed = self._keyed(open_engine, request, engine_name, parts)
        return submitted(self._parties, keyed, make, start)

    def recall(self, request: RunRequest, engine_name: str) -> Success | None:
        """Return the request's Result if it is stored; run nothing, and wait for nothing."""
        if self._store is None or (key := self._key(request, engine_name)) is None:
            return None
        found = self.stored(self._store, key)
        if found is None:
            return None
        notebook = request.notebook
        document = partial(executed_document, notebook, request.values)
        return replace(found, name=notebook.name, document=document)

    def lacks(self, request: RunRequest, engine_name: str) -> bool:
        """Whether `recall` has nothing to return; False, too, where that cannot be told at once."""
        if self._store is None or (key := self._key(request, engine_name)) is None:
            return True
        try:
            return self._store.lacks(key)
        except CacheError:  # `recall` tells of it
            return False

    def stop(self) -> None:
        """Interrupt all runs that several may wait for."""
        self._parties.stop()

    def stored(self, store: CacheStore, key: CacheKey) -> Success | None:
        """Return what is stored under a key, without its notebook."""
        try:
            payload = store.get(key)
        except CacheError as error:
            self._warn_once(error)
            return None
        known, result = self._read.get(key, (None, None))
        if payload is None or known is payload:
            return as_new(result) if payload and result else None
        result = self._codec.decode(key, payload)
        if len(payload) > _SMALL_BYTES or result is None or not can_be_new(result):
            return result
        with self._lock:
            while len(self._read) >= _READ:
                del self._read[next(iter(self._read))]
            self._read[key] = payload, result
        return as_new(result)

    def _run_request(  # noqa: PLR0913, PLR0917  # what a run is made of, and the values to make it with
        self,
        store: CacheStore,
        open_engine: Callable[[], Engine],
        request: RunRequest,
        use: CacheUse,
        engine_name: str,
        parts: KeyParts,
        values: Mapping[str, Any],
    ) -> Result:
        """Make a request's run, perhaps with other values than its own."""
        if values is not request.values:
            same = {
                n: d
                for n, (d, _) in parts.parameters.items()
                if values.get(n) is request.values.get(n)
            }
            request = replace(request, values=values)
            parts = self.parts(request, engine_name, same)
        keyed = self._keyed(open_engine, request, engine_name, parts)
        return self.run_keyed(store, keyed, use)

    def _keyed(
        self,
        open_engine: Callable[[], Engine],
        request: RunRequest,
        engine_name: str,
        parts: KeyParts,
    ) -> KeyedRun:
        return KeyedRun(
            parts=parts,
            name=request.notebook.name,
            family=request.notebook.path or request.notebook.name,
            ties=Ties(
                cancel=request.cancel,
                on_progress=request.on_progress,
                on_output=request.on_output,
                is_lent=request.is_lent,
            ),
            make=partial(_made, open_engine, request),
            interruption=lambda cancel: replace(request, cancel=cancel).interruption(),
            is_as_before=partial(self._is_as_before, request, engine_name, parts),
            document=partial(executed_document, request.notebook, request.values),
            limits_s=(request.timeout_s, request.cell_timeout_s),
            started_at=request.started_at,
        )

    def _kept(self, store: CacheStore, run: KeyedRun, use: CacheUse, ties: Ties) -> Result:
        """Make a run and keep it, as soon as no other process makes it."""
        key = run.parts.key
        with store.flight(key, partial(run.interruption, ties.cancel)):
            hit = self._stored(store, run, key) if use is CacheUse.ON else None
            if hit is not None:
                return hit
            result = replace(run.make(ties), key=key)
            if not run.is_as_before():
                return replace(result, key=None)
            if isinstance(result, Success):
                self._keep(store, run, result)
            return result

    def _key(self, request: RunRequest, engine_name: str) -> CacheKey | None:
        """Return under which key a run's Result is kept; None if it is not."""
        if not self._is_kept(request, CacheUse.ON):
            return None
        try:
            return self.parts(request, engine_name).key
        except FingerprintError:
            return None

    def _is_kept(self, request: RunRequest, use: CacheUse) -> bool:
        """Whether a run has to do with the cache at all."""
        is_open = bool(request.notebook.options.get("cache", True))
        return is_open and use is not CacheUse.OFF and request.globals is None

    def _is_as_before(self, request: RunRequest, engine_name: str, parts: KeyParts) -> bool:
        """Whether all that lies outside the notebook stayed as it was, so that the key is right.

        The values are not looked at again: an in-process notebook may have changed its own.
        """
        now = self.survey(request.notebook, request.folder)
        before = Surroundings(
            modules=dict(parts.modules), files=dict(parts.files), packages=dict(parts.packages)
        )
        return now == before and _kernel(engine_name, request.notebook) == parts.kernel

    def _stored(self, store: CacheStore, run: KeyedRun, key: CacheKey) -> Success | None:
        result = self.stored(store, key)
        return None if result is None else replace(result, name=run.name, document=run.document)

    def _keep(self, store: CacheStore, run: KeyedRun, result: Success) -> None:
        key = run.parts.key
        try:
            entry = Entry(
                key=key,
                payload=self._codec.encode(key, result),
                notebook=run.name,
                family=run.family,
                cost_s=result.duration_s,
                parts=run.parts.to_json(),
            )
            store.put(entry)
        except CacheError as error:
            self._warn_once(error)

    def _warn_once(self, error: CacheError) -> None:
        if not self._has_warned:
            self._has_warned = True
            text = f"{error}; the value is right, but it was not kept"
            warn(text, CacheWarning)


def _made(
    open_engine: Callable[[], Engine], request: RunRequest, ties: Ties | None = None
) -> Result:
    """Make a request's run, tied to others than the caller."""
    if ties is not None:
        request = replace(
            request, cancel=ties.cancel, on_progress=ties.on_progress, on_output=ties.on_output
        )
    engine = open_engine()
    request.on_progress(Progress(done=0, total=len(request.steps)))
    return engine.run(request)


def _is_ranged(request: RunRequest, subset: Interval | None = None) -> bool:
    return subset is not None or "subset" in request.notebook.options


def _kernel(engine_name: str, notebook: Notebook) -> str:
    return "" if runs_here(engine_name) else kernel_identity(notebook.kernel_name)


def _own_document(engine_name: str, request: RunRequest) -> str:
    """Name the executed notebook that an engine makes itself, by all that it shows; "" for none."""
    if not has_own_document(engine_name):
        return ""
    shown = [request.notebook.document, sorted(request.values)]
    digest = hashlib.sha256(json.dumps(shown, default=str).encode()).hexdigest()
    return f"{engine_name} {digest[:16]}"
