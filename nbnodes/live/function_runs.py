"""A function among the nodes is called: through the cache, on a thread or by an engine."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from nbnodes.cache.equality import Comparers
from nbnodes.cache.key import KeyParts
from nbnodes.cache.store import CacheStore
from nbnodes.engines.call import Call, value_of
from nbnodes.engines.copies import own
from nbnodes.engines.engine import CancelToken, Progress
from nbnodes.engines.said import Said
from nbnodes.errors import EngineError, RunCancelledError
from nbnodes.graph.function import Function
from nbnodes.live.calls import call_request, shown_outputs
from nbnodes.result import CellRun, Result, Success
from nbnodes.scheduler.asks import Ask, family_digest
from nbnodes.scheduler.keyed_run import CacheUse, KeyedRun
from nbnodes.scheduler.options import RunOptions
from nbnodes.scheduler.party import Ties
from nbnodes.session import Session


@dataclass(frozen=True, slots=True, kw_only=True)
class Keyed:
    """How a call is kept.

    Attributes:
        parts: The parts of its key.
        store: Where.
        family: What calls of this function have in common.
        is_as_before: Whether all that the key depends on is still as it was.
    """

    parts: KeyParts
    store: CacheStore
    family: str
    is_as_before: Callable[[], bool]


class FunctionRuns:
    """Calls functions. Safe from several threads.

    Args:
        session: Where engines and stored Results are.
        comparers: Name values.
        is_echoed: Whether what functions print appears where it would have, besides in Results.
    """

    def __init__(self, session: Session, comparers: Comparers, *, is_echoed: bool) -> None:
        self._session = session
        self._comparers = comparers
        self._is_echoed = is_echoed

    def result(
        self,
        name: str,
        function: Function,
        values: Mapping[str, Any],
        options: RunOptions,
        keyed: Keyed | None,
    ) -> Result:
        """Return a call's Result: stored, or made now and stored.

        Args:
            name: What messages call the function.
            function: It.
            values: What it is given.
            options: How it is called; a thread calls it where they name no engine.
            keyed: How it is kept; None for one that may give another value each time.

        Raises:
            EngineError: If the machine failed, or nobody wants the call any more.
        """
        if keyed is None:
            return self._call(name, function, values, options)
        interruption = partial(_interruption, name)

        def run(given: Mapping[str, Any]) -> Result:
            one = KeyedRun(
                parts=self._parts(keyed.parts, values, given),
                name=name,
                family=keyed.family,
                ties=Ties(cancel=options.cancel, on_progress=options.on_progress),
                make=partial(self._call_for, name, function, given, options),
                interruption=interruption,
                is_as_before=keyed.is_as_before,
                limits_s=(options.timeout_s,),
            )
            return self._session.runner.run_keyed(keyed.store, one, CacheUse.ON)

        subset = options.subset
        if subset is None or not {subset.start, subset.end} <= values.keys():
            return run(values)
        ask = Ask(
            name=name,
            interval=subset,
            family=family_digest(keyed.parts, subset),
            values=values,
            start=values[subset.start],
            end=values[subset.end],
            key=keyed.parts.key,
        )
        waiting = partial(interruption, options.cancel)
        return self._session.runner.answer(keyed.store, ask, run, waiting)

    def _call_for(
        self,
        name: str,
        function: Function,
        values: Mapping[str, Any],
        options: RunOptions,
        ties: Ties,
    ) -> Result:
        """Call a function for all who want the call."""
        tied = replace(options, cancel=ties.cancel, on_progress=ties.on_progress)
        return self._call(name, function, values, tied)

    def _call(
        self, name: str, function: Function, values: Mapping[str, Any], options: RunOptions
    ) -> Result:
        """Call a function: here on a thread, or by an engine, as a notebook that calls it."""
        bound = partial(function, {parameter: own(value) for parameter, value in values.items()})

        def on_said(said: Said | None) -> None:
            options.on_progress(Progress(done=0, total=0, said=said))

        if options.engine is None:
            call = Call(
                name=name,
                function=bound,
                cancel=options.cancel,
                on_said=on_said,
                is_echoed=self._is_echoed,
                output_size_bytes=self._session.settings.output_size_bytes,
                show=shown_outputs,
            )
            result = call.run()
            # a function may keep what it gives, and change it later
            return (
                replace(result, value=own(result.value)) if isinstance(result, Success) else result
            )
        # it has no cells that anybody wrote
        uncached = replace(options, cache=False, on_progress=lambda told: on_said(told.said))
        request = call_request(
            name, partial(value_of, bound), function.call, self._session, uncached
        )
        result = self._session.run_request(request, uncached)
        if not isinstance(result, Success):
            return result
        value, outputs = shown_outputs(result.value)
        printed = tuple(one for one in result.outputs if one["output_type"] != "execute_result")
        cells = (CellRun(ordinal=0, outputs=printed + outputs),)
        return replace(result, name=name, value=value, cells=cells)

    def _parts(
        self, parts: KeyParts, values: Mapping[str, Any], given: Mapping[str, Any]
    ) -> KeyParts:
        """Return the parts of a call's key where other values are given than those it is for."""
        if given is values:
            return parts
        digest = self._comparers.digest
        other = {
            name: parts.parameters[name] if value is values.get(name) else (digest(value), "")
            for name, value in given.items()
        }
        return replace(parts, parameters=other)


def _interruption(name: str, cancel: CancelToken) -> EngineError | None:
    return RunCancelledError(f"{name}: the run was cancelled") if cancel.cancelled else None
