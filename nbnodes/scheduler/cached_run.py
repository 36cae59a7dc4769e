"""One run through the cache: a RunRequest goes in; the Result comes from the store or an engine."""

from __future__ import annotations

import enum
import hashlib
import json
import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any

from nbnodes.cache.codec import Codec
from nbnodes.cache.key import KeyParts, key_parts
from nbnodes.cache.store import CacheStore, Entry
from nbnodes.engines.engine import Engine, Progress, RunRequest
from nbnodes.engines.kernels.kernelspec import kernel_identity
from nbnodes.engines.registry import has_own_document, runs_here
from nbnodes.errors import CacheError, CacheWarning, FingerprintError, Interruption, warn
from nbnodes.notebook.document import Notebook
from nbnodes.notebook.executed import executed_document
from nbnodes.notebook.surroundings import Surroundings, Surveyor
from nbnodes.result import CacheKey, Result, Success

if TYPE_CHECKING:  # most runs have nothing to do with ranges
    from nbnodes.cache.intervals import Interval
    from nbnodes.scheduler.asks import Ask
    from nbnodes.scheduler.subsetting import Subsetting


class CacheUse(enum.Enum):
    """How one run uses the cache: read and write it, write it anew, or leave it alone."""

    ON = "on"
    REFRESH = "refresh"
    OFF = "off"


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyedRun:
    """A run that has a key.

    Attributes:
        parts: The key's parts.
        name: The name of its notebook or function.
        family: What its runs have in common.
        make: Makes it.
        interruption: Says why to stop waiting for another who makes it, as the error to raise.
        is_as_before: Whether all that the key depends on is still as it was.
        document: Makes its executed notebook; None for a function.
    """

    parts: KeyParts
    name: str
    family: str
    make: Callable[[], Result]
    interruption: Interruption
    is_as_before: Callable[[], bool] = lambda: True
    document: Callable[[Any], dict[str, Any]] | None = None


class CachedRunner:
    """Runs requests, each distinct one once. Safe from several threads."""

    def __init__(self, store: CacheStore | None, codec: Codec) -> None:
        self._store = store
        self._codec = codec
        self._surveyor = Surveyor()
        self._subsettings: dict[int, Subsetting] = {}
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
        return key_parts(
            notebook,
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
        is_open = self._store is not None and request.notebook.options.get("cache", True)
        if self._store is None or use is CacheUse.OFF or not is_open or request.globals is not None:
            return _made(open_engine, request)
        try:
            parts = parts or self.parts(request, engine_name)
        except FingerprintError as error:
            text = f"{request.notebook.name} runs without the cache: {error}"
            warn(text, CacheWarning)
            return _made(open_engine, request)
        run = partial(self._run_request, self._store, open_engine, request, use, engine_name, parts)
        is_ranged = subset is not None or "subset" in request.notebook.options
        if not is_ranged or use is not CacheUse.ON:
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

        Raises:
            EngineError: If the machine failed.
        """
        key = run.parts.key
        hit = self._stored(store, run, key) if use is CacheUse.ON else None
        if hit:
            return hit
        with store.flight(key, run.interruption):
            hit = self._stored(store, run, key) if use is CacheUse.ON else None
            if hit:
                return hit
            result = replace(run.make(), key=key)
            if not run.is_as_before():
                return replace(result, key=None)
            if isinstance(result, Success):
                self._keep(store, run, result)
            return result

    def stored(self, store: CacheStore, key: CacheKey) -> Success | None:
        """Return what is stored under a key, without its notebook."""
        try:
            payload = store.get(key)
        except CacheError as error:
            self._warn_once(error)
            return None
        return self._codec.decode(key, payload) if payload is not None else None

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
        keyed = KeyedRun(
            parts=parts,
            name=request.notebook.name,
            family=request.notebook.path or request.notebook.name,
            make=partial(_made, open_engine, request),
            interruption=request.interruption,
            is_as_before=partial(self._is_as_before, request, engine_name, parts),
            document=partial(executed_document, request.notebook, request.values),
        )
        return self.run_keyed(store, keyed, use)

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


def _made(open_engine: Callable[[], Engine], request: RunRequest) -> Result:
    engine = open_engine()
    request.on_progress(Progress(done=0, total=len(request.steps)))
    return engine.run(request)


def _kernel(engine_name: str, notebook: Notebook) -> str:
    return "" if runs_here(engine_name) else kernel_identity(notebook.kernel_name)


def _own_document(engine_name: str, request: RunRequest) -> str:
    """Name the executed notebook that an engine makes itself, by all that it shows; "" for none."""
    if not has_own_document(engine_name):
        return ""
    shown = [request.notebook.document, sorted(request.values)]
    digest = hashlib.sha256(json.dumps(shown, default=str).encode()).hexdigest()
    return f"{engine_name} {digest[:16]}"
