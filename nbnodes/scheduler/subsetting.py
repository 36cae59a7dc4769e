"""A range is asked for: its Result is a slice of a stored run, or joined to it, or a run.

Who runs is the caller's affair: it gives a function from parameters to a Result, which may itself
come from the cache. What may be sliced, and what the answer is then, is in `nbnodes.cache.
intervals`; here it is looked up, done, and now and then checked.
"""

from __future__ import annotations

import random
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, TypeAlias

from nbnodes.cache.bounds import shown
from nbnodes.cache.codec import Codec
from nbnodes.cache.equality import Comparers
from nbnodes.cache.fingerprint import fingerprint
from nbnodes.cache.intervals import Asked, Piece, asked, plan
from nbnodes.cache.joining import joined
from nbnodes.cache.moments import NotSliceableError
from nbnodes.cache.slicing import cut_out
from nbnodes.cache.store import Bound, CacheStore, Span
from nbnodes.cache.stored_rows import StoredRows, Where
from nbnodes.errors import CacheError, CacheWarning, Interruption, UsageError, warn
from nbnodes.result import CacheKey, Result, Success
from nbnodes.scheduler.asks import Ask
from nbnodes.scheduler.audit import Auditor

Run: TypeAlias = Callable[[Mapping[str, Any]], Result]
"""Makes a Result, or finds it in the cache, where it keeps it under `Result.key`."""

_ATTEMPTS = 4  # each time a run that was found is gone when it is read


