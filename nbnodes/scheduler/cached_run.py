"""One run through the cache: a RunRequest goes in; the Result comes from the store or an engine."""

from __future__ import annotations

import enum
import hashlib
import json
from collections.abc import Callable
from dataclasses import replace
from functools import partial

from nbnodes.cache.codec import Codec
from nbnodes.cache.key import KeyParts, key_parts
from nbnodes.cache.store import CacheStore, Entry
from nbnodes.engines.engine import Engine, Progress, RunRequest
from nbnodes.engines.kernels.kernelspec import kernel_identity
from nbnodes.engines.registry import has_own_document, runs_here
from nbnodes.errors import CacheError, CacheWarning, FingerprintError, warn
from nbnodes.notebook.document import Notebook
from nbnodes.notebook.executed import executed_document
from nbnodes.notebook.surroundings import Surroundings, Surveyor
from nbnodes.result import CacheKey, Result, Success


class CacheUse(enum.Enum):
    """How one run uses the cache: read and write it, write it anew, or leave it alone."""

    ON = "on"
    REFRESH = "refresh"
    OFF = "off"


class CachedRunner:
    """Runs requests, each distinct one once. Safe from several threads."""

    def __init__(self, store: CacheStore | None, codec: Codec) -> None:
        self._store = store
        self._codec = codec
        self._surveyor = Surveyor()
        self._has_warned = False

    def survey(self, notebook: Notebook, folder: str) -> Surroundings:
        """Look at what a notebook depends on besides its cells."""
        return self._surveyor.survey(notebook, folder)

    def parts(self, request: RunRequest, engine_name: str) -> KeyParts:
        """Return what the request's Result depends on when that engine makes it.

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
        )

    def run(
        self,
        open_engine: Callable[[], Engine],
        request: RunRequest,
        use: CacheUse,
        engine_name: str,
    ) -> Result:
        """Return the request's Result: stored, or made now and stored.

        Args:
            open_engine: Gives the engine; called only if something must run.
            request: The run.
            use: How it uses the cache.
            engine_name: The engine's name.

        Raises:
            EngineError: If the machine failed.
        """
        is_open = self._store is not None and request.notebook.options.get("cache", True)
        if self._store is None or use is CacheUse.OFF or not is_open or request.globals is not None:
            return _made(open_engine, request)
        try:
            parts = self.parts(request, engine_name)
        except FingerprintError as error:
            text = f"{request.notebook.name} runs without the cache: {error}"
            warn(text, CacheWarning)
            return _made(open_engine, request)
        return self._run_keyed(self._store, open_engine, request, use, engine_name, parts)

    def _run_keyed(
        self,
        store: CacheStore,
        open_engine: Callable[[], Engine],
        request: RunRequest,
        use: CacheUse,
        engine_name: str,
        parts: KeyParts,
    ) -> Result:
        key = parts.key
        hit = self._stored(store, request, key) if use is CacheUse.ON else None
        if hit:
            return hit
        with store.flight(key, request.interruption):
            hit = self._stored(store, request, key) if use is CacheUse.ON else None
            if hit:
                return hit
            result = replace(_made(open_engine, request), key=key)
            if isinstance(result, Success) and self._is_as_before(request, engine_name, parts):
                self._keep(store, request, parts, result)
            return result

    def _is_as_before(self, request: RunRequest, engine_name: str, parts: KeyParts) -> bool:
        """Whether all that lies outside the notebook stayed as it was, so that the key is right.

        The values are not looked at again: an in-process notebook may have changed its own.
        """
        now = self.survey(request.notebook, request.folder)
        before = Surroundings(
            modules=dict(parts.modules), files=dict(parts.files), packages=dict(parts.packages)
        )
        return now == before and _kernel(engine_name, request.notebook) == parts.kernel

    def _stored(self, store: CacheStore, request: RunRequest, key: CacheKey) -> Success | None:
        try:
            payload = store.get(key)
        except CacheError as error:
            self._warn_once(error)
            return None
        result = self._codec.decode(key, payload) if payload is not None else None
        if result is None:
            return None
        document = partial(executed_document, request.notebook, request.values)
        return replace(result, name=request.notebook.name, document=document)

    def _keep(
        self, store: CacheStore, request: RunRequest, parts: KeyParts, result: Success
    ) -> None:
        try:
            entry = Entry(
                key=parts.key,
                payload=self._codec.encode(parts.key, result),
                notebook=request.notebook.name,
                family=request.notebook.path or request.notebook.name,
                cost_s=result.duration_s,
                parts=parts.to_json(),
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