@dataclass(frozen=True, slots=True, kw_only=True)
class Slice:
    """A stored run that an answer was cut out of: its key and, for people, its range."""

    key: CacheKey
    low: str
    high: str

    def __str__(self) -> str:
        return f"a slice of {self.key[:12]} ({self.low} to {self.high})"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A Result, and where its rows come from.

    Attributes:
        result: The Result. That of a slice has a value and no outputs, and no key of its own.
        slices: The stored runs that parts of it were cut out of.
        ran: The bounds of each run that was asked for.
        audited: Whether it was computed as well, and was the same.
    """

    result: Result
    slices: tuple[Slice, ...] = ()
    ran: tuple[tuple[Any, Any], ...] = ()
    audited: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Forecast:
    """What `Subsetting.answer` would do: which stored runs it would slice, which ranges run.

    Attributes:
        slices: As in `Answer`.
        missing: The bounds of what would run.
        switched_off: Why there are no slices any more; None if there are.
    """

    slices: tuple[Slice, ...]
    missing: tuple[tuple[Any, Any], ...]
    switched_off: str | None = None

    @property
    def is_hit(self) -> bool:
        """Whether nothing would run."""
        return bool(self.slices) and not self.missing

    def __str__(self) -> str:
        if self.switched_off:
            return f"its slices are switched off: {self.switched_off}"
        if not self.slices:
            return ""
        text = " and ".join(map(str, self.slices))
        ranges = " and ".join(f"{start} to {end}" for start, end in self.missing)
        return f"{text}; only {ranges} would run" if ranges else text


class Subsetting:
    """Answers from stored runs of wider ranges. Safe from several threads.

    Args:
        store: Where the runs are.
        codec: Reads them.
        comparers: Compare in audits.
        chance: Gives a number from 0 to 1, 1 excluded: below an Interval's `audit`, it audits.
    """

    def __init__(
        self,
        store: CacheStore,
        codec: Codec,
        *,
        comparers: Comparers | None = None,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self._store = store
        self._rows = StoredRows(store, codec)
        self._auditor = Auditor(store, codec, comparers or Comparers())
        self._chance = chance
        self._lock = threading.Lock()
        self._told: set[str] = set()

    def answer(self, ask: Ask, run: Run, *, interruption: Interruption = lambda: None) -> Answer:
        """Return the value for a range: a slice if it can be, else run what is missing, or all.

        Equal asks at once run once; whoever waits gets a slice, or what was stored.

        Raises:
            UsageError: If the bounds are none, cannot be compared, or cannot be moved by the halo;
                or if a halo is declared for a value that has no rows.
            EngineError: What `run` raises, or `interruption` returns while waiting.
        """
        wanted = asked(ask.interval, ask.start, ask.end)
        if not wanted.is_forward:
            return Answer(result=run(ask.values), ran=((ask.start, ask.end),))
        one = _One(ask=ask, wanted=wanted, run=run)
        try:
            return self._answered(one, interruption)
        except CacheError as error:
            self._tell_once(ask, f"{error}; the value is right, but no stored run was of use")
            return self._direct(one, is_noted=False)

    def forecast(self, ask: Ask) -> Forecast:
        """Say what `answer` would do, without reading or running anything.

        Raises:
            UsageError: As `answer`.
        """
        wanted = asked(ask.interval, ask.start, ask.end)
        reason = self._store.switched_off().get(ask.family)
        if reason is not None or not wanted.is_forward:
            return Forecast(slices=(), missing=((ask.start, ask.end),), switched_off=reason)
        pieces = self._plan(ask, wanted, set())
        return Forecast(
            slices=tuple(_slice(p.source, wanted.kind) for p in pieces if p.source is not None),
            missing=tuple(wanted.widened(p.range) for p in pieces if p.source is None),
        )

    def _answered(self, one: _One, interruption: Interruption) -> Answer:
        if one.ask.family in self._store.switched_off():
            return self._direct(one)
        answer = self._from_stored(one)
        if answer is None:
            low, high = one.wanted.ranks(one.ask.start, one.ask.end)
            flight = fingerprint(("range", one.ask.family, one.wanted.kind, low, high))
            with self._store.flight(CacheKey(flight), interruption):
                answer = self._from_stored(one) or self._made(one)
        is_audited = answer.slices and self._chance() < one.ask.interval.audit
        return self._audited(one, answer) if is_audited else answer

    def _from_stored(self, one: _One) -> Answer | None:
        """Return an answer for which nothing runs; None if there is none."""
        key = one.ask.key
        if not any(one.ask.interval.halos) and key and self._store.get(key) is not None:
            return self._direct(one)
        return self._assembled(one, may_run=False)

    def _made(self, one: _One) -> Answer:
        return self._assembled(one, may_run=True) or self._direct(one)

    def _direct(self, one: _One, *, is_noted: bool = True) -> Answer:
        """Run the whole range, or find that very run."""
        bounds = one.wanted.widened(one.wanted.range)
        is_wider = any(one.ask.interval.halos)
        result = one.run(one.values(*bounds) if is_wider else one.ask.values)
        if is_noted:
            self._note(one, bounds, result)
        if is_wider and isinstance(result, Success):
            try:
                value = one.cut(result.value, one.wanted.range, bounds)
            except NotSliceableError as error:
                raise UsageError(
                    f"{one.ask.name}: its value cannot be cut to the range without its halo: "
                    f"{error}"
                ) from error
            result = _without_outputs(result, value)
        return Answer(result=result, ran=(bounds,))

    def _assembled(self, one: _One, *, may_run: bool) -> Answer | None:
        """Put an answer together of stored runs and, if they may, of runs of what is missing."""
        gone: set[CacheKey] = set()
        for _ in range(_ATTEMPTS):
            pieces = self._plan(one.ask, one.wanted, gone)
            is_stored = [piece.source is not None for piece in pieces]
            if not any(is_stored) or not (may_run or all(is_stored)):
                return None
            try:
                return self._from_pieces(one, pieces)
            except _GoneError as error:
                gone.add(error.key)
            except NotSliceableError as error:
                self._tell_once(one.ask, f"it runs as a whole, as its value is not sliced: {error}")
                return None
        return None

    def _plan(self, ask: Ask, wanted: Asked, gone: set[CacheKey]) -> tuple[Piece[Span], ...]:
        low, high = wanted.ranks(*wanted.widened(wanted.range))
        found = []
        for span in self._spans(ask.family, wanted.kind, low, high):
            try:
                settled = wanted.settled(span.low, span.high)
            except UsageError:  # bounds that the caller's type of time cannot hold
                continue
            if span.key not in gone:
                found.append((settled, span))
        pieces = plan(wanted.range, found)
        return pieces if len(pieces) == 1 or ask.interval.concat else (Piece(wanted.range, None),)

    def _spans(self, family: str, kind: str, low: Bound, high: Bound) -> list[Span]:
        """Find spans with bounds of a kind, and that without any."""
        boundless = self._store.spans(_named(family, ""), None, None)
        return boundless or self._store.spans(_named(family, kind), low, high)

    def _from_pieces(self, one: _One, pieces: tuple[Piece[Span], ...]) -> Answer:
        results: list[Success] = []
        ran: list[tuple[Any, Any]] = []
        for piece in pieces:
            if piece.source is not None:
                results.append(self._sliced(one, piece, piece.source))
                continue
            bounds = one.wanted.widened(piece.range)
            ran.append(bounds)
            result = one.run(one.values(*bounds))
            if not isinstance(result, Success):
                return Answer(result=result, ran=tuple(ran))
            self._note(one, bounds, result)
            value = one.cut(result.value, piece.range, bounds)
            results.append(_without_outputs(result, value))
        spans = [piece.source for piece in pieces if piece.source is not None]
        result = replace(
            results[0],
            value=one.joined([result.value for result in results]),
            duration_s=sum(result.duration_s for result in results),
            cached=all(result.cached for result in results),
        )
        return Answer(
            result=result,
            slices=tuple(_slice(span, one.wanted.kind) for span in spans),
            ran=tuple(ran),
        )

    def _sliced(self, one: _One, piece: Piece[Span], span: Span) -> Success:
        where = Where(
            key=span.key,
            wanted=piece.range,
            of=one.wanted.settled(span.low, span.high),
            kind=one.wanted.kind,
            on=one.ask.interval.on,
        )
        found = self._rows.cut(where)
        if found is None:
            raise _GoneError(span.key)
        return _without_outputs(replace(found, name=one.ask.name), found.value)

    def _note(self, one: _One, bounds: tuple[Any, Any], result: Result) -> None:
        if not isinstance(result, Success) or result.key is None:
            return
        low, high = one.wanted.ranks(*bounds)
        kind = "" if low is None and high is None else one.wanted.kind
        family = _named(one.ask.family, kind)
        try:
            self._store.put_span(Span(family=family, low=low, high=high, key=result.key))
        except CacheError as error:
            self._tell_once(one.ask, f"{error}; the value is right, but its range was not noted")

    def _audited(self, one: _One, answer: Answer) -> Answer:
        """Compute an answer as well; if it differs, no later one is a slice."""
        direct = self._direct(one)
        if self._auditor.agrees(answer.result, direct.result, one.ask.eq):
            return replace(answer, audited=True)
        self._auditor.end_rule(one.ask, answer.slices)
        return direct

    def _tell_once(self, ask: Ask, text: str) -> None:
        with self._lock:
            is_new = ask.family not in self._told
            self._told.add(ask.family)
        if is_new:
            warn(f"{ask.name}: {text}", CacheWarning)


@dataclass(frozen=True, slots=True, kw_only=True)
class _One:
    """One ask under way."""

    ask: Ask
    wanted: Asked
    run: Run = field(repr=False)

    def values(self, start: Any, end: Any) -> dict[str, Any]:
        interval = self.ask.interval
        return {**self.ask.values, interval.start: start, interval.end: end}

    def cut(self, value: Any, wanted: Any, bounds: tuple[Any, Any]) -> Any:
        """Cut what is wanted out of the value of a run with these bounds."""
        of = self.wanted.settled(*self.wanted.ranks(*bounds))
        return cut_out(value, wanted, self.wanted.kind, on=self.ask.interval.on, of=of)

    def joined(self, parts: list[Any]) -> Any:
        if len(parts) == 1:
            return parts[0]
        concat = self.ask.interval.concat
        if not callable(concat):
            return joined(parts, on=self.ask.interval.on)
        try:
            return concat(parts)
        except Exception as error:  # a user's function
            raise NotSliceableError(f"concat failed: {type(error).__name__}: {error}") from error


class _GoneError(Exception):
    """A stored run went while it was wanted."""

    def __init__(self, key: CacheKey) -> None:
        super().__init__(key)
        self.key = key


def _named(family: str, kind: str) -> str:
    return f"{family} {kind}"


def _slice(span: Span, kind: str) -> Slice:
    return Slice(key=span.key, low=shown(span.low, kind), high=shown(span.high, kind))


def _without_outputs(result: Success, value: Any) -> Success:
    """Return a Result for a part of what a run gave: what it showed was of the whole."""
    return replace(result, value=value, key=None, cells=(), executed=None, document=None)
